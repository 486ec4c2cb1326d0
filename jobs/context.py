"""What every job is given: one bundle per process, made in app.py or jobs/__main__.py."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from categorization.classify import Classifier
from collectors.community_source import CommunitySource
from collectors.instagram import InstagramClient
from db.budget import SharedBudget
from db.database import Database
from db.requests import RequestRecorder
from db.vitals import Vitals
from db.watching import Meter
from jobs.alert_rules import MEMORY, Streak
from jobs.process import ProcessWatch
from jobs.sampling import Sampling
from pulse import Fields, Pulse
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
    instagram: InstagramClient | None = None  # None where it has no token
    process_name: str = "app"  # survives restarts, unlike the instance
    sampling: Sampling = field(default_factory=Sampling)
    vitals: Vitals = field(default_factory=Vitals)
    watching: Meter = field(default_factory=Meter)
    cache_rates: Callable[[], Mapping[str, Mapping[str, float]]] = (
        dict  # by namespace, where there is a cache
    )
    memory_streak: Streak = field(default_factory=lambda: Streak(MEMORY))
    source_streaks: dict[str, Streak] = field(default_factory=dict)
    answers_stored: dict[str, Counter[str]] = field(default_factory=dict)  # by source, as the tally then was
    credentials_noted: dict[str, Fields] = field(default_factory=dict)
