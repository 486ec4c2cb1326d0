from dataclasses import replace

import pytest

from db.diagnosis.target import Target
from db.diagnosis.wraparound import Age, ages, judged

M = 10**6
FINE = Age("shop", True, 150 * M, 10 * M, 200 * M, 400 * M)


async def test_every_database_of_the_server_is_told(theirs: Target) -> None:
    found = await ages(theirs)
    assert isinstance(found, list)
    assert {"postgres", "template0"} <= {one.database for one in found}
    assert [one.is_this for one in found].count(True) == 1
    assert all(0 < one.transactions < M and one.transactions_due == 200 * M for one in found)
    assert judged(found) == []


@pytest.mark.parametrize(
    ("changed", "severity", "title"),
    [
        ({"transactions": 399 * M}, None, None),
        ({"transactions": 400 * M}, "watch", "Transaction-id age"),
        ({"transactions": 1100 * M, "transactions_due": 1500 * M}, "watch", "Transaction-id age"),
        ({"transactions": 1700 * M}, "bad", "Transaction-id age"),
        ({"multixacts": 799 * M}, None, None),
        ({"multixacts": 801 * M}, "watch", "Multixact age"),
    ],
)
def test_what_freezing_does_not_keep_up_with_is_judged(
    changed: dict[str, object], severity: str | None, title: str | None
) -> None:
    findings = judged([replace(FINE, **changed)])  # type: ignore[arg-type]
    assert [(one.severity, one.title) for one in findings] == ([(severity, title)] if title else [])


def test_only_in_the_database_itself_can_it_be_mended() -> None:
    (here, there) = judged(
        [replace(FINE, transactions=400 * M, is_this=is_this) for is_this in (True, False)]
    )
    assert (here.remedy_sql, there.remedy_sql) == ("VACUUM (FREEZE)", None)
