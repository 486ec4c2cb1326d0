"""/api/subreddits: communities a page at a time, and one by name."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Path, Query, Request, Response

from api.responses.policy import OwnTags, cacheable
from api.services import SUBREDDITS_TTL_SECONDS, services_of
from db import subreddits
from db.subreddits import Filters, Sort
from db.written import EACH_COMMUNITY

router = APIRouter()

STORABLE = r"^[^\x00]*$"  # PostgreSQL's text holds every character but this one


@router.get("/subreddits", summary="Communities, filtered and sorted, a page at a time")
@cacheable(seconds=SUBREDDITS_TTL_SECONDS, tags=("subreddits",), max_age=5)
async def list_subreddits(
    request: Request,
    q: Annotated[str | None, Query(max_length=200, description="words, or beginnings of words")] = None,
    category: Annotated[str | None, Query(max_length=50, pattern=STORABLE)] = None,
    min_subscribers: Annotated[int | None, Query(ge=0, le=2**62)] = None,
    over18: Annotated[
        bool | None, Query(description="`false` leaves out those of which Reddit will not say")
    ] = None,
    sort: Sort = "subscribers",
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=500, description="`next` of the page before")] = None,
) -> Response:
    """`{"items": […], "next": cursor or null}`; pass `next` as `cursor` to go on."""
    services = services_of(request)
    question = (Filters(q, category, min_subscribers, over18), sort, limit, cursor)
    body = await services.subreddits.get(question, lambda: subreddits.page_as_json(services.db, *question))
    return Response(body, media_type="application/json")


def _tags_of_one(path: str, body: bytes) -> tuple[str, ...]:
    return subreddits.tags_of_one(path.rpartition("/")[2], body)


OF_ONE = OwnTags(_tags_of_one, prefix="subreddit:", each=EACH_COMMUNITY)


@router.get("/subreddits/{name}", summary="One community")
@cacheable(seconds=SUBREDDITS_TTL_SECONDS, own_tags=OF_ONE, max_age=5)
async def one_subreddit(
    request: Request, name: Annotated[str, Path(min_length=1, max_length=50, pattern=STORABLE)]
) -> Response:
    """Everything known of it; its name is found whatever its case."""
    services, key = services_of(request), name.lower()
    body = await services.cache.namespaces["subreddit"].get(
        key, lambda: subreddits.one(services.db, key), lambda found: subreddits.tags_of_one(key, found)
    )
    if body is None:
        raise HTTPException(404, f"no community named {name!r} was collected; names are matched whole")
    return Response(body, media_type="application/json")
