"""Give every community a category, wherever this version of the classifier has not judged yet."""

from categorization.classify import Community
from db import categories
from jobs.context import Context

BATCH = 100


async def run(context: Context) -> int:
    """How many communities were judged."""
    judged = 0
    version = context.classifier.version
    while due := await categories.uncategorized(context.db, version, BATCH):
        decisions = [
            categories.Decision(
                row["id"],
                found.category,
                found.confidence,
                found.second_best,
                found.method,
                found.version,
                found.evidence,
            )
            for row in due
            for found in (
                context.classifier.classify(Community(row["name"], row["title"], row["description"])),
            )
        ]
        async with context.db.transaction() as session:
            await categories.decide(session, decisions)
        judged += len(decisions)
    return judged
