"""What a refusal means for the work itself."""

from datetime import timedelta
from typing import Any

from collectors.outcome import Outcome, Refused, Unknown
from jobs.job import SourceFailed

# True of every community alike: the next question would be answered no better.
HOPELESS = frozenset({"blocked", "unauthorized", "throttled"})

REFUSED_AGAIN_IN = timedelta(days=1)
MISSING_AGAIN_IN = timedelta(days=7)
REPLACED_AGAIN_IN = timedelta(days=365)  # ids are not given twice; asked once a year all the same
_AGAIN_IN = {"missing": MISSING_AGAIN_IN, "replaced": REPLACED_AGAIN_IN}


def again_in(reason: str) -> timedelta:
    """When to ask again for a community that was refused for this reason."""
    return _AGAIN_IN.get(reason, REFUSED_AGAIN_IN)


def raise_if_hopeless(outcome: Outcome[Any]) -> None:
    """Stop the run when the source turns us away altogether, which says nothing of what was asked for.

    Raises:
        SourceFailed: what was due stays due.
    """
    if isinstance(outcome, Refused | Unknown) and outcome.reason in HOPELESS:
        raise SourceFailed(outcome)
