"""Limits and objectives in a chart: thin labelled lines, or words where a line would flatten all others."""

from collections.abc import Iterable
from typing import NamedTuple

import plotly.graph_objects as go

from dashboard import charts

FAR = 4  # a limit so many times above all readings is told in words
HEADROOM = 1.15  # over the uppermost limit, for its label


class Limit(NamedTuple):
    """At which value, in the chart's unit; what it is; the value as it is written."""

    at: float
    name: str
    written: str


def draw(figure: go.Figure, highest: float, limits: Iterable[Limit]) -> str:
    """A line for each limit that is near enough; in words those that are not.

    Args:
        figure: its scale begins at zero. It is changed.
        highest: of all readings, in the chart's unit.
    """
    uppermost, far = 0.0, []
    for limit in limits:
        if limit.at > FAR * highest:
            far.append(f"{limit.name} {limit.written}")
        else:
            charts.draw_threshold(figure, limit.at, f"{limit.name}: {limit.written}")
            uppermost = max(uppermost, limit.at)
    if uppermost * HEADROOM > highest:
        figure.update_yaxes(range=[0, uppermost * HEADROOM])
        charts.keep_names_apart(figure)
    return ", ".join(far)
