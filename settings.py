"""Every setting once: its name, unit, default and environment variable."""

import math
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict
from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROOT = Path(__file__).resolve().parent
VERSION = "0.1.0"

# What is assumed of a source that answers by the window until its headers say otherwise: Reddit's 100 requests a
# minute, counted over ten minutes.
RATE_WINDOW_SECONDS = 600.0
ASSUMED_RATE_LIMIT = 1000.0

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})  # addresses that this machine alone can reach

SourceName = Literal["reddit", "arctic_shift", "sandbox"]
SourceChoice = Literal["auto", "reddit", "arctic_shift", "sandbox"]


REST_OBJECTIVE_MS = 300.0  # of routes without an objective of their own, where OBJECTIVES does not name `*`


# Settings that mean something only together.
PAIRS = {
    "Instagram": ("INSTAGRAM_ACCESS_TOKEN", "INSTAGRAM_USER_ID"),
    "Fastly": ("FASTLY_API_TOKEN", "FASTLY_SERVICE_ID"),
    "Cloudflare": ("CLOUDFLARE_API_TOKEN", "CLOUDFLARE_ZONE_ID"),
}


class SettingsError(Exception):
    """A setting cannot be used; the message names it and says how to mend it."""


@dataclass(frozen=True, slots=True)
class Objectives:
    """How fast routes shall be: (route template, p95 in ms) each, `*` for the rest."""

    by_route: tuple[tuple[str, float], ...]

    @classmethod
    def parse(cls, text: str) -> "Objectives":
        """`/health=10 *=300` as objectives.

        Raises:
            ValueError: each entry that is none, and how to write it.
        """
        found: dict[str, float] = {}
        wrong = []
        for entry in text.split():
            route, _, limit = entry.rpartition("=")
            milliseconds = _positive(limit)
            if not (route == "*" or route.startswith("/")) or milliseconds is None:
                wrong.append(f"{entry!r} is not ROUTE=MILLISECONDS, as in /health=10, or *=300 for the rest")
            elif route in found:
                wrong.append(f"{entry!r} comes after {route}={found[route]:g}: keep one of them")
            else:
                found[route] = milliseconds
        if wrong:
            raise ValueError("; ".join(wrong))
        return cls(tuple(found.items()))

    def of(self, route: str) -> float:
        """The objective of a route's p95, in ms."""
        found = dict(self.by_route)
        return found.get(route, found.get("*", REST_OBJECTIVE_MS))

    @property
    def rest(self) -> float:
        """That of all routes without one of their own, in ms."""
        return self.of("*")

    def __str__(self) -> str:
        return " ".join(f"{route}={limit:g}" for route, limit in self.by_route)


def database_name(url: str) -> str:
    """What a database is called where its URL must not be shown: `dbname@host`, with the port unless it is 5432."""
    parts = conninfo_to_dict(url)
    host = parts.get("host") or parts.get("hostaddr") or "localhost"
    port = str(parts.get("port") or "")  # several hosts have several, with commas between
    name = f"{parts.get('dbname') or parts.get('user') or 'postgres'}@{host}"
    return name if set(port.split(",")) <= {"", "5432"} else f"{name}:{port}"


def _postgresql_url(url: str) -> str:
    """The URL itself.

    Raises:
        ValueError: it is none of a PostgreSQL; the message does not show it, because of the password in it.
    """
    if not url.startswith(("postgresql://", "postgres://")):
        raise ValueError("begin it with postgresql://")
    try:
        conninfo_to_dict(url)
    except psycopg.ProgrammingError:  # its message would show the password
        raise ValueError("not a connection URL; write special characters in it as %25 and the like") from None
    return url


def _positive(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if 0 < number < math.inf else None


class Settings(BaseSettings):
    """What an operator may choose, read from the environment (`PORT=8600 make run`)."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    bind_address: str = Field("127.0.0.1", description="where to listen; 0.0.0.0 opens it to the network")
    port: int = Field(8501, ge=1, le=65535, description="TCP port of dashboard and API")
    data_dir: Path = Field(ROOT / ".data", description="folder of the embedded PostgreSQL")
    log_dir: Path = Field(ROOT / ".data" / "logs", description="folder of the reports that jobs write")
    database_url: str | None = Field(
        None, description="a PostgreSQL from 15 on, instead of the embedded one", repr=False
    )
    watched_databases: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="further PostgreSQL URLs that the database page looks at, separated by spaces",
        repr=False,
    )
    database_actions: Literal["auto", "on", "off"] = Field(
        "auto",
        description="whether pages may change indexes, cancel statements and clear caches; auto: only while Subpulse "
        "listens on this machine alone",
    )
    redis_url: str | None = Field(
        None, description="a Redis from 6.2 on, in which processes share what they cache", repr=False
    )
    database_pool_size: int = Field(20, ge=4, le=200, description="connections at most, per process")

    subpulse_source: SourceChoice = Field("auto", description="auto takes Reddit once it has credentials")
    reddit_client_id: str | None = Field(None, description="id of the approved Reddit app")
    reddit_client_secret: str | None = Field(None, description="its secret", repr=False)
    reddit_user_agent: str = Field(
        f"python:subpulse:{VERSION} (self-hosted)", description="how Subpulse names itself to Reddit"
    )
    reddit_api_url: str = Field("https://oauth.reddit.com", description="base URL of Reddit's API")
    reddit_token_url: str = Field(
        "https://www.reddit.com/api/v1/access_token", description="where Reddit gives tokens"
    )
    arctic_shift_url: str = Field(
        "https://arctic-shift.photon-reddit.com", description="base URL of Arctic Shift's API"
    )
    instagram_access_token: str | None = Field(
        None, description="token for Instagram's Graph API", repr=False
    )
    instagram_user_id: str | None = Field(None, description="id of your own professional account")
    instagram_api_url: str = Field(
        "https://graph.facebook.com/v25.0", description="base URL of the Graph API, with its version"
    )
    fetch_concurrency: int = Field(10, ge=1, le=100, description="batches worked on at a time, per process")
    sandbox_seed: int = Field(20260, description="the sandbox's world; the same seed is the same world")
    sandbox_error_rate: float = Field(0.002, ge=0, le=1, description="share of sandbox answers that fail")
    sandbox_latency_ms: float = Field(120.0, ge=0, description="how long a sandbox answer takes, in ms")

    memory_limit_mb: int | None = Field(
        None, ge=64, description="memory limit in MiB, else cgroup or machine"
    )
    alert_urls: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="Apprise URLs, separated by spaces", repr=False
    )
    slow_query_ms: float = Field(
        100.0, gt=0, description="statements slower than this are logged with a plan"
    )
    objectives: Annotated[Objectives, NoDecode] = Field(
        Objectives.parse("/health=10 /api/stats=89 /api/subreddits=134 /api/categorization=1000 *=300"),
        description="p95 in ms that each route is held to, `*` for the rest, separated by spaces",
    )
    self_probe_seconds: float = Field(
        5.0, ge=0, description="how often Subpulse asks its own API, in seconds; 0 for never"
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="further web origins that may listen to /api/live, separated by spaces"
    )
    api_tokens: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="tokens of which /metrics wants one, separated by spaces; without any it is open",
        repr=False,
    )
    edge_purge_urls: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="caches to be told of writes by PURGE, such as Varnish, separated by spaces"
    )
    fastly_service_id: str | None = Field(None, description="Fastly's service in front of us")
    fastly_api_token: str | None = Field(None, description="a token that may purge it", repr=False)
    fastly_api_url: str = Field("https://api.fastly.com", description="base URL of Fastly's API")
    cloudflare_zone_id: str | None = Field(None, description="Cloudflare's zone in front of us")
    cloudflare_api_token: str | None = Field(None, description="a token that may purge it", repr=False)
    cloudflare_api_url: str = Field(
        "https://api.cloudflare.com/client/v4", description="base URL of Cloudflare's API"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="what is logged")

    @field_validator("objectives", mode="before")
    @classmethod
    def _objectives(cls, value: object) -> object:
        return Objectives.parse(value) if isinstance(value, str) else value

    @field_validator(
        "alert_urls",
        "allowed_origins",
        "api_tokens",
        "edge_purge_urls",
        "watched_databases",
        mode="before",
    )
    @classmethod
    def _split_on_spaces(cls, value: object) -> object:
        return tuple(value.split()) if isinstance(value, str) else value

    @field_validator("api_tokens")
    @classmethod
    def _all_fit_a_header(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(token.isascii() and token.isprintable() for token in value):
            raise ValueError("a token that a header can hold has printable ASCII only")
        return value

    @field_validator("allowed_origins")
    @classmethod
    def _without_slash(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(origin.rstrip("/") for origin in value)

    @field_validator(
        "database_url",
        "redis_url",
        "reddit_client_id",
        "reddit_client_secret",
        "instagram_access_token",
        "instagram_user_id",
        "fastly_service_id",
        "fastly_api_token",
        "cloudflare_zone_id",
        "cloudflare_api_token",
        mode="before",
    )
    @classmethod
    def _blank_is_unset(cls, value: object) -> object:
        return (value.strip() or None) if isinstance(value, str) else value

    @field_validator(
        "reddit_user_agent", "instagram_access_token", "fastly_api_token", "cloudflare_api_token"
    )
    @classmethod
    def _fits_a_header(cls, value: str | None) -> str | None:
        """Else the error of the request would say what the header was to hold."""
        if value is not None and not (value.isascii() and value.isprintable()):
            raise ValueError("only printable ASCII can be sent; is there a line break in it?")
        return value

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, value: str | None) -> str | None:
        return value if value is None else _postgresql_url(value)

    @field_validator("watched_databases")
    @classmethod
    def _are_different_databases(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        names = [database_name(_postgresql_url(url)) for url in value]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name} stands there twice: keep one of them")
        return value

    @field_validator("redis_url")
    @classmethod
    def _is_redis(cls, value: str | None) -> str | None:
        if value is None:
            return None
        from redis.connection import parse_url  # 0.1 s, for those who have one

        try:
            target = parse_url(value)  # type: ignore[no-untyped-call]
        except ValueError:  # its message may show the password
            target = {}
        if not (target.get("path") or target.get("host")):
            raise ValueError("write it as redis://HOST:6379/0, rediss:// for TLS, or unix:///PATH") from None
        return value

    @field_validator(
        "reddit_api_url",
        "reddit_token_url",
        "arctic_shift_url",
        "instagram_api_url",
        "fastly_api_url",
        "cloudflare_api_url",
    )
    @classmethod
    def _is_base_url(cls, value: str) -> str:
        try:
            parts = urlsplit(value)
            is_usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:
            is_usable = False
        if not is_usable or any(sign.isspace() or sign in "?#" for sign in value):
            raise ValueError("not a base URL; write it as in https://api.example.org, without a query")
        return value.rstrip("/")

    @field_validator("edge_purge_urls")
    @classmethod
    def _are_base_urls(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(cls._is_base_url(url) for url in value)

    @field_validator("fastly_service_id", "cloudflare_zone_id")
    @classmethod
    def _is_a_word(cls, value: str | None) -> str | None:
        if value is not None and not (value.isascii() and value.isalnum()):
            raise ValueError("an id has letters and digits only")
        return value

    @field_validator("data_dir", "log_dir")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @cached_property
    def source(self) -> SourceName:
        """Where data comes from: the choice made, or Reddit once it has credentials, else the sandbox."""
        if self.subpulse_source != "auto":
            return self.subpulse_source
        return "reddit" if self.reddit_client_id and self.reddit_client_secret else "sandbox"

    @property
    def viewers_may_act(self) -> bool:
        """Whether whoever opens a page may change indexes, cancel statements and clear caches."""
        if self.database_actions == "auto":
            return self.bind_address in LOOPBACK
        return self.database_actions == "on"

    @property
    def has_instagram(self) -> bool:
        """Whether Instagram is asked: the sandbox's with the sandbox, the real one with a token and whose it is."""
        return self.source == "sandbox" or bool(self.instagram_access_token and self.instagram_user_id)


def load_settings() -> Settings:
    """Settings from the environment.

    Raises:
        SettingsError: one line per unusable setting, naming its variable.
    """
    try:
        settings = Settings()
    except ValidationError as exc:
        lines = [
            f"{_shown(str(error['loc'][0]), error['input'])}: {error['msg'].removeprefix('Value error, ')}"
            for error in exc.errors()
        ]
        raise SettingsError("; ".join(lines)) from exc
    if settings.source == "reddit" and not (settings.reddit_client_id and settings.reddit_client_secret):
        raise SettingsError(
            "SUBPULSE_SOURCE=reddit needs REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET; "
            "unset SUBPULSE_SOURCE to start with the sandbox"
        )
    for whose, pair in PAIRS.items():
        there = [name for name in pair if getattr(settings, name.lower())]
        if len(there) == 1:
            (lacking,) = set(pair) - set(there)
            raise SettingsError(f"{there[0]} needs {lacking} beside it; unset both to leave {whose} out")
    return settings


def _shown(name: str, value: object) -> str:
    return f"{name.upper()}={value}" if Settings.model_fields[name].repr else name.upper()


def described() -> list[tuple[str, str, str]]:
    """(environment variable, default, meaning) of every setting, for the README and its test."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = field.default
        if isinstance(default, Path):
            default = os.path.relpath(default, ROOT) + "/"
        shown = "" if default is None or default == () else str(default)
        rows.append((name.upper(), shown, field.description or ""))
    return rows
