"""Who may spend how much of the requests that a source allows: the one table."""

from datetime import timedelta

from db.budget import SharedBudget

# Parts of what the window's rest affords. Together they are one, so that jobs which plan at the same moment do not
# count on the same requests. What one leaves over, all find in a larger rest at their next start.
SHARES = {
    "discover_subreddits": 0.10,
    "refresh_subreddits": 0.25,
    "collect_posts": 0.36,
    "reread_posts": 0.16,
    "check_deletions": 0.04,
    "read_details": 0.05,
    "read_history": 0.04,
}


async def calls(budget: SharedBudget, job: str, every: timedelta) -> int:
    """How many requests a start of this job may cost, when it starts so often."""
    return int(await budget.affordable(every.total_seconds()) * SHARES[job])
