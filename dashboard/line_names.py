"""Names of lines in a row above a chart, where there is no room beside it."""

import plotly.graph_objects as go

from dashboard.charts import LEFT

NAMES_PIXELS = 30  # for the lines' names above a chart
NAMES_ABOVE = 14  # which leaves room for the labels of deployments
LETTER_PIXELS = 6.2
BETWEEN_NAMES = 16


def above(figure: go.Figure) -> None:
    """Several lines' names in a row above the chart, as there is no room for them beside it, and above the labels of
    deployments."""
    at_ends = {name.text: name for name in figure.layout.annotations}
    figure.layout.annotations = ()
    left = float(-LEFT)
    for trace in figure.data:
        if trace.name not in at_ends:
            continue
        figure.add_annotation(
            text=trace.name, x=0, xref="paper", xanchor="left", xshift=left, y=1, yref="paper", yanchor="bottom",
            yshift=NAMES_ABOVE, showarrow=False, name="line", font=at_ends[trace.name].font,
        )  # fmt: skip
        left += len(trace.name) * LETTER_PIXELS + BETWEEN_NAMES
    if at_ends:
        figure.update_layout(margin={"t": NAMES_PIXELS})
