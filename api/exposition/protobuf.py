"""Prometheus's protobuf format, the only one in which its servers read native histograms.

Each `io.prometheus.client.MetricFamily` with its length before it. Written by hand, because it is five small messages
and prometheus_client has text only, in which it takes five times as long as ours. Field numbers are those of
github.com/prometheus/client_model, metrics.proto; how fields become bytes stands at
protobuf.dev/programming-guides/encoding.
"""

import struct
from collections.abc import Iterable

from api.exposition.buckets import SCHEMA, native
from api.exposition.families import AnyFamily, DurationFamily, Durations, Labels

CONTENT_TYPE = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
_KINDS = {"counter": 0, "gauge": 1, "histogram": 4}
_FIELDS = {"gauge": 2, "counter": 3, "histogram": 7}  # of Metric, for each kind's message


def delimited(families: Iterable[AnyFamily]) -> bytes:
    """Each family that has samples, with its length before it."""
    messages = [_family(family) for family in families if family.samples]
    return b"".join(_varint(len(message)) + message for message in messages)


def _family(family: AnyFamily) -> bytes:
    kind = "histogram" if isinstance(family, DurationFamily) else family.kind
    field = _FIELDS[kind]
    metrics = (_bytes(4, _labels(labels) + _bytes(field, _value(value))) for labels, value in family.samples)
    described = _bytes(1, family.name.encode()) + _bytes(2, family.help.encode()) + _number(3, _KINDS[kind])
    return described + b"".join(metrics)


def _labels(labels: Labels) -> bytes:
    pairs = (_bytes(1, name.encode()) + _bytes(2, value.encode()) for name, value in labels.items())
    return b"".join(_bytes(1, pair) for pair in pairs)


def _value(value: float | Durations) -> bytes:
    return _histogram(value) if isinstance(value, Durations) else _double(1, value)


def _histogram(durations: Durations) -> bytes:
    spans, deltas = native(durations.counts)
    return b"".join(
        (
            _number(1, int(durations.counts.sum())),
            _double(2, durations.sum_seconds),
            _number(5, _zigzag(SCHEMA)),
            *(_bytes(12, _number(1, _zigzag(offset)) + _number(2, length)) for offset, length in spans),
            _bytes(13, b"".join(_varint(_zigzag(delta)) for delta in deltas)),
        )
    )


def _bytes(field: int, value: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(value)) + value


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _double(field: int, value: float) -> bytes:
    return _varint(field << 3 | 1) + struct.pack("<d", value)


def _varint(value: int) -> bytes:
    """Seven bits a byte, the lowest first; the eighth says that more follow."""
    written = bytearray()
    while value > 0x7F:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _zigzag(value: int) -> int:
    """Signed numbers so that small ones stay short: 0, -1, 1, -2 as 0, 1, 2, 3."""
    return value << 1 if value >= 0 else (-value << 1) - 1
