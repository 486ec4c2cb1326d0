"""Entity tags: strong, one per body and coding, and how If-None-Match is read (RFC 9110, 8.8.3 and 13.1.2)."""

import re
from hashlib import blake2b

DIGEST_BYTES = 12  # two different answers of one address with the same tag: not in the life of the universe
TAG = re.compile(rb'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')


def etag_of(body: bytes, coding: str | None) -> bytes:
    """The tag of a body as it goes out in that coding."""
    digest = blake2b(body, digest_size=DIGEST_BYTES).hexdigest()
    return f'"{digest}-{coding}"'.encode() if coding else f'"{digest}"'.encode()


def matches(if_none_match: bytes, etag: bytes) -> bool:
    """Whether the client has it already: a list of tags or `*`, compared weakly."""
    if if_none_match.strip() == b"*":
        return True
    return etag in if_none_match and etag.removeprefix(b"W/") in TAG.findall(if_none_match)
