"""The two text formats: Prometheus's own 0.0.4, which people read and promtool checks, and OpenMetrics 1.0.

They differ in how a counter's family is named, in escaping help, and in the last line.
Sources: prometheus.io/docs/instrumenting/exposition_formats, and the OpenMetrics specification 1.0.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from api.exposition.buckets import EDGES, last_bucket_within
from api.exposition.families import AnyFamily, DurationFamily, Labels

PLAIN = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
_IN_HELP = str.maketrans({"\\": r"\\", "\n": r"\n"})
_IN_QUOTES = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})


def plain(families: Iterable[AnyFamily]) -> bytes:
    """Prometheus's text format 0.0.4."""
    return "".join(line for family in families for line in _lines(family, openmetrics=False)).encode()


def openmetrics(families: Iterable[AnyFamily]) -> bytes:
    """OpenMetrics 1.0."""
    lines = "".join(line for family in families for line in _lines(family, openmetrics=True))
    return f"{lines}# EOF\n".encode()


def _lines(family: AnyFamily, openmetrics: bool) -> Iterator[str]:
    """A family without samples is not told at all."""
    if not family.samples:
        return
    kind = "histogram" if isinstance(family, DurationFamily) else family.kind
    name = family.name.removesuffix("_total") if openmetrics and kind == "counter" else family.name
    yield f"# HELP {name} {family.help.translate(_IN_QUOTES if openmetrics else _IN_HELP)}\n"
    yield f"# TYPE {name} {kind}\n"
    if isinstance(family, DurationFamily):
        yield from _histograms(family)
    else:
        for labels, value in family.samples:
            written = _written(labels)
            yield f"{family.name}{{{written}}} {value}\n" if written else f"{family.name} {value}\n"


def _histograms(family: DurationFamily) -> Iterator[str]:
    name = family.name
    edges = tuple(sorted({*EDGES, *family.edges}))
    last = last_bucket_within(edges) + 1
    for labels, durations in family.samples:
        written = _written(labels)
        begun = f"{name}_bucket{{{written}{',' if written else ''}le="
        up_to = np.concatenate(([0], np.cumsum(durations.counts)))
        for edge, count in zip(edges, up_to[last].tolist(), strict=True):
            yield f'{begun}"{edge}"}} {count}\n'
        yield f'{begun}"+Inf"}} {up_to[-1]}\n'
        yield f"{name}_sum{{{written}}} {durations.sum_seconds}\n"
        yield f"{name}_count{{{written}}} {up_to[-1]}\n"


def _written(labels: Labels) -> str:
    return ",".join(f'{name}="{value.translate(_IN_QUOTES)}"' for name, value in labels.items())
