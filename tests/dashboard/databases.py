"""Databases that pages look at: what was measured of our own, and somebody else's beside it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from psycopg.conninfo import make_conninfo
from streamlit.testing.v1 import AppTest

from dashboard.kept import forget
from db import slow_queries, statement_times
from db.diagnosis.target import OWN, Target, WatchedDatabase, own
from db.measure import QueryRecorder
from db.statement_costs import Cost, DrainedStatements, SlowQuery
from tests.dashboard.conftest import House
from tests.db.diagnosis.others import run

SHOP = "shop@example.org"


def table(app: AppTest, column: str) -> list[dict[Any, Any]]:
    """The rows of the first table of a page that has such a column."""
    return next(one.value for one in app.dataframe if column in one.value).to_dict("records")  # type: ignore[no-any-return]


@contextmanager
def watching(house: House, conninfo: str, **connect: Any) -> Iterator[Target]:
    """Pages look at another database too, while the body lasts."""
    db = WatchedDatabase(conninfo, QueryRecorder(1000))
    house.do(db.open())
    shop = Target(SHOP, db, None)
    house.connect(targets={OWN: own(house.db), SHOP: shop}, **connect)
    yield shop
    house.do(db.close())


def execute(house: House, *statements: str) -> None:
    """In our own database, after which pages ask anew."""
    house.do(run(own(house.db), *statements))
    forget()


def guest_of(house: House, target: Target, name: str) -> str:
    """Connection string of a new role that may see little."""
    house.do(run(target, f'CREATE ROLE "{name}" LOGIN'))
    return make_conninfo(target.db.conninfo(), user=name)


async def ran(
    house: House, statement: str, asker: str, seconds: float, calls: int = 1, text: str = ""
) -> None:
    """So many calls of so many seconds each, a minute ago."""
    cost = Cost()
    for _ in range(calls):
        cost.count(seconds, 2, True, seconds >= 0.1)
    at = int((datetime.now(UTC) - timedelta(minutes=1)).timestamp()) // 10 * 10
    found = DrainedStatements(texts={statement: text or statement})
    found.intervals[at] = {(statement, asker): cost}
    await statement_times.add(house.db, "me", found)


async def was_slow(house: House, text: str, asker: str, seconds: float, minutes_ago: float = 1) -> None:
    """A slow execution, with its plan."""
    at = datetime.now(UTC).timestamp() - 60 * minutes_ago
    await slow_queries.add(
        house.db, "me", SlowQuery(at, text, asker=asker, seconds=seconds, rows=1, params=None)
    )
