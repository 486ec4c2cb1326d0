"""Arrays of whole numbers as few bytes.

Two forms. While an interval is fresh it is stored as plain triples (series, bucket, count), and concatenating two of
them merges them, so PostgreSQL merges with one `string_agg`. What is rolled up is packed: one sorted key for series,
bucket and interval, kept as differences; the bytes of equal weight side by side, as in Blosc's shuffle or Parquet's
BYTE_STREAM_SPLIT; then zstd. 20 endpoints with 23 requests a minute each take 14 bytes per endpoint and minute.
"""

import sys
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

LEVEL = 19  # zstd's: against 9 a twelfth fewer bytes, for 10 ms an hour; reading takes the same time
MOST = 2**32 - 1
_TRIPLE = np.dtype([("series", "<u4"), ("bucket", "<u2"), ("count", "<u4")])

Numbers = NDArray[np.int64]


class Counted(NamedTuple):
    """How often each bucket of each series was met in each interval; four arrays of one length.

    The same place may stand in it several times: whoever sums adds up.
    """

    series: Numbers
    bucket: Numbers
    interval: Numbers
    times: Numbers


def fresh(series: int, counts: Numbers) -> bytes:
    """One series' counts per bucket, shape (buckets,), as triples."""
    used = np.flatnonzero(counts)
    return triples(series, used, counts[used])


def triples(series: int, buckets: Numbers, times: Numbers) -> bytes:
    """The same of the buckets that were met only, two arrays of one length.

    What four bytes cannot hold stands in several triples, whose sum counts: rows or microseconds may be as many,
    durations in ten seconds never.
    """
    if times.max(initial=0) > MOST:
        parts = -(-times // MOST)
        buckets, ends = np.repeat(buckets, parts), np.cumsum(parts) - 1
        last = times - (parts - 1) * MOST
        times = np.full(len(buckets), MOST)
        times[ends] = last
    made = np.empty(len(buckets), _TRIPLE)
    made["series"], made["bucket"], made["count"] = series, buckets, times
    return made.tobytes()


def unfresh(data: bytes | memoryview, interval: int = 0) -> Counted:
    """Triples, of one or several concatenated; all of one interval.

    Raises:
        ValueError: not a whole number of triples.
    """
    made = np.frombuffer(data, _TRIPLE)
    return Counted(
        made["series"].astype(np.int64),
        made["bucket"].astype(np.int64),
        np.full(len(made), interval, np.int64),
        made["count"].astype(np.int64),
    )


def pack(counted: Counted, buckets: int, intervals: int) -> bytes:
    """Counts of a row of `intervals` intervals; buckets and intervals are numbered from 0."""
    keys = (counted.series * buckets + counted.bucket) * intervals + counted.interval
    unique, place = np.unique(keys, return_inverse=True)
    sums = np.bincount(place, weights=counted.times, minlength=len(unique)).astype(np.int64)
    return squeeze(np.concatenate([np.diff(unique, prepend=0), sums]))


def unpack(data: bytes | memoryview, buckets: int, intervals: int) -> Counted:
    """What `pack` packed, sorted by series, bucket and interval.

    Raises:
        ValueError: the bytes are not of its making.
    """
    keys, times = unpack_keys(data)
    keys, interval = divided(keys, intervals)
    series, bucket = divided(keys, buckets)
    return Counted(series, bucket, interval, times)


def unpack_keys(data: bytes | memoryview) -> tuple[Numbers, Numbers]:
    """(keys, counts) of what `pack` packed, before keys are taken apart; each key is there once, in order.

    A key is (series * buckets + bucket) * intervals + interval.

    Raises:
        ValueError: the bytes are not of its making.
    """
    numbers = unsqueeze(data)
    half = len(numbers) // 2
    if 2 * half != len(numbers):
        raise ValueError("packed counts of an odd length: keys without counts")
    return np.cumsum(numbers[:half]), numbers[half:]


def divided(numbers: Numbers, by: int) -> tuple[Numbers, Numbers]:
    """(quotients, remainders): numpy's own divmod takes four times as long."""
    quotients = numbers // by
    return quotients, numbers - quotients * by


def squeeze(numbers: Numbers) -> bytes:
    """Whole numbers from 0 on as bytes: how many bytes each needs, then zstd of the lowest bytes, the next ones …"""
    width = max((int(numbers.max(initial=0)).bit_length() + 7) // 8, 1)
    planes = numbers.astype("<i8").view(np.uint8).reshape(-1, 8)[:, :width].T
    return bytes([width]) + zstd.compress(planes.tobytes(), LEVEL)


def unsqueeze(data: bytes | memoryview) -> Numbers:
    """What `squeeze` squeezed.

    Raises:
        ValueError: the bytes are not of its making.
    """
    data = bytes(data)
    try:
        planes = np.frombuffer(zstd.decompress(data[1:]), np.uint8).reshape(data[0], -1)
    except (IndexError, zstd.ZstdError) as exc:
        raise ValueError(f"packed numbers cannot be read: {exc}") from exc
    numbers = np.zeros((planes.shape[1], 8), np.uint8)
    for weight, plane in enumerate(planes):
        numbers[:, weight] = plane
    return numbers.view("<i8").ravel()


def compress(numbers: NDArray[np.float64]) -> bytes:
    """Numbers as bytes, with the seven digits of a four-byte float each."""
    return zstd.compress(numbers.astype("<f4").view(np.uint8).reshape(-1, 4).T.tobytes(), LEVEL)


def decompress(data: bytes | memoryview) -> NDArray[np.float64]:
    """What `compress` compressed, flat.

    Raises:
        ValueError: the bytes are not of its making.
    """
    try:
        planes = np.frombuffer(zstd.decompress(bytes(data)), np.uint8).reshape(4, -1)
    except zstd.ZstdError as exc:
        raise ValueError(f"packed numbers cannot be read: {exc}") from exc
    return np.ascontiguousarray(planes.T).view("<f4").ravel().astype(np.float64)
