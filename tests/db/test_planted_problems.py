"""What the Database page is held to: every problem that is planted is found, and none on a database without."""

from collections.abc import Iterable

from benchmarks.planted import FOUND, MISSING, planted, told
from db.advice.asked import Asked
from db.advice.missing import missing_indexes
from db.diagnosis.abilities import abilities
from db.diagnosis.finding import Finding
from db.diagnosis.findings import findings
from db.diagnosis.target import Target
from tests.db.advice.asking import OURS
from tests.db.diagnosis.test_configuration import CARELESS

TEXTS = {one.text: one for one in MISSING if one.text is not None}
SERVED = [text for text, one in TEXTS.items() if one.dropped is not None]


async def advised(target: Target, texts: Iterable[str]) -> set[tuple[str, tuple[str, ...]]]:
    """(table, columns) of every index that statements of ours and those of others lack."""
    wanted = {**OURS, **{text: text for text in texts}}
    asked = [Asked(name, text, 1_000, 100.0, 0.1) for name, text in wanted.items()]
    found = await missing_indexes(target, asked, await abilities(target))
    return {(one.definition.table, one.columns) for one in found.advice}


def without_carelessness(found: Iterable[Finding]) -> list[Finding]:
    return [one for one in found if one.title not in CARELESS]


async def test_nothing_is_found_or_advised_where_nothing_is_wrong(any_ours: Target) -> None:
    assert without_carelessness(await findings(any_ours, any_ours.db)) == []
    assert await advised(any_ours, SERVED) == set()


async def test_every_problem_is_found_among_all_the_others_and_nothing_else(any_ours: Target) -> None:
    async with planted(any_ours.db.conninfo()):
        found = without_carelessness(await findings(any_ours, any_ours.db))
        missing = await advised(any_ours, TEXTS)
    assert told(found) == sorted(FOUND), [one.sentence for one in found]
    assert missing == {(one.table, one.columns) for one in MISSING}
    for one in found:
        assert one.remedy_sql, f"nothing to run: {one.title}"
