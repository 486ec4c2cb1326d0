"""Prometheus's protobuf messages as Google's own library reads them: our bytes are checked by foreign eyes.

Declared from github.com/prometheus/client_model, metrics.proto, as far as we write them.
"""

from io import BytesIO
from typing import Any

from google.protobuf import descriptor_pool, message_factory, proto
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto

PACKAGE = "io.prometheus.client"
GAUGE, COUNTER, HISTOGRAM = 1, 0, 4  # of enum MetricType
MESSAGES = {  # name: number, type, and "*" when repeated
    "LabelPair": {"name": (1, "string"), "value": (2, "string")},
    "Gauge": {"value": (1, "double")},
    "Counter": {"value": (1, "double")},
    "BucketSpan": {"offset": (1, "sint32"), "length": (2, "uint32")},
    "Histogram": {
        "sample_count": (1, "uint64"),
        "sample_sum": (2, "double"),
        "schema": (5, "sint32"),
        "positive_span": (12, "BucketSpan*"),
        "positive_delta": (13, "sint64*"),
    },
    "Metric": {
        "label": (1, "LabelPair*"),
        "gauge": (2, "Gauge"),
        "counter": (3, "Counter"),
        "histogram": (7, "Histogram"),
    },
    "MetricFamily": {
        "name": (1, "string"),
        "help": (2, "string"),
        "type": (3, "int32"),
        "metric": (4, "Metric*"),
    },
}


def read(delimited: bytes) -> list[Any]:
    """Every MetricFamily; fails when there is a field that metrics.proto has not."""
    stream, found = BytesIO(delimited), []
    while stream.tell() < len(delimited):
        found.append(proto.parse_length_prefixed(_MetricFamily, stream))
    assert b"".join(_prefixed(one) for one in found) == delimited
    return found


def buckets(histogram: Any) -> dict[int, int]:
    """Counts by bucket of a native histogram, undone from its spans and deltas."""
    counts: dict[int, int] = {}
    deltas, bucket, count = iter(histogram.positive_delta), 0, 0
    for span in histogram.positive_span:
        bucket += span.offset
        for _ in range(span.length):
            counts[bucket] = count = count + next(deltas)
            bucket += 1
    assert next(deltas, None) is None
    return counts


def _prefixed(message: Any) -> bytes:
    stream = BytesIO()
    proto.serialize_length_prefixed(message, stream)
    return stream.getvalue()


def _declared() -> Any:
    file = FileDescriptorProto(name="metrics.proto", package=PACKAGE, syntax="proto2")
    for name, fields in MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            told = message.field.add(name=field, number=number)
            told.label = told.LABEL_REPEATED if kind.endswith("*") else told.LABEL_OPTIONAL
            kind = kind.rstrip("*")
            told.type = (
                told.TYPE_MESSAGE
                if kind in MESSAGES
                else getattr(FieldDescriptorProto, f"TYPE_{kind.upper()}")
            )
            if kind in MESSAGES:
                told.type_name = f".{PACKAGE}.{kind}"
            elif told.label == told.LABEL_REPEATED:
                told.options.packed = True
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{PACKAGE}.MetricFamily"))


_MetricFamily = _declared()
