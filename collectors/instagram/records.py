"""What Instagram tells of an account, its media and our token, as plain frozen records.

Every field is optional: only what was asked for and is not empty comes back (`../shared/data/NOTES.md`, section 9).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from collectors.errors import UnusableRecord
from collectors.fields import Data, clean, count, moment, optional_text, required_text, text
from collectors.outcome import Alive, Outcome, Unknown

ID = re.compile(r"[0-9]{1,40}")
CURSOR = re.compile(r"[A-Za-z0-9_=+/.-]{1,1000}")  # it becomes part of an expression, so nothing else may
MOST_CHILDREN = 32_767
RIGHTS = ("instagram_basic", "instagram_manage_insights", "pages_read_engagement")


@dataclass(frozen=True, slots=True)
class Account:
    """One professional account as of one answer. None means that it was not told, which is not zero."""

    username: str
    """lower case, without @"""
    id: str | None
    """decimal digits, beyond 2^53"""
    name: str
    biography: str
    website: str
    followers: int | None
    follows: int | None
    media_count: int | None


@dataclass(frozen=True, slots=True)
class Media:
    """One post, reel or album as of one answer."""

    id: str
    """decimal digits, beyond 2^53"""
    caption: str
    media_type: str | None
    """IMAGE, VIDEO or CAROUSEL_ALBUM"""
    product_type: str | None
    """FEED, REELS or STORY"""
    permalink: str
    """an https URL of instagram.com without a query, or `""`"""
    timestamp: datetime | None
    """UTC"""
    likes: int | None
    """None where its owner hides them"""
    comments: int | None
    children: int
    """how many an album holds, else 0"""


@dataclass(frozen=True, slots=True)
class MediaPage:
    """One page of an account's media, the newest first."""

    items: tuple[Media, ...]
    after: str | None
    """the cursor behind its last item; None at the end"""
    skipped: int
    """those that no record can be made of"""


@dataclass(frozen=True, slots=True)
class Profile:
    """An account and the first page of its media, from one answer."""

    account: Account
    media: MediaPage


@dataclass(frozen=True, slots=True)
class TokenState:
    """What Meta says of an access token."""

    valid: bool
    expires_at: datetime | None
    """UTC; when it or its access to data ends, whichever is sooner. None: never, or not told"""
    scopes: tuple[str, ...] | None
    """the rights it carries; None where they are not told"""
    problem: str | None
    """why it is not valid, or which rights it lacks"""


def profile_from(value: Any, asked: str) -> Outcome[Profile]:
    """Account and media from the JSON of business_discovery; unknown when it is something else."""
    found = _discovered(value)
    if found is None:
        return Unknown("bad_body", "not an answer of business_discovery")
    return Alive(Profile(account_from(found, asked), _page(found)))


def page_from(value: Any) -> Outcome[MediaPage]:
    """A page of media from the JSON of business_discovery; unknown when it is something else."""
    found = _discovered(value)
    if found is None:
        return Unknown("bad_body", "not an answer of business_discovery")
    return Alive(_page(found))


def account_from(data: Data, asked: str) -> Account:
    """An account from the object in business_discovery, under the name that was asked for."""
    id_ = text(data, "id")
    return Account(
        username=asked.lower(),
        id=id_ if ID.fullmatch(id_) else None,
        name=text(data, "name"),
        biography=text(data, "biography"),
        website=text(data, "website"),
        followers=count(data, "followers_count"),
        follows=count(data, "follows_count"),
        media_count=count(data, "media_count"),
    )


def media_from(data: Data) -> Media:
    """One medium.

    Raises:
        UnusableRecord: it has no id.
    """
    id_ = required_text(data, "id")
    if not ID.fullmatch(id_):
        raise UnusableRecord("id", id_)
    return Media(
        id=id_,
        caption=text(data, "caption"),
        media_type=optional_text(data, "media_type"),
        product_type=optional_text(data, "media_product_type"),
        permalink=_permalink(text(data, "permalink")),
        timestamp=_time(text(data, "timestamp")),
        likes=count(data, "like_count"),
        comments=count(data, "comments_count"),
        children=_children(data.get("children")),
    )


def token_state_from(value: Any) -> Outcome[TokenState]:
    """The answer of debug_token; unknown when it is something else. Expiry 0 means never."""
    data = value.get("data") if isinstance(value, dict) else None
    if not isinstance(data, dict) or not isinstance(data.get("is_valid"), bool):
        return Unknown("bad_body", "not an answer of debug_token")
    ends = (moment(data, name) for name in ("expires_at", "data_access_expires_at") if data.get(name))
    scopes = data.get("scopes")
    rights = tuple(one for one in scopes if isinstance(one, str)) if isinstance(scopes, list) else None
    expires_at = min((end for end in ends if end is not None), default=None)
    return Alive(TokenState(data["is_valid"], expires_at, rights, _problem(data, rights)))


def _problem(data: Data, rights: tuple[str, ...] | None) -> str | None:
    if not data["is_valid"]:
        error = data.get("error")
        said = text(error, "message") if isinstance(error, dict) else ""
        return said or "it is not valid"
    lacks = [right for right in RIGHTS if rights is not None and right not in rights]
    return f"it lacks {', '.join(lacks)}" if lacks else None


def _discovered(value: Any) -> Data | None:
    found = value.get("business_discovery") if isinstance(value, dict) else None
    return found if isinstance(found, dict) else None


def _page(found: Data) -> MediaPage:
    """An account without media has no `media` at all."""
    media = found.get("media")
    media = media if isinstance(media, dict) else {}
    listed = media.get("data")
    listed = listed if isinstance(listed, list) else []
    records = [record for one in listed if (record := _record(one)) is not None]
    return MediaPage(tuple(records), _after(media.get("paging")), len(listed) - len(records))


def _record(one: Any) -> Media | None:
    try:
        return media_from(one) if isinstance(one, dict) else None
    except UnusableRecord:
        return None


def _after(paging: Any) -> str | None:
    """The cursor of the next page. There is no `next` here; elsewhere it would carry the token."""
    cursors = paging.get("cursors") if isinstance(paging, Mapping) else None
    after = cursors.get("after") if isinstance(cursors, Mapping) else None
    return after if isinstance(after, str) and CURSOR.fullmatch(after) else None


def _permalink(url: str) -> str:
    """Only where a link may lead that a reader is offered; what a query might hold is not kept."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return ""
    if parts.scheme != "https" or not (host == "instagram.com" or host.endswith(".instagram.com")):
        return ""
    return clean(f"https://{host}{parts.path}")


def _time(written: str) -> datetime | None:
    """`2021-08-17T19:00:42+0000` in UTC, else None."""
    try:
        at = datetime.fromisoformat(written)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _children(value: Any) -> int:
    listed = value.get("data") if isinstance(value, dict) else None
    return min(len(listed), MOST_CHILDREN) if isinstance(listed, list) else 0
