"""Statements as they are asked, and what is advised for them."""

from db.advice.advice import Advised, IndexAdvice
from db.advice.asked import Asked
from db.advice.missing import missing_indexes
from db.diagnosis.abilities import abilities
from db.diagnosis.target import Target
from db.statements import statements

NEWEST = "SELECT id, username FROM instagram_posts ORDER BY timestamp DESC LIMIT %(limit)s"
OF_THE_LAST_DAY = "SELECT count(*) FROM instagram_posts WHERE timestamp > now() - interval '1 day'"
OURS = {name: text for name, text in statements().items() if not name.startswith(("advice.", "diagnosis_"))}


def asked(text: str, statement: str = "the page", calls: int = 100, seconds: float = 0.2) -> Asked:
    return Asked(statement, text, calls, calls * seconds, seconds)


async def advised(target: Target, *texts: str) -> Advised:
    """What comes of statements that have their own text for a name."""
    return await missing_indexes(target, [asked(text, text) for text in texts], await abilities(target))


async def the_advice(target: Target, *texts: str) -> IndexAdvice:
    (advice,) = (await advised(target, *texts)).advice
    return advice


async def advised_for_ours(target: Target) -> Advised:
    """What comes of all statements of db/sql."""
    wanted = [asked(text, name) for name, text in OURS.items()]
    return await missing_indexes(target, wanted, await abilities(target))
