"""What a request's headers say about the answer that it can be given."""

from collections.abc import Iterable
from typing import NamedTuple

from api.responses.coding import Accepted, negotiate

OWN = frozenset({b"authorization", b"range"})
LOGIN_COOKIE = (
    b"_streamlit_user"  # says who asks; no other, such as Streamlit's XSRF token, matters to an answer
)
LOOKED_AT = OWN | {b"accept-encoding", b"if-none-match", b"host", b"cookie"}


class Wanted(NamedTuple):
    """`is_own`: the answer is for the asker alone, or only a part of it is wanted."""

    accepted: Accepted
    if_none_match: bytes
    host: bytes
    is_own: bool


def wanted(headers: Iterable[tuple[bytes, bytes]]) -> Wanted:
    """Read once, in one pass; of a header that comes twice the values are one list."""
    accept = if_none_match = host = b""
    is_own = False
    for name, value in headers:
        if name not in LOOKED_AT:
            continue
        if name == b"host":
            host = value
        elif name == b"accept-encoding":
            accept = accept + b"," + value if accept else value
        elif name == b"if-none-match":
            if_none_match = if_none_match + b"," + value if if_none_match else value
        elif name in OWN or LOGIN_COOKIE in value:
            is_own = True
    return Wanted(negotiate(accept), if_none_match, host, is_own)
