"""/api/sources: whether the sources answer, what they refuse and allow, and how fresh the communities are."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response

from api.responses.policy import cacheable
from api.services import Services, services_of
from db import sources
from db.sources import Freshness

router = APIRouter()

MOST_STEPS = 120
MOST_MINUTES = 30 * 1440  # answers are kept for 30 days


@router.get(
    "/sources", summary="How the sources answer, by source, reason and time; how fresh the communities are"
)
@cacheable()
async def get_sources(
    request: Request,
    minutes: Annotated[
        int, Query(ge=1, le=MOST_MINUTES, description="how far back `reasons` and `steps` go")
    ] = 60,
) -> Response:
    """An object with

    - `sources`: each source in use at present, with its `verdict`, what is left of its budget, its requests per
      minute, its answers of the last five minutes by outcome and reason, its token and quota. `null` is what it
      does not tell. Empty until the first reading, within two seconds of the start.
    - `reasons`: all answers of the range, counted by `source`, `outcome` (`request`, `alive`, `refused`, `unknown`)
      and `reason`.
    - `steps`: the same over time, oldest first, in steps of `step_seconds`; steps without any are left out.
    - `freshness`: communities by the age of what is known of them and by state, and how many are overdue. Computed
      once a minute at most; estimated when `sampled` is below `communities`.

    Three outcomes, never two: *refused* is the source's word on what was asked for, *unknown* says nothing of it.
    """
    services = services_of(request)
    namespaces = services.cache.namespaces
    counted = await namespaces["sources"].get(minutes, lambda: _counted(services, minutes))
    fresh = await namespaces["freshness"].get("freshness", lambda: sources.freshness(services.db))
    body = {"sources": _present(services), "minutes": minutes, **counted, "freshness": _fresh(fresh)}
    return Response(orjson.dumps(body), media_type="application/json", headers={"Cache-Control": "no-store"})


async def _counted(services: Services, minutes: int) -> dict[str, Any]:
    since = datetime.now(UTC) - timedelta(minutes=minutes)
    step = timedelta(minutes=-(-minutes // MOST_STEPS))
    return {
        "reasons": await sources.by_reason(services.db, since),
        "step_seconds": int(step.total_seconds()),
        "steps": await sources.over_time(services.db, since, step),
    }


def _present(services: Services) -> list[dict[str, Any]]:
    """What the pulse last told of each, its times as the API writes them."""
    frame = services.pulse.latest
    return [
        {key: _moment(value) if key.endswith(("_at", "_since")) else value for key, value in source.items()}
        for source in (frame.now.get("sources", []) if frame else [])
    ]


def _moment(epoch: float | None) -> str | None:
    return None if epoch is None else datetime.fromtimestamp(epoch, UTC).isoformat()


def _fresh(fresh: Freshness) -> dict[str, Any]:
    body = asdict(fresh)
    for name, due in (("overdue", fresh.overdue), ("posts_overdue", fresh.posts_overdue)):
        body[name]["is_at_least"] = due.is_at_least
    return body
