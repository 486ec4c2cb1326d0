"""Instagram's Graph API: ask about other professional accounts, and come back with outcomes of plain records."""

import asyncio
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from collectors.asking import counted, then
from collectors.instagram.hidden import hide
from collectors.instagram.judge import judge
from collectors.instagram.quota import Quota
from collectors.instagram.records import (
    MediaPage,
    Profile,
    TokenState,
    page_from,
    profile_from,
    token_state_from,
)
from collectors.outcome import Alive, Outcome, Refused, Unknown
from collectors.wire import Answer, Sleep, send, with_tries

USERNAME = re.compile(r"[A-Za-z0-9._]{1,30}")
MEDIA_PER_CALL = 50
MOST_PAGES = 20
ACCOUNT_FIELDS = "id,username,name,biography,website,followers_count,follows_count,media_count"
MEDIA_FIELDS = (
    "id,caption,media_type,media_product_type,permalink,timestamp,like_count,comments_count,children{id}"
)
DEAD_TOKEN_RESTS_SECONDS = 3600.0
QUOTA_HOLDS_SECONDS = 3600.0  # usage counts over one rolling hour
AS_STATUS = {"server_error": 500, "throttled": 429}
"""As which the table of tries counts these; the Graph API gives them with 400 or 403."""


@dataclass(frozen=True, slots=True)
class InstagramApp:
    """Who asks: the token, and the professional account on whose behalf it was given."""

    user_id: str
    access_token: str = field(repr=False)
    api_url: str = "https://graph.facebook.com/v25.0"


class InstagramClient:
    """Asks the Graph API, keeps below its limits, retries what is worth it, counts what came back.

    The limits are Meta's, told in percent by each answer; there is no budget to share, because every process
    hears of what all of them used. Once a limit is close, or the token is dead, nothing is asked for a while and
    the reason is the answer. The token travels in a header; nothing that leaves here holds it.

    Args:
        http: its transport decides whether Instagram, the sandbox or a recording answers.
        sleep, clock: replaceable in tests; seconds.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        app: InstagramApp,
        *,
        sleep: Sleep = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http, self._app, self._sleep, self._clock = http, app, sleep, clock
        self._hidden = hide(app.access_token)
        self._pace = asyncio.Lock()
        self._resting: Refused | Unknown = Unknown("throttled", "")
        self._rests_until = float("-inf")
        self._back_at: datetime | None = None
        self._quota: Quota | None = None
        self._quota_told = float("-inf")
        self.token_expires_at: datetime | None = None
        """UTC; None until `token` was asked for, and where it never ends"""
        self._refused: str | None = None
        self._lacks: str | None = None
        self.token_told_at: datetime | None = None
        """when `token` was last asked for"""
        self.tally: Counter[str] = Counter()
        """requests, alive, refused, unknown, and each reason as `refused:missing`"""

    @property
    def rests_seconds(self) -> float:
        """For how long nothing will be asked; 0 when the next question may go."""
        return max(self._rests_until - self._clock(), 0.0)

    @property
    def token_problem(self) -> str | None:
        """Why Instagram does not take our token, or what it lacks; None while all is well."""
        return self._refused or self._lacks

    @property
    def quota_back_at(self) -> datetime | None:
        """While a limit is used up: when we ask again (UTC)."""
        return self._back_at if self.rests_seconds and isinstance(self._resting, Unknown) else None

    @property
    def quota(self) -> Quota | None:
        """The scarcest limit as last told; None when that is too long ago to be true."""
        return self._quota if self._clock() - self._quota_told < QUOTA_HOLDS_SECONDS else None

    @property
    def quota_percent(self) -> float | None:
        """Used of the scarcest limit."""
        return self.quota.percent if self.quota else None

    @property
    def quota_name(self) -> str | None:
        """Which limit is the scarcest."""
        return self.quota.name if self.quota else None

    async def account(self, username: str) -> Outcome[Profile]:
        """A professional account and its newest media, in one request."""
        fields = f"{ACCOUNT_FIELDS},{_media_fields(None)}"
        value = await self._discover(username, fields)
        return counted(self.tally, then(value, lambda found: profile_from(found, username)))

    async def media(
        self, username: str, since: datetime | None, after: str | None = None, max_pages: int = MOST_PAGES
    ) -> AsyncIterator[Outcome[MediaPage]]:
        """Pages of an account's media, newest first, until one reaches back to `since` or is the last.

        Args:
            since: None reads up to `max_pages`.
            after: the cursor to continue behind, as of the page that came with `account`.
        """
        for _ in range(max_pages):
            value = await self._discover(username, _media_fields(after))
            outcome = counted(self.tally, then(value, page_from))
            yield outcome
            if not isinstance(outcome, Alive) or outcome.value.after in (None, after):
                return
            if reaches(outcome.value, since):
                return
            after = outcome.value.after

    async def token(self) -> Outcome[TokenState]:
        """What Meta says of our token: until when, with which rights. It may not let us know."""
        self.token_told_at = datetime.now(UTC)
        value = await self._ask("debug_token", {"input_token": self._app.access_token})
        outcome = counted(self.tally, then(value, token_state_from))
        if isinstance(outcome, Alive):
            self.token_expires_at = outcome.value.expires_at
            self._lacks = outcome.value.problem
        return outcome

    async def _discover(self, username: str, fields: str) -> Outcome[Any]:
        if not USERNAME.fullmatch(username):
            return Refused("missing", f"{username!r:.40} cannot be an account's name")
        query = {"fields": f"business_discovery.username({username}){{{fields}}}"}
        return await self._ask(self._app.user_id, query)

    async def _ask(self, path: str, query: Mapping[str, str]) -> Outcome[Any]:
        """The judged JSON of one path, after as many tries as its failures are worth."""
        answer = await with_tries(lambda: self._once(path, query), self._sleep)
        return answer.outcome

    async def _once(self, path: str, query: Mapping[str, str]) -> Answer:
        await self._wait_for_turn()
        if self.rests_seconds:
            return Answer(429, _for(self._resting, self.rests_seconds))
        self.tally["requests"] += 1
        answer = await send(self._http, self._request(path, query), self._judged)
        self._heed(answer)
        reason = answer.outcome.reason if isinstance(answer.outcome, Unknown) else ""
        return replace(answer, status=max(answer.status, AS_STATUS.get(reason, 0)))

    def _judged(self, status: int, headers: Mapping[str, str], body: bytes) -> Outcome[Any]:
        return judge(status, headers, self._hidden.in_bytes(body))

    async def _wait_for_turn(self) -> None:
        """Slower and slower as the limit comes close, one request after the other."""
        quota = self.quota
        if quota is not None and quota.pause_seconds and not self.rests_seconds:
            async with self._pace:
                await self._sleep(quota.pause_seconds)

    def _heed(self, answer: Answer) -> None:
        """Remember what an answer says of our limits and our token."""
        quota = Quota.from_headers(answer.headers)
        if quota is not None:
            self._quota, self._quota_told = quota, self._clock()
            if quota.rest_seconds:
                self._rest(
                    Unknown("throttled", f"{quota.percent:.0f} % of {quota.name} is used"), quota.rest_seconds
                )
        outcome = answer.outcome
        if isinstance(outcome, Alive):
            self._refused = None
        elif isinstance(outcome, Refused) and outcome.reason == "unauthorized":
            self._refused = outcome.detail
            self._rest(outcome, DEAD_TOKEN_RESTS_SECONDS)
        elif (
            isinstance(outcome, Unknown)
            and outcome.reason in ("throttled", "blocked")
            and outcome.retry_after
        ):
            self._rest(outcome, outcome.retry_after)

    def _rest(self, why: Refused | Unknown, seconds: float) -> None:
        until = self._clock() + seconds
        if until > self._rests_until or isinstance(why, Refused):
            self._resting, self._rests_until = why, until
            self._back_at = datetime.now(UTC) + timedelta(seconds=seconds)

    def _request(self, path: str, query: Mapping[str, str]) -> httpx.Request:
        headers = {"Authorization": f"Bearer {self._app.access_token}"}
        url = f"{self._app.api_url.rstrip('/')}/{path}"
        return self._http.build_request("GET", url, params=dict(query), headers=headers)


def reaches(page: MediaPage, since: datetime | None) -> bool:
    """Whether a page goes back to that time, so that the next one holds nothing that was not known."""
    return since is not None and any(one.timestamp <= since for one in page.items if one.timestamp)


def _media_fields(after: str | None) -> str:
    behind = f".after({after})" if after else ""
    return f"media.limit({MEDIA_PER_CALL}){behind}{{{MEDIA_FIELDS}}}"


def _for(why: Refused | Unknown, seconds: float) -> Refused | Unknown:
    """The reason of a rest, with what is left of it."""
    return why if isinstance(why, Refused) else replace(why, retry_after=seconds)
