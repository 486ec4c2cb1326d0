"""What every job is given: one bundle per process, made in app.py or jobs/__main__.py."""

from dataclasses import dataclass, field

from categorization.classify import Classifier
from collectors.community_source import CommunitySource
from db.budget import SharedBudget
from db.database import Database
from db.requests import RequestRecorder
from jobs.alert_rules import MEMORY, Streak
from jobs.process import ProcessWatch
from pulse import Pulse
from settings import Settings


@dataclass(slots=True)
class Context:
    """The process's parts that jobs work with."""

    settings: Settings
    db: Database
    instance: str
    source: CommunitySource
    budget: SharedBudget
    classifier: Classifier
    requests: RequestRecorder
    process: ProcessWatch
    pulse: Pulse = field(default_factory=Pulse)
    memory_streak: Streak = field(default_factory=lambda: Streak(MEMORY))
