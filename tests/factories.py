"""One factory per record; a test overrides the field that it is about."""

from datetime import UTC, datetime
from typing import Any

from collectors.instagram import Account, Media
from collectors.records import Post, Subreddit


def subreddit(**overrides: Any) -> Subreddit:
    fields: dict[str, Any] = {
        "id": "t5_1",
        "name": "Teapots",
        "title": "Teapots of the world",
        "description": "Pictures and talk of teapots.",
        "type": "public",
        "over18": False,
        "subscribers": 1200,
        "quarantine": False,
        "lang": "en",
        "created_at": datetime(2015, 3, 1, tzinfo=UTC),
    }
    return Subreddit(**(fields | overrides))


def post(**overrides: Any) -> Post:
    fields: dict[str, Any] = {
        "id": "t3_1",
        "subreddit": "Teapots",
        "subreddit_id": "t5_1",
        "author": "kettle",
        "title": "My first teapot",
        "text": "It pours.",
        "url": "https://example.org/teapot",
        "domain": "example.org",
        "permalink": "/r/Teapots/comments/1/my_first_teapot/",
        "flair": None,
        "created_at": datetime(2026, 11, 1, 12, 30, tzinfo=UTC),
        "score": 10,
        "upvote_ratio": 0.9,
        "num_comments": 2,
        "over18": False,
        "is_self": False,
        "stickied": False,
        "removed_by_category": None,
        "edited_at": None,
        "subreddit_subscribers": 1150,
    }
    return Post(**(fields | overrides))


def account(**overrides: Any) -> Account:
    fields: dict[str, Any] = {
        "username": "teapots",
        "id": "17841407673135339",
        "name": "Teapots of the world",
        "biography": "Pictures of teapots.",
        "website": "https://example.org/",
        "followers": 1000,
        "follows": 12,
        "media_count": 250,
    }
    return Account(**(fields | overrides))


def medium(**overrides: Any) -> Media:
    fields: dict[str, Any] = {
        "id": "17885103395500001",
        "caption": "Blue, with a lid.",
        "media_type": "IMAGE",
        "product_type": "FEED",
        "permalink": "https://www.instagram.com/p/C1/",
        "timestamp": datetime(2026, 11, 1, 12, 30, tzinfo=UTC),
        "likes": 80,
        "comments": 20,
        "children": 0,
    }
    return Media(**(fields | overrides))
