"""Made posts in any number, the same for the same seed: as rows, and as lines of a dump."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from db.posts import Row

COMMUNITIES = 2_000
FIRST_POST, POST_STEP = 3_800_000_000, 3
FIRST_COMMUNITY, COMMUNITY_STEP = 70_000_000, 7_919
BEGAN = datetime(2025, 1, 1, tzinfo=UTC)
SECONDS_APART = 3
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def _words(text: str) -> list[str]:
    return text.split()


WORDS = _words(
    """
    amber kettle lantern meadow harbour quiet copper winter garden signal river paper violet stone
    engine teapot ladder compass orchard thunder velvet window saddle marble
    """
)


def communities() -> list[tuple[str, str]]:
    """(id, name) of every community that posts are in."""
    return [(_community_id(n), f"Community{n}") for n in range(COMMUNITIES)]


def rows(count: int, seed: int = 1, read_at: datetime | None = None) -> Iterator[Row]:
    """Rows in the order of db.posts.COLUMNS, about 450 bytes each as text, in the order of their ids."""
    for post in _posts(count, seed):
        yield (
            post["name"],
            post["subreddit_id"],
            post["author"],
            post["title"],
            post["selftext"],
            post["url"],
            post["domain"],
            post["permalink"],
            post["link_flair_text"],
            datetime.fromtimestamp(post["created_utc"], UTC),
            post["score"],
            post["upvote_ratio"],
            post["num_comments"],
            post["over_18"],
            post["is_self"],
            post["stickied"],
            post["removed_by_category"],
            None,
            post["subreddit_subscribers"],
            read_at,
        )


def lines(count: int, seed: int = 1) -> Iterator[bytes]:
    """The same posts as lines of a dump: some 110 keys and 2.8 KB each, keys sorted, as Arctic Shift writes them."""
    for post in _posts(count, seed):
        yield orjson.dumps(REST | post, option=orjson.OPT_SORT_KEYS) + b"\n"


def _posts(count: int, seed: int) -> Iterator[dict[str, Any]]:
    chance = random.Random(seed)
    for place in range(count):
        id36, community = base36(FIRST_POST + place * POST_STEP), int(chance.random() ** 2 * COMMUNITIES)
        title = " ".join(chance.choices(WORDS, k=8))
        is_self = chance.random() < 0.65
        path = f"/r/Community{community}/comments/{id36}/{title.replace(' ', '_')[:50]}/"
        created = int((BEGAN + timedelta(seconds=place * SECONDS_APART)).timestamp())
        yield {
            "id": id36,
            "name": f"t3_{id36}",
            "subreddit": f"Community{community}",
            "subreddit_id": _community_id(community),
            "subreddit_subscribers": 1_000 + 37 * community,
            "author": f"person_{chance.randrange(2_000_000)}",
            "title": title,
            "selftext": " ".join(chance.choices(WORDS, k=chance.randrange(5, 60))) if is_self else "",
            "is_self": is_self,
            "url": f"https://www.reddit.com{path}",
            "domain": f"self.Community{community}" if is_self else "example.org",
            "permalink": path,
            "link_flair_text": "Question" if chance.random() < 0.5 else None,
            "created_utc": created,
            "retrieved_on": created + 12,
            "score": chance.randrange(500),
            "upvote_ratio": round(chance.random(), 2),
            "num_comments": chance.randrange(100),
            "over_18": False,
            "stickied": False,
            "removed_by_category": None,
            "edited": False,
        }


def base36(number: int) -> str:
    """Reddit's way to write ids."""
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = DIGITS[digit] + text
    return text


def _community_id(number: int) -> str:
    return f"t5_{base36(FIRST_COMMUNITY + number * COMMUNITY_STEP)}"


# What else a line of a dump of 2024 holds; Subpulse keeps none of it.
NULLS = _words(
    """
    approved_at_utc approved_by author_cakeday author_flair_background_color author_flair_css_class
    author_flair_template_id author_flair_text author_flair_text_color banned_at_utc banned_by category
    content_categories discussion_type distinguished likes link_flair_background_color
    link_flair_css_class media mod_note mod_reason_by mod_reason_title num_reports
    parent_whitelist_status poll_data pwls removal_reason removed_by report_reasons secure_media
    suggested_sort thumbnail_height thumbnail_width top_awarded_type view_count whitelist_status wls
    """
)
FALSES = _words(
    """
    archived author_is_blocked author_patreon_flair author_premium can_gild can_mod_post clicked
    contest_mode gilded_by_us hidden hide_score is_created_from_ads_ui is_meta is_original_content
    is_reddit_media_domain is_video locked media_only no_follow pinned quarantine saved spoiler visited
    """
)
REST: dict[str, Any] = {
    **dict.fromkeys(NULLS),
    **dict.fromkeys(FALSES, False),
    **{
        name: []
        for name in ["all_awardings", "author_flair_richtext", "awarders", "mod_reports", "treatment_tags"]
    },
    **{name: {} for name in ["gildings", "media_embed", "secure_media_embed"]},
    **{name: [] for name in ["link_flair_richtext", "user_reports"]},
    **dict.fromkeys(["allow_live_comments", "is_crosspostable", "is_robot_indexable", "send_replies"], True),
    **dict.fromkeys(["downs", "gilded", "num_crossposts", "total_awards_received"], 0),
    "author_flair_type": "text",
    "author_fullname": "t2_8xk2m1",
    "link_flair_template_id": "a1c4e1f0-2b7d-11ee-8c12-4e5f6a7b8c9d",
    "link_flair_text_color": "dark",
    "link_flair_type": "text",
    "post_hint": "link",
    "preview": {
        "enabled": False,
        "images": [
            {
                "id": "Zk3wq0nV7l0b2m8sYc1rT5uPjXhE9aKdGfLoIvNpQtW",
                "resolutions": [
                    {
                        "height": height,
                        "url": f"https://external-preview.example.org/Zk3wq0nV7l0b2m8sYc1r.jpg?width={width}&"
                        "auto=webp&s=0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c",
                        "width": width,
                    }
                    for width, height in ((108, 56), (216, 113), (320, 167))
                ],
                "source": {
                    "height": 630,
                    "url": "https://external-preview.example.org/Zk3wq0nV7l0b2m8sYc1r.jpg?auto=webp",
                    "width": 1200,
                },
                "variants": {},
            }
        ],
    },
    "subreddit_name_prefixed": "r/Community",
    "subreddit_type": "public",
    "thumbnail": "default",
    "updated_on": 1_735_700_000,
    "_meta": {"retrieved_2nd_on": 1_735_800_000, "is_edited": False},
}
