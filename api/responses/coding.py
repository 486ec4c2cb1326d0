"""Which content coding a client takes, and bodies in it (RFC 9110, 12.5.3 and 8.4.1)."""

import asyncio
import gzip
import re
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import NamedTuple

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

SMALLEST_BYTES = 1024  # below, a packet is a packet
OFF_LOOP_BYTES = 64 * 1024  # from here on, compressing would hold up the event loop for a millisecond or more
COMPRESSIBLE = re.compile(r"text/(?!event-stream)|application/(\S+\+)?(json|javascript|xml|yaml)\b|image/svg")
WEIGHT = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?")
# A page of 200 communities, 103 KB, as a share of it and in ms; whoever asks first waits for it. For answers that are
# kept: zstd 3 gives 0.167 in 0.1 (6 gives 0.159 in 0.5), br 5 0.152 in 1.4, gzip 6 0.162 in 1.0. For those sent once:
# zstd 1 gives 0.169 in 0.09, br 1 0.179 in 0.13, gzip 1 0.190 in 0.4.
KEPT_LEVELS: Mapping[str, int] = {"zstd": 3, "br": 5, "gzip": 6}
ONCE_LEVELS: Mapping[str, int] = {"zstd": 1, "br": 1, "gzip": 1}
ENCODERS: Mapping[str, Callable[[bytes, int], bytes]] = {  # in the order of preference among equals
    "zstd": lambda body, level: zstd.compress(body, level),
    "br": lambda body, level: brotli.compress(body, quality=level),
    "gzip": lambda body, level: gzip.compress(body, level, mtime=0),
}
ALIASES = {"x-gzip": "gzip"}


class Accepted(NamedTuple):
    """`coding` is the one to use, None for none; whether the body may go out as it is, when it is small.

    `name` ends the keys of answers that were negotiated so.
    """

    coding: str | None
    plain: bool
    name: str


AS_IT_IS = Accepted(None, True, "")


@lru_cache(maxsize=256)
def negotiate(accept_encoding: bytes) -> Accepted:
    """The coding that the client likes best, ours first among equals.

    Someone who takes neither a coding of ours nor the plain body gets the plain body: RFC 9110 lets us disregard it.
    """
    weights = _weights(accept_encoding.decode("latin-1"))
    rest = weights.get("*", 0.0)
    liked = {name: weights.get(name, rest) for name in ENCODERS}
    best = max(liked, key=lambda name: liked[name])
    plain = weights.get("identity", 1.0 if "*" not in weights else rest) > 0
    if liked[best] <= 0 or liked[best] < weights.get("identity", 0.0):
        return AS_IT_IS
    return Accepted(best, plain, f" in {best}" if plain else f" in {best} only")


def _weights(accept_encoding: str) -> dict[str, float]:
    """What each named coding weighs, 0 to 1; what cannot be read weighs nothing."""
    found: dict[str, float] = {}
    for part in accept_encoding.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        if name:
            found[ALIASES.get(name, name)] = _weight(parameters)
    return found


def _weight(parameters: list[str]) -> float:
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            return float(value) if WEIGHT.fullmatch(value.strip()) else 0.0
    return 1.0


def worth_coding(content_type: str, size: int, accepted: Accepted) -> bool:
    """Whether a body of that type and size in bytes goes out in the accepted coding."""
    if accepted.coding is None or not COMPRESSIBLE.match(content_type):
        return False
    return size >= SMALLEST_BYTES or not accepted.plain


async def encoded(body: bytes, coding: str, levels: Mapping[str, int]) -> bytes:
    """The body in that coding; a large one is compressed in a thread."""
    encode = ENCODERS[coding]
    if len(body) < OFF_LOOP_BYTES:
        return encode(body, levels[coding])
    return await asyncio.to_thread(encode, body, levels[coding])
