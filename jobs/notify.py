"""Send alert transitions through Apprise; each is sent until it succeeded once, by one process at a time."""

import asyncio
from collections.abc import Sequence
from textwrap import shorten

import structlog

from db.alerts import NEWS, SEND_ATTEMPTS
from jobs.context import Context

log = structlog.get_logger()

SEND_SECONDS = 20
TITLE_LENGTH = 100  # what a phone shows of it


async def send_unsent(context: Context) -> int:
    """How many transitions went out. Without ALERT_URLS there is nobody to send to."""
    urls = context.settings.alert_urls
    if not urls:
        return 0
    sent = 0
    async with context.db.transaction() as session:
        for row in await session.rows("alerts.unsent", attempts=SEND_ATTEMPTS, news=NEWS):
            title = f"Subpulse: {shorten(row['message'], TITLE_LENGTH, placeholder=' …')}"
            error = await send(
                urls, title, f"{row['message']}\n{row['instance']}, {row['at']:%Y-%m-%d %H:%M} UTC"
            )
            if error is None:
                sent += await session.execute("alerts.mark_sent", id=row["id"])
            else:
                log.warning("alert not sent", alert=row["id"], why=error)
                await session.execute("alerts.mark_unsent", id=row["id"], error=error)
    return sent


async def send(urls: Sequence[str], title: str, body: str) -> str | None:
    """Send one message to every URL; None when one took it, else why not, without the URLs' secrets."""
    try:
        async with asyncio.timeout(SEND_SECONDS):
            return await asyncio.to_thread(_send, urls, title, body)
    except TimeoutError:
        return f"no answer within {SEND_SECONDS} s"


def _send(urls: Sequence[str], title: str, body: str) -> str | None:
    import apprise  # takes 0.3 s and some MiB, which nobody without an alert should pay

    service = apprise.Apprise()
    unusable = sum(not service.add(url) for url in urls)
    if unusable == len(urls):
        return f"{unusable} of {len(urls)} ALERT_URLS are not URLs that Apprise knows"
    refused = sum(not one.notify(body=body, title=title) for one in service)
    if unusable or refused:
        log.warning("alert not sent everywhere", unusable=unusable, refused=refused, urls=len(urls))
    # One that took it must not get it again for the sake of one that never will.
    return "a service did not accept the message" if refused == len(service) else None
