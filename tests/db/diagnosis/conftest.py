import pytest

from db.database import Database
from db.diagnosis import target
from db.diagnosis.target import Target


@pytest.fixture
def ours(db: Database) -> Target:
    """Our own database, freshly migrated."""
    return target.own(db)
