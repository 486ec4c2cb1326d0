"""What the process hands over of its caches, which pages may not import (api/caches.py is made for it)."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

Row = dict[str, Any]


class ProcessCaches(Protocol):
    """Coroutines run on the server's loop."""

    async def told(self) -> Row:
        """namespaces, hears, level, server, edges, codings, clients and pool, as they are now."""

    async def top_keys(self, namespace: str) -> list[Row]:
        """key, hits, is_kept, bytes and cost_ms of those most asked for."""

    def findings(self, namespaces: Iterable[Mapping[str, Any]], told: Mapping[str, Any]) -> list[Row]:
        """severity (watch, advice), subject, title and sentence of what is wrong or could be better."""

    async def clear(self, tag: str) -> int:
        """Have every process forget what carries a tag; how many answers this one forgot."""

    async def clear_namespace(self, name: str) -> int:
        """The same of a whole namespace."""

    async def clear_key(self, namespace: str, text: str) -> int:
        """The same of one key, as `top_keys` tells it."""

    async def clear_all(self) -> int:
        """The same of everything."""
