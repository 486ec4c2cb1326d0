"""The sandbox as one ASGI app: Reddit's, Arctic Shift's and Instagram's paths side by side, over one world."""

import re
import time

from starlette.types import ASGIApp, Receive, Scope, Send

from collectors.sandbox.arctic_shift import arctic_shift_app
from collectors.sandbox.instagram import instagram_app
from collectors.sandbox.reddit import reddit_app
from collectors.sandbox.trouble import Clock
from collectors.sandbox.world import world

ARCTIC_SHIFT_PATHS = re.compile(r"/api/(posts|comments|subreddits|users|time_series)\b")
INSTAGRAM_PATHS = re.compile(r"/(v\d+\.\d+/|debug_token$)")
GRAPH_LIMIT = 1_000
"""requests an hour"""
ARCHIVE_LIMIT = 2_000
"""requests a minute, as others report of Arctic Shift"""


def sandbox_app(
    seed: int,
    error_rate: float = 0.0,
    window_limit: int = 1000,
    clock: Clock = time.time,
    archive_limit: int = ARCHIVE_LIMIT,
    graph_limit: int = GRAPH_LIMIT,
) -> ASGIApp:
    """An ASGI app shaped like Reddit, Arctic Shift and Instagram's Graph API.

    Args:
        seed: the world; the same seed at the same time answers the same bytes.
        error_rate: share of answers that fail, 0 to 1; which ones follows from seed and request number.
        window_limit: requests to Reddit in 600 s before it answers 429.
        clock: epoch seconds; the world goes on as it does.
        archive_limit: requests to Arctic Shift in 60 s before it answers 429.
        graph_limit: requests to Instagram in an hour before it answers with code 4.
    """
    its = world(seed)
    return Shapes(
        reddit_app(its, error_rate, window_limit, clock),
        arctic_shift_app(its, error_rate, archive_limit, clock),
        instagram_app(seed, error_rate, graph_limit, clock),
    )


class Shapes:
    """Hands each request to the service whose path it is; each has its own tokens, limits and failures."""

    def __init__(self, reddit: ASGIApp, arctic_shift: ASGIApp, instagram: ASGIApp) -> None:
        self.reddit, self.arctic_shift, self.instagram = reddit, arctic_shift, instagram

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if ARCTIC_SHIFT_PATHS.match(path):
            await self.arctic_shift(scope, receive, send)
        elif INSTAGRAM_PATHS.match(path):
            await self.instagram(scope, receive, send)
        else:
            await self.reddit(scope, receive, send)
