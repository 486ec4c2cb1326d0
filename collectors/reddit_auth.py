"""Reddit's application-only token: fetched when needed, kept until shortly before it expires."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx

from collectors.outcome import Alive, Outcome, Refused, Unknown
from collectors.wire import Answer, Sleep, send, with_tries

EARLY_SECONDS = 60.0
"""A token is renewed this long before it expires, so that no request carries one that just did."""
REFUSAL_HOLDS_SECONDS = 60.0
"""How long refused credentials are not tried again."""
LONGEST_SECONDS = 10 * 365 * 86_400.0
"""A token said to last longer is not said to end."""


@dataclass(frozen=True, slots=True)
class RedditApp:
    """Who we are to Reddit, and where Reddit is."""

    client_id: str
    client_secret: str = field(repr=False)
    user_agent: str
    api_url: str = "https://oauth.reddit.com"
    token_url: str = "https://www.reddit.com/api/v1/access_token"


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token and how long it lasts; Reddit says 3600 or 86400 seconds, so never assume."""

    text: str = field(repr=False)
    expires_in: float


def token_of(answer: Answer) -> Outcome[Token]:
    """The token in an answer of the token endpoint, whose failures often come with status 200."""
    if not isinstance(answer.outcome, Alive):
        return _as_credentials(answer.outcome)
    value = answer.outcome.value
    token = value.get("access_token") if isinstance(value, dict) else None
    if not isinstance(token, str) or not token or not (token.isascii() and token.isprintable()):
        return Unknown("bad_body", "an answer without a token")
    expires_in = value.get("expires_in")
    usable = isinstance(expires_in, int | float) and expires_in > 0
    return Alive(Token(token, float(expires_in) if usable else 0.0))


def _as_credentials(outcome: Refused | Unknown) -> Refused | Unknown:
    """Whatever the token endpoint refuses, it refuses us, never a community."""
    if isinstance(outcome, Unknown):
        return outcome
    detail = f"no token with these credentials, {outcome.detail}"
    return Refused("unauthorized", detail, outcome.excerpt)


class RedditAuth:
    """Gives the current token; concurrent callers share one fetch."""

    def __init__(
        self, http: httpx.AsyncClient, app: RedditApp, *, sleep: Sleep, clock: Callable[[], float]
    ) -> None:
        self._http, self._app, self._sleep, self._clock = http, app, sleep, clock
        self._lock = asyncio.Lock()
        self._held: Outcome[Token] = Unknown("network", "no token asked for yet")
        self._holds_until = float("-inf")
        self.expires_at: datetime | None = None

    async def token(self) -> Outcome[Token]:
        """The token, fetched anew when it is about to expire; a refusal holds for a minute."""
        async with self._lock:
            if self._clock() >= self._holds_until:
                self._held = token_of(await with_tries(self._fetch, self._sleep))
                self._holds_until = self._clock() + _holds_seconds(self._held)
                self.expires_at = _expires_at(self._held)
            return self._held

    def forget(self, token: Token) -> None:
        """Drop a token that Reddit no longer takes, unless another has replaced it already."""
        if self._held == Alive(token):
            self._holds_until = float("-inf")

    @property
    def problem(self) -> str | None:
        """Why Reddit refuses our credentials; None while it takes them or was not asked."""
        return self._held.detail if isinstance(self._held, Refused) else None

    async def _fetch(self) -> Answer:
        request = self._http.build_request(
            "POST",
            self._app.token_url,
            data={"grant_type": "client_credentials"},
            headers={"User-Agent": self._app.user_agent},
        )
        basic = httpx.BasicAuth(self._app.client_id, self._app.client_secret)
        return await send(self._http, next(basic.auth_flow(request)))


def _holds_seconds(outcome: Outcome[Token]) -> float:
    if isinstance(outcome, Alive):
        return max(outcome.value.expires_in - EARLY_SECONDS, outcome.value.expires_in / 2)
    return REFUSAL_HOLDS_SECONDS if isinstance(outcome, Refused) else 0.0


def _expires_at(outcome: Outcome[Token]) -> datetime | None:
    if not isinstance(outcome, Alive) or not 0 < outcome.value.expires_in < LONGEST_SECONDS:
        return None
    return datetime.now(UTC) + timedelta(seconds=outcome.value.expires_in)
