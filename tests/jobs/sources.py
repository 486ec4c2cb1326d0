"""A Reddit that answers as a test says, and never makes anybody wait."""

from collections.abc import Callable

import httpx

from collectors.budget import LocalBudget
from collectors.reddit import RedditClient
from collectors.reddit_auth import RedditApp

URL = "http://reddit.test"


class Answer:
    """The same status to every question, with a page that says nothing."""

    def __init__(self, status: int) -> None:
        self.status = status

    def __call__(self, _: httpx.Request) -> httpx.Response:
        return httpx.Response(self.status, html="<html><body>whoa there, pardner!</body></html>")


def client_of(answer: Callable[[httpx.Request], httpx.Response]) -> RedditClient:
    """A client whose questions, but for the token, are answered by `answer`."""

    def respond(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/token":
            return httpx.Response(200, json={"access_token": "t", "token_type": "bearer", "expires_in": 3600})
        return answer(request)

    async def no_sleep(_: float) -> None:
        return None

    http = httpx.AsyncClient(transport=httpx.MockTransport(respond))
    app = RedditApp(
        client_id="id", client_secret="secret", user_agent="test", api_url=URL, token_url=f"{URL}/token"
    )
    return RedditClient(http, app, LocalBudget(), sleep=no_sleep)
