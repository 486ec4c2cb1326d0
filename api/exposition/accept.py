"""Which format a scraper gets: the one it likes best of those there are, else text."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from api.exposition import protobuf, text
from api.exposition.families import AnyFamily


@dataclass(frozen=True, slots=True)
class Format:
    """What it is called in a header, and how families are written in it."""

    content_type: str
    encode: Callable[[Iterable[AnyFamily]], bytes]


PLAIN = Format(text.PLAIN, text.plain)
OPENMETRICS = Format(text.OPENMETRICS, text.openmetrics)
PROTOBUF = Format(protobuf.CONTENT_TYPE, protobuf.delimited)


def format_for(accept: str) -> Format:
    """The format for an Accept header; of several liked the same, the one named first, as Prometheus does."""
    liked = [
        (_quality(parameters), _format(kind, parameters))
        for kind, parameters in map(_entry, accept.split(","))
    ]
    best = max((quality for quality, found in liked if found), default=0.0)
    return next((found for quality, found in liked if found and 0 < quality == best), PLAIN)


def _entry(written: str) -> tuple[str, dict[str, str]]:
    """`text/plain; q=0.5` as its type and its parameters. A quoted comma or semicolon is in none of ours."""
    kind, *parameters = written.split(";")
    pairs = (one.partition("=") for one in parameters)
    return kind.strip().lower(), {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def _format(kind: str, parameters: dict[str, str]) -> Format | None:
    version = parameters.get("version")
    match kind:
        case "application/vnd.google.protobuf":
            asked = (parameters.get("proto"), parameters.get("encoding"))
            return PROTOBUF if asked == ("io.prometheus.client.MetricFamily", "delimited") else None
        case "application/openmetrics-text":
            return OPENMETRICS if version in (None, "1.0.0") else None
        case "text/plain" | "text/*" | "*/*":
            return PLAIN if version in (None, "0.0.4") else None
    return None


def _quality(parameters: dict[str, str]) -> float:
    try:
        quality = float(parameters.get("q", "1"))
    except ValueError:
        return 0.0
    return quality if quality <= 1 else 0.0  # which no `nan` is
