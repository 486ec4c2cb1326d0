"""/api/stats: the collection in figures."""

from fastapi import APIRouter, Request, Response

from api.responses.policy import cacheable
from api.services import STATS_TTL_SECONDS, services_of
from db import subreddits

router = APIRouter()


@router.get("/stats", summary="Communities, posts and categories in figures")
@cacheable(seconds=STATS_TTL_SECONDS, tags=("subreddits", "posts"), max_age=5)
async def stats(request: Request) -> Response:
    """Computed by PostgreSQL, and kept until something is written."""
    services = services_of(request)
    body = await services.stats.get("stats", lambda: subreddits.stats(services.db))
    return Response(body, media_type="application/json")
