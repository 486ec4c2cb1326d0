"""Pages run as they do in the process: a script in its thread, the database on a loop of its own."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from streamlit.testing.v1 import AppTest

from dashboard import data
from db.database import Database
from db.measure import QueryRecorder
from settings import Settings
from tests.conftest import SCHEMA
from tests.servers import a_database_on

SCRIPT = Path(__file__).parents[2] / "streamlit_app.py"
T = TypeVar("T")


class Loop:
    """A loop in a thread, as the server's is to a page."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(20)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


@dataclass
class House:
    """The process as the pages see it."""

    loop: Loop
    db: Database
    recorder: QueryRecorder

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.do(work)

    def connect(self, **options: Any) -> None:
        settings = options.pop("settings", Settings(subpulse_source="sandbox"))
        data.connect(self.loop.loop, self.db, settings, **options)


@pytest.fixture
def house(database_url: str, recorder: QueryRecorder) -> Iterator[House]:
    """Connected pages on an empty database."""
    loop = Loop()
    db = Database(database_url, SCHEMA, recorder, pool_size=4)
    loop.do(db.open())
    house = House(loop, db, recorder)
    house.connect()
    yield house
    data.disconnect()
    loop.do(db.close())
    loop.stop()


@pytest.fixture
def theirs_url(postgres: str) -> Iterator[str]:
    """An empty database of somebody else's."""
    with a_database_on(postgres) as conninfo:
        yield conninfo


Open = Callable[..., AppTest]


@pytest.fixture
def open_page() -> Open:
    """Opens a page as a browser would, query parameters and all."""

    def opened(page: str, **params: str) -> AppTest:
        app = AppTest.from_file(str(SCRIPT), default_timeout=30)
        app.context = {"timezone": "Europe/Berlin"}
        app.run()  # so that the pages are known by their paths
        if page != "overview":
            app.switch_page(f"dashboard/pages/{page}.py")
        for key, value in params.items():
            app.query_params[key] = value
        app.run()
        assert not app.exception, app.exception
        return app

    return opened


def said(app: AppTest) -> str:
    """All a page says in words."""
    elements = [*app.markdown, *app.caption, *app.text, *app.error, *app.subheader, *app.title]
    return "\n".join(str(element.value) for element in elements)
