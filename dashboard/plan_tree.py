"""A plan as a picture: its nodes as a tree, each over a bar for its own part of the cost, the costliest marked."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import plotly.graph_objects as go

from dashboard import charts

ROW_PIXELS, INDENT_PIXELS = 44, 18
BAR, BAR_OPACITY = 0.86, 0.24  # of a row's height; faint, because words stand on it
DEEPEST_INDENT = 8  # what lies deeper is not moved further in, or nothing of it would be left to read
LETTERS, LETTERS_ON_A_PHONE = 120, 46


class Node(Protocol):
    """What is drawn of a plan's node, such as db.plan_tree.PlanNode: costs and rows as PostgreSQL estimates them."""

    @property
    def kind(self) -> str: ...
    @property
    def target(self) -> str | None: ...
    @property
    def index(self) -> str | None: ...
    @property
    def condition(self) -> str | None: ...
    @property
    def rows(self) -> float: ...
    @property
    def cost(self) -> float: ...
    @property
    def own_cost(self) -> float: ...
    @property
    def own_share(self) -> float: ...
    @property
    def children(self) -> "Sequence[Node]": ...
    @property
    def costliest(self) -> bool: ...
    @property
    def warning(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Placed:
    """A node in its row, counted from the root's 0; `parent` is the row that it hangs from."""

    node: Node
    row: int
    depth: int
    parent: int | None


def placed(root: Node) -> list[Placed]:
    """Every node from the root down, what feeds a node below it."""
    found: list[Placed] = []

    def place(node: Node, depth: int, parent: int | None) -> None:
        row = len(found)
        found.append(Placed(node, row, depth, parent))
        for child in node.children:
            place(child, depth + 1, row)

    place(root, 0, None)
    return found


def draw(root: Node, letters: int = LETTERS) -> go.Figure:
    """A row for each node: what it does on what, where it takes its rows from below it, and its own part of the cost.

    Args:
        letters: how many fit into a row.
    """
    rows = placed(root)
    figure = go.Figure()
    figure.add_bar(
        orientation="h",
        x=[100 * one.node.own_share for one in rows],
        y=[one.row for one in rows],
        width=BAR,
        marker={"color": [_color(one.node) for one in rows], "line": {"width": 0}, "opacity": BAR_OPACITY},
        customdata=[_hover(one.node) for one in rows],
        hovertemplate="%{customdata}<extra></extra>",
    )
    for one in rows:
        _write(figure, one, letters)
        if one.parent is not None:
            _connect(figure, one, rows[one.parent])
    figure.update_layout(
        height=ROW_PIXELS * len(rows) + 8,
        margin={"l": 4, "r": 4, "t": 4, "b": 4},
        showlegend=False,
        hovermode="y",
        dragmode=False,
        xaxis={"range": [0, 100], "visible": False, "fixedrange": True},
        yaxis={"range": [len(rows) - 0.5, -0.5], "visible": False, "fixedrange": True},
    )
    return figure


def name_of(node: Node) -> str:
    """`Index Scan on posts by posts_by_score`."""
    on = f" on {node.target}" if node.target else ""
    return f"{node.kind}{on}" + (f" by {node.index}" if node.index else "")


def in_words(root: Node) -> str:
    """Where the cost lies, in a sentence, and what stands out."""
    rows = [one.node for one in placed(root)]
    most = next(node for node in rows if node.costliest)
    said = f"{100 * most.own_share:.0f} % of the estimated cost lies in {name_of(most)}."
    return " ".join([said, *(f"{node.warning}." for node in rows if node.warning)])


def _color(node: Node) -> str:
    """Red only where something is likely wrong: some node is the costliest in every plan."""
    if node.warning:
        return charts.RED
    return charts.AMBER if node.costliest else charts.GRAY


def _write(figure: go.Figure, one: Placed, letters: int) -> None:
    node = one.node
    color = _color(node) if node.costliest or node.warning else charts.TEXT
    share = f"{100 * node.own_share:.0f} %" + (" ◀ costliest" if node.costliest else "")
    left = letters - len(share) - _indent(one) // 6
    lines = [f"<b>{_escaped(name_of(node), left)}</b>"]
    if below := node.warning or node.condition:
        lines.append(f'<span style="font-size:11px">{_escaped(below, left)}</span>')
    common = {
        "xref": "paper",
        "y": one.row,
        "yref": "y",
        "yanchor": "middle",
        "yshift": 2,
        "showarrow": False,
    }
    figure.add_annotation(
        text="<br>".join(lines), x=0, xanchor="left", xshift=_indent(one) + 4, align="left",
        font={"size": 13, "color": color}, **common,
    )  # fmt: skip
    figure.add_annotation(
        text=share,
        x=1,
        xanchor="right",
        xshift=-6,
        align="right",
        font={"size": 12, "color": color},
        **common,
    )


def _connect(figure: go.Figure, one: Placed, parent: Placed) -> None:
    """From below the parent's first letter down to the node's row, and across to its own."""
    bend, end = _indent(parent) + 10, _indent(one) + 2
    line = {"width": 1, "color": charts.GRAY}
    at = {"xsizemode": "pixel", "xanchor": 0, "yref": "y", "line": line}
    figure.add_shape(type="line", x0=bend, x1=bend, y0=parent.row + 0.36, y1=one.row, **at)
    if end > bend:
        figure.add_shape(type="line", x0=bend, x1=end, y0=one.row, y1=one.row, **at)


def _indent(one: Placed) -> int:
    return INDENT_PIXELS * min(one.depth, DEEPEST_INDENT)


def _hover(node: Node) -> str:
    lines = [
        f"<b>{_escaped(name_of(node), LETTERS)}</b>",
        f"own cost {node.own_cost:,.0f} of {node.cost:,.0f} with what feeds it, {node.rows:,.0f} rows",
        *(_escaped(text, 2 * LETTERS) for text in (node.warning, node.condition) if text),
    ]
    return "<br>".join(lines)


def _escaped(text: str, letters: int) -> str:
    """At most so many letters, and none of them markup."""
    return html.escape(text if len(text) <= letters else f"{text[: max(letters - 1, 1)]}…", quote=False)
