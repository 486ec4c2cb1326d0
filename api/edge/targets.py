"""Whom to tell, and in which form: PURGE with the keys in a header (Varnish and its kin), Fastly, Cloudflare."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import httpx
import orjson

from api.responses.policy import Edge
from settings import Settings


class Target(Protocol):
    """A cache that forgets by key."""

    @property
    def name(self) -> str:
        """As the log and the figures call it; holds no secret."""

    @property
    def most_keys(self) -> int:
        """Keys that one request may hold."""

    def request(self, keys: Sequence[str]) -> httpx.Request:
        """The request that makes it forget them."""


@dataclass(frozen=True, slots=True)
class Purge:
    """A cache that takes the method PURGE; the keys stand in two headers, because there are two habits."""

    url: str
    most_keys: int = 100

    @property
    def name(self) -> str:
        return httpx.URL(self.url).netloc.decode()  # less a password

    def request(self, keys: Sequence[str]) -> httpx.Request:
        named = " ".join(keys)
        return httpx.Request("PURGE", self.url, headers={"xkey": named, "Surrogate-Key": named})


@dataclass(frozen=True, slots=True)
class Fastly:
    """Fastly's purge of several keys: https://www.fastly.com/documentation/reference/api/purging/"""

    service: str
    token: str = field(repr=False)
    url: str
    name: str = "fastly"
    most_keys: int = 256

    def request(self, keys: Sequence[str]) -> httpx.Request:
        headers = {"Fastly-Key": self.token, "Surrogate-Key": " ".join(keys), "Accept": "application/json"}
        return httpx.Request("POST", f"{self.url}/service/{self.service}/purge", headers=headers)


@dataclass(frozen=True, slots=True)
class Cloudflare:
    """Cloudflare's purge by tags: https://developers.cloudflare.com/api/resources/cache/methods/purge/"""

    zone: str
    token: str = field(repr=False)
    url: str
    name: str = "cloudflare"
    most_keys: int = 30

    def request(self, keys: Sequence[str]) -> httpx.Request:
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        body = orjson.dumps({"tags": list(keys)})
        url = f"{self.url}/zones/{self.zone}/purge_cache"
        return httpx.Request("POST", url, headers=headers, content=body)


def targets(settings: Settings) -> list[Target]:
    """All that the settings name; none unless they do."""
    found: list[Target] = [Purge(url) for url in settings.edge_purge_urls]
    if settings.fastly_service_id and settings.fastly_api_token:
        found.append(Fastly(settings.fastly_service_id, settings.fastly_api_token, settings.fastly_api_url))
    if settings.cloudflare_zone_id and settings.cloudflare_api_token:
        found.append(
            Cloudflare(
                settings.cloudflare_zone_id, settings.cloudflare_api_token, settings.cloudflare_api_url
            )
        )
    return found


def edge_of(settings: Settings) -> Edge:
    """What answers have to say to be forgotten there."""
    found = targets(settings)
    return Edge(bool(found), any(isinstance(target, Cloudflare) for target in found))
