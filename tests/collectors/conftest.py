"""Recorded answers of Reddit, read in place."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest


@dataclass(frozen=True)
class Recording:
    """One recorded exchange; `body_only` ones hold a body without status and headers."""

    file: str
    kind: str
    url: str
    status: int | None
    headers: dict[str, str]
    value: Any
    body: bytes


@pytest.fixture(scope="session")
def recordings(shared_data: Path) -> list[Recording]:
    """All of them."""
    folder = shared_data / "recordings"
    return [_recording(file, folder) for file in sorted(folder.glob("*/*.json"))]


@pytest.fixture(scope="session")
def quoted_errors(shared_data: Path) -> list[dict[str, Any]]:
    """Error bodies that people quoted."""
    return json.loads((shared_data / "recordings" / "errors_quoted.json").read_text())["items"]


@pytest.fixture
def sandbox_http() -> Callable[[Any], httpx.AsyncClient]:
    """A plain HTTP client on a sandbox app, with a token."""

    def opened(app: Any) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://sandbox.test",
            headers={"Authorization": "bearer sandbox-99999999999"},
            params={"raw_json": "1"},
        )

    return opened


def _recording(file: Path, folder: Path) -> Recording:
    whole = json.loads(file.read_text())
    response = whole.get("response", {})
    value = response.get("body", whole.get("body"))
    return Recording(
        file=str(file.relative_to(folder)),
        kind=file.parent.name,
        url=(whole.get("request") or {}).get("url") or "",
        status=response.get("status"),
        headers={
            name: text if isinstance(text, str) else text[0]
            for name, text in (response.get("headers") or {}).items()
        },
        value=value,
        body=_bytes(value),
    )


def _bytes(value: Any) -> bytes:
    if value is None:
        return b""
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()
