from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from api.hosts import KnownHosts, allowed_hosts
from settings import Settings


async def answer(request: Request) -> PlainTextResponse:
    return PlainTextResponse("hello")


async def asked(path: str, host: str, settings: Settings) -> httpx.Response:
    app = Starlette(
        routes=[Route("/{path:path}", answer)],
        middleware=[Middleware(KnownHosts, hosts=allowed_hosts(settings))],
    )
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as client:
        return await client.get(path, headers={"Host": host})


@pytest.fixture
def loopback(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, allowed_origins=("https://pulse.example.org",))


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:8501", "[::1]:8501", "pulse.example.org"])
async def test_names_of_this_machine_and_those_allowed_may_ask(host: str, loopback: Settings) -> None:
    assert (await asked("/api/stats", host, loopback)).status_code == 200


@pytest.mark.parametrize("path", ["/api/stats", "/api/live", "/health"])
async def test_a_name_that_merely_resolves_here_may_not(path: str, loopback: Settings) -> None:
    refused = await asked(path, "evil.example:8501", loopback)
    assert refused.status_code == 403
    assert "ALLOWED_ORIGINS" in refused.json()["detail"]


async def test_streamlits_own_paths_are_left_to_streamlit(loopback: Settings) -> None:
    assert (await asked("/endpoints", "evil.example", loopback)).status_code == 200


async def test_beyond_this_machine_any_name_may_ask(tmp_path: Path) -> None:
    open_to_all = Settings(data_dir=tmp_path, bind_address="0.0.0.0")
    assert (await asked("/api/stats", "pulse.internal", open_to_all)).status_code == 200
