"""What this process knows of its caches and of what is reused, for the page about them; all of it from memory."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from api.responses.coded import coded
from api.responses.table import Table
from api.services import Services
from caching.clearing import Clearing
from caching.findings import findings
from caching.tags import ALL, key_tag, namespace_tag
from db import written

Row = dict[str, Any]


class Caches:
    """Its coroutines are for the server's loop, on which everything they look at changes."""

    def __init__(self, services: Services, table: Table) -> None:
        self._services, self._table = services, table
        self._clearing = Clearing(services.cache, lambda *tags: written.clear(services.db, *tags))

    async def told(self) -> Row:
        """As things are now.

        Returns:
            namespaces: figures of each (`Namespace.stats`) with its `tags`.
            hears: whether this process hears of writes.
            level, server: figures of the second level, and of its Redis while it works; None where there is none.
            edges: what each cache in front of us was told.
            codings: what is kept compressed.
            clients: requests and connections opened for them, of each client that asks others.
            pool: the PoolState of our database.
        """
        cache = self._services.cache
        level = cache.level_stats()
        return {
            "namespaces": [
                {**one, "tags": cache.namespaces[one["namespace"]].rules.tags} for one in cache.stats()
            ],
            "hears": cache.hearing.is_on,
            "level": level,
            "server": await cache.level.server()
            if cache.level is not None and level and level["works"]
            else None,
            "edges": [{"edge": name, **asdict(told)} for name, told in self._services.edge().items()],
            "codings": coded(self._table),
            "clients": [
                {"client": name, "requests": requests, "connections": connections}
                for name, (requests, connections) in self._services.connections().items()
            ],
            "pool": self._services.db.pool_state(),
        }

    async def top_keys(self, namespace: str) -> list[Row]:
        """The keys most asked for; see `Namespace.top_keys`."""
        return self._services.cache.namespaces[namespace].top_keys()

    def findings(self, namespaces: Iterable[Mapping[str, Any]], told: Mapping[str, Any]) -> list[Row]:
        """severity, subject, title and sentence of what is wrong or could be better; see caching/findings.py.

        Args:
            namespaces: figures of the time that is judged.
            told: as `told` returned it.
        """
        found = findings(namespaces, told["hears"], told["level"], told["server"], told["edges"])
        return [asdict(one) for one in found]

    async def clear(self, tag: str) -> int:
        """Have every process forget what carries a tag; how many answers this one forgot.

        Raises:
            DatabaseDown: nobody can be told.
            TimeoutError: the others were told, but this process hears nothing.
        """
        return await self._clearing.clear(tag)

    async def clear_namespace(self, name: str) -> int:
        """The same of a whole namespace."""
        return await self.clear(namespace_tag(name))

    async def clear_key(self, namespace: str, text: str) -> int:
        """The same of one key, as `top_keys` tells it."""
        return await self.clear(key_tag(namespace, text))

    async def clear_all(self) -> int:
        """The same of everything."""
        return await self.clear(ALL)
