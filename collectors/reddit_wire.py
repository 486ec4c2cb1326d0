"""How Reddit is asked: with a token, raw JSON and our name, within the budget, again where that helps."""

from collections.abc import Mapping
from typing import Any

import httpx

from collectors.asking import Asking
from collectors.outcome import Alive, Outcome
from collectors.reddit_auth import RedditApp, RedditAuth
from collectors.wire import Answer, with_tries

Params = Mapping[str, str]


class RedditWire:
    """One path of Reddit's API at a time."""

    def __init__(self, asking: Asking, app: RedditApp, auth: RedditAuth) -> None:
        self._asking, self._app, self._auth = asking, app, auth

    async def get(self, path: str, params: Params | None = None) -> Outcome[Any]:
        """The judged JSON of one path, after as many tries as its failures are worth."""
        query = {**(params or {}), "raw_json": "1"}  # else &, < and > come escaped
        answer = await with_tries(lambda: self._once(path, query, renew=True), self._asking.sleep)
        return answer.outcome

    async def _once(self, path: str, query: Params, *, renew: bool) -> Answer:
        token = await self._auth.token()
        if not isinstance(token, Alive):
            return Answer(401, token)  # has had its own tries
        answer = await self._asking.once(self._request(path, query, token.value.text))
        if answer.status == 401:
            self._auth.forget(token.value)
            return await self._once(path, query, renew=False) if renew else answer
        return answer

    def _request(self, path: str, query: Params, token: str) -> httpx.Request:
        headers = {"Authorization": f"bearer {token}", "User-Agent": self._app.user_agent}
        url = f"{self._app.api_url.rstrip('/')}/{path.lstrip('/')}"
        return self._asking.http.build_request("GET", url, params=dict(query), headers=headers)
