"""Ask Reddit, Arctic Shift or the sandbox by hand: one JSON record a line, or one line that says why not.

    python -m collectors reddit about NAME
    python -m collectors reddit info NAME,NAME,…
    python -m collectors reddit posts NAME,NAME,… --hours 24
    python -m collectors reddit rules NAME
    python -m collectors reddit listing /r/NAME/new --pages 3    (not of Arctic Shift)
    python -m collectors reddit history NAME --days 365          (of Arctic Shift only)

Exit codes: 0 alive, 3 refused, 4 unknown, 2 usage or settings.
"""

import argparse
import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import orjson
import psycopg

from collectors.arctic_shift import ArcticShiftClient
from collectors.budget import Budget, LocalBudget
from collectors.community_source import CommunitySource
from collectors.outcome import Alive, Outcome, Refused, Unknown
from collectors.reddit import MOST_PER_CALL, RedditClient
from collectors.source import open_source
from db.budget import SharedBudget, client_of
from db.database import Database
from db.errors import DatabaseDown
from db.measure import QueryRecorder
from db.server import running_server, schema_of
from settings import Settings, SettingsError, load_settings

ALIVE, USAGE, REFUSED, UNKNOWN = 0, 2, 3, 4
SANDBOX_NOTE = (
    "note: this is sandbox data, all of it invented; for Reddit itself set SUBPULSE_SOURCE=reddit, "
    "REDDIT_CLIENT_ID and REDDIT_CLIENT_SECRET"
)


@asynccontextmanager
async def budget_for(settings: Settings) -> AsyncIterator[Budget]:
    """The budget that all processes share, where their database answers; else one of our own."""
    conninfo = running_server(settings)
    if conninfo is None:
        yield LocalBudget()
        return
    db = Database(conninfo, schema_of(settings), QueryRecorder(settings.slow_query_ms), pool_size=1)
    shared = SharedBudget(db, client_of(settings))
    try:
        usable = await _answers(shared)
        yield shared if usable else LocalBudget()
    finally:
        await db.close()


async def _answers(shared: SharedBudget) -> bool:
    try:
        await shared.db.open()
        await shared.left()
    except (DatabaseDown, psycopg.errors.UndefinedTable):  # away, or Subpulse never ran there
        return False
    return True


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m collectors", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    reddit = parser.add_subparsers(dest="service", required=True, metavar="reddit").add_parser("reddit")
    question = reddit.add_subparsers(dest="question", required=True)
    question.add_parser("about", help="one subreddit").add_argument("name", type=subreddit_name)
    question.add_parser("info", help="up to 100 subreddits").add_argument("names", type=subreddit_names)
    posts = question.add_parser("posts", help="new posts of some subreddits")
    posts.add_argument("names", type=subreddit_names)
    posts.add_argument("--hours", type=float, default=24.0, help="how far back")
    question.add_parser("rules", help="what a subreddit asks of a post").add_argument(
        "name", type=subreddit_name
    )
    listing = question.add_parser("listing", help="posts or subreddits of Reddit or the sandbox")
    listing.add_argument("path", help="/r/NAME/new, /subreddits/popular and their like")
    listing.add_argument("--pages", type=int, default=1, help="pages of 100 at most")
    history = question.add_parser("history", help="subscribers by day, of Arctic Shift")
    history.add_argument("name", type=subreddit_name)
    history.add_argument("--days", type=float, default=365.0, help="how far back")
    return parser.parse_args()


def subreddit_name(text: str) -> str:
    """NAME from `NAME`, `r/NAME` or `/r/NAME/`."""
    return text.strip().strip("/").removeprefix("r/")


def subreddit_names(text: str) -> list[str]:
    names = [subreddit_name(name) for name in text.split(",") if name.strip()]
    if not 1 <= len(names) <= MOST_PER_CALL:
        raise argparse.ArgumentTypeError(f"give 1 to {MOST_PER_CALL} names, separated by commas")
    return names


async def about(client: CommunitySource, name: str) -> int:
    return tell(await client.about(name))


async def rules(client: CommunitySource, name: str) -> int:
    return tell(await client.details(name))


async def info(client: CommunitySource, names: list[str]) -> int:
    outcome = await client.metadata_by_name(names)
    if not isinstance(outcome, Alive):
        return complain(outcome)
    show(outcome.value.subreddits)
    for name in outcome.value.missing:
        print(f"refused (missing): {name}")
    return REFUSED if outcome.value.missing else ALIVE


async def posts(client: CommunitySource, names: list[str], hours: float) -> int:
    since = datetime.now(UTC) - timedelta(hours=hours)
    most = client.most_names_per_call
    for first in range(0, len(names), most):
        async for outcome in client.new_posts(names[first : first + most], since):
            if not isinstance(outcome, Alive):
                return complain(outcome)
            show(post for post in outcome.value.posts if post.created_at > since)
    return ALIVE


async def listing(client: RedditClient, path: str, pages: int) -> int:
    async for outcome in client.pages(path, pages):
        if not isinstance(outcome, Alive):
            return complain(outcome)
        show(outcome.value.items)
    return ALIVE


async def history(client: ArcticShiftClient, name: str, days: float) -> int:
    outcome = await client.subscriber_history(name, datetime.now(UTC) - timedelta(days=days))
    if not isinstance(outcome, Alive):
        return complain(outcome)
    show({"at": at, "subscribers": subscribers} for at, subscribers in outcome.value)
    return ALIVE


def show(records: Iterable[object]) -> None:
    for record in records:
        print(orjson.dumps(record).decode())


def tell(outcome: Outcome[object]) -> int:
    if not isinstance(outcome, Alive):
        return complain(outcome)
    show([outcome.value])
    return ALIVE


def complain(outcome: Refused | Unknown) -> int:
    print(outcome)
    return REFUSED if isinstance(outcome, Refused) else UNKNOWN


async def ask(settings: Settings, chosen: argparse.Namespace) -> int:
    async with budget_for(settings) as budget, open_source(settings, budget) as client:
        match chosen.question:
            case "about":
                return await about(client, chosen.name)
            case "info":
                return await info(client, chosen.names)
            case "posts":
                return await posts(client, chosen.names, chosen.hours)
            case "rules":
                return await rules(client, chosen.name)
            case "listing" if isinstance(client, RedditClient):
                return await listing(client, chosen.path, chosen.pages)
            case "history" if isinstance(client, ArcticShiftClient):
                return await history(client, chosen.name, chosen.days)
            case question:
                print(f"usage: {settings.source} knows no {question}", file=sys.stderr)
                return USAGE


def main() -> int:
    chosen = arguments()
    try:
        settings = load_settings()
    except SettingsError as exc:
        print(f"settings: {exc}", file=sys.stderr)
        return USAGE
    if settings.source == "sandbox":
        print(SANDBOX_NOTE, file=sys.stderr)
    try:
        return asyncio.run(ask(settings, chosen))
    except BrokenPipeError:  # whoever reads us, `head` say, has had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ALIVE


if __name__ == "__main__":
    sys.exit(main())
