"""The same list of communities as FastAPI, SQLAlchemy, asyncpg and pydantic are usually put together.

As their documentation shows: an async engine with a pool, a session per request, an ORM model, a response model. Its
query is ours, with the order of our index, so that PostgreSQL does the same for both; beside the page it tells how
many there are in all (`count(*)`), unless asked with `total=false`.
"""

import os
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Query
from pydantic import BaseModel, ConfigDict
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

engine = create_async_engine(
    "postgresql+asyncpg://",
    connect_args={
        "dsn": os.environ["DATABASE_URL"],
        "server_settings": {"search_path": os.environ["DATABASE_SCHEMA"]},
    },
    pool_size=20,
    max_overflow=0,
)
sessions = async_sessionmaker(engine, expire_on_commit=False)
app = FastAPI()


class Base(DeclarativeBase):
    pass


class Subreddit(Base):
    __tablename__ = "subreddits"

    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    title: Mapped[str]
    description: Mapped[str]
    type: Mapped[str]
    over18: Mapped[bool | None]
    subscribers: Mapped[int | None]
    quarantine: Mapped[bool | None]
    lang: Mapped[str | None]
    created_at: Mapped[datetime | None]
    category: Mapped[str | None]
    category_confidence: Mapped[float | None]
    category_method: Mapped[str | None]
    state: Mapped[str]
    state_reason: Mapped[str | None]
    first_seen_at: Mapped[datetime]
    refreshed_at: Mapped[datetime | None]


class SubredditOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    title: str
    description: str
    type: str
    over18: bool | None
    subscribers: int | None
    quarantine: bool | None
    lang: str | None
    created_at: datetime | None
    category: str | None
    category_confidence: float | None
    category_method: str | None
    state: str
    state_reason: str | None
    first_seen_at: datetime
    refreshed_at: datetime | None


class Page(BaseModel):
    items: list[SubredditOut]
    total: int | None


async def session() -> AsyncIterator[AsyncSession]:
    async with sessions() as opened:
        yield opened


@app.get("/health")
async def health() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/api/subreddits", response_model=Page)
async def subreddits(
    db: Annotated[AsyncSession, Depends(session)],
    category: str | None = None,
    min_subscribers: int | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
    total: bool = True,
) -> dict[str, object]:
    found = _filtered(select(Subreddit), category, min_subscribers)
    ordered = found.order_by(func.coalesce(Subreddit.subscribers, -1).desc(), Subreddit.id.desc())
    items = (await db.scalars(ordered.limit(limit).offset(offset))).all()
    count = None
    if total:
        counted = _filtered(select(func.count()).select_from(Subreddit), category, min_subscribers)
        count = await db.scalar(counted)
    return {"items": items, "total": count}


def _filtered(query: Any, category: str | None, min_subscribers: int | None) -> Any:
    if category is not None:
        query = query.where(Subreddit.category == category)
    if min_subscribers is not None:
        query = query.where(Subreddit.subscribers >= min_subscribers)
    return query
