"""Made lines of a dump, and files of them."""

import gzip
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd


def line(number: int, **overrides: Any) -> bytes:
    """A submission as Arctic Shift writes it, without its end of line."""
    fields: dict[str, Any] = {
        "id": f"a{number}",
        "name": f"t3_a{number}",
        "subreddit": f"Teapots{number % 7}",
        "subreddit_id": f"t5_{number % 7}",
        "subreddit_type": "public",
        "subreddit_subscribers": 1000 + number % 7,
        "author": "kettle",
        "title": f"Teapot {number} – größer",
        "selftext": "It pours.\n" * (number % 4),
        "url": "https://example.org/teapot",
        "domain": "example.org",
        "permalink": f"/r/Teapots/comments/a{number}/",
        "link_flair_text": None,
        "created_utc": 1_700_000_000 + number,
        "retrieved_on": 1_700_000_100 + number,
        "score": number % 50,
        "upvote_ratio": 1,
        "num_comments": 3,
        "over_18": False,
        "is_self": True,
        "stickied": False,
        "removed_by_category": None,
        "edited": False,
        "preview": {"images": [{"source": {"url": "https://example.org/a.jpg"}}]},
    }
    return orjson.dumps(fields | overrides)


def write(path: Path, content: bytes) -> Path:
    """Pack as the name says: .zst as two frames with the largest window, .gz, or plain."""
    if path.suffix == ".zst":
        options = {
            int(zstd.CompressionParameter.window_log): 31,
            int(zstd.CompressionParameter.enable_long_distance_matching): 1,
        }
        half = len(content) // 2
        skippable = b"\x50\x2a\x4d\x18" + (4).to_bytes(4, "little") + b"note"
        frames = [_stream(part, options) for part in (content[:half], content[half:])]
        path.write_bytes(skippable + frames[0] + skippable + frames[1])
    elif path.suffix == ".gz":
        path.write_bytes(gzip.compress(content))
    else:
        path.write_bytes(content)
    return path


def _stream(content: bytes, options: dict[int, int]) -> bytes:
    """As `zstd --long=31` packs a pipe: the window stands in the frame, its content's size does not."""
    packer = zstd.ZstdCompressor(options=options)
    return packer.compress(content) + packer.flush()


def joined(lines: Iterable[bytes]) -> bytes:
    return b"".join(each + b"\n" for each in lines)
