"""/api/categorization: how far it is, and a judgement on request."""

from dataclasses import asdict
from typing import Annotated

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from api.responses.policy import cacheable
from api.services import SUBREDDITS_TTL_SECONDS, services_of
from categorization.classify import Community
from db import categories

router = APIRouter()

MOST_COMMUNITIES = 1000


class CommunityToJudge(BaseModel):
    """What the classifier looks at."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=50)]
    title: Annotated[str, Field(max_length=500)] = ""
    description: Annotated[str, Field(max_length=20_000)] = ""


class ToJudge(BaseModel):
    """Communities to be judged, up to a thousand at once."""

    model_config = ConfigDict(extra="forbid")

    communities: Annotated[list[CommunityToJudge], Field(min_length=1, max_length=MOST_COMMUNITIES)]


@router.get("/categorization", summary="How many communities have a category, and which")
@cacheable(seconds=SUBREDDITS_TTL_SECONDS, tags=("subreddits",), max_age=5)
async def progress(request: Request) -> Response:
    """Progress of the present classifier version, and communities per category."""
    services = services_of(request)
    done = await categories.progress(services.db, services.classifier.version)
    body = {
        **done,
        "version": services.classifier.version,
        "categories": await categories.categories(services.db),
    }
    return Response(orjson.dumps(body), media_type="application/json")


@router.post("/categorization", summary="Judge communities without storing anything")
async def judge(request: Request, body: ToJudge) -> Response:
    """Per community its category, confidence (0 to 1), second best, method, version and the deciding words."""
    classifier = services_of(request).classifier
    judged = [
        {"name": one.name} | asdict(classifier.classify(Community(one.name, one.title, one.description)))
        for one in body.communities
    ]
    return Response(orjson.dumps({"communities": judged}), media_type="application/json")
