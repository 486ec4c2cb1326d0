"""A plan as a picture: rows, marks, and what a hostile name may not do to it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from dashboard import charts, plan_tree
from dashboard.plan_tree import DEEPEST_INDENT, INDENT_PIXELS, ROW_PIXELS


@dataclass(frozen=True)
class Step:
    kind: str = "Seq Scan"
    target: str | None = "posts"
    index: str | None = None
    condition: str | None = None
    rows: float = 10.0
    cost: float = 100.0
    own_cost: float = 100.0
    own_share: float = 1.0
    children: "Sequence[Step]" = field(default_factory=tuple)
    costliest: bool = False
    warning: str | None = None


SCAN = Step(own_share=0.7, costliest=True, condition="(score > ?)")
LOOKUP = Step("Index Scan", "subreddits", "subreddits_pkey", own_share=0.2)
JOIN = Step("Hash Join", None, own_share=0.1, children=(SCAN, LOOKUP))


def texts(root: Step, letters: int = plan_tree.LETTERS) -> list[str]:
    """What stands at the left of each row."""
    return [one.text for one in plan_tree.draw(root, letters).layout.annotations if one.xanchor == "left"]


def shares(root: Step) -> list[str]:
    return [one.text for one in plan_tree.draw(root).layout.annotations if one.xanchor == "right"]


def colors(root: Step) -> tuple[Any, ...]:
    return tuple(plan_tree.draw(root).data[0].marker.color)


def chain(depth: int) -> Step:
    root = SCAN
    for _ in range(depth):
        root = Step("Nested Loop", None, own_share=0.0, children=(root,))
    return root


def test_each_node_is_a_row_over_a_bar_for_its_own_part() -> None:
    figure = plan_tree.draw(JOIN)
    (bars,) = figure.data
    assert [round(x) for x in bars.x] == [10, 70, 20]
    assert list(bars.y) == [0, 1, 2]
    assert figure.layout.height == 3 * ROW_PIXELS + 8
    assert texts(JOIN) == [
        "<b>Hash Join</b>",
        '<b>Seq Scan on posts</b><br><span style="font-size:11px">(score &gt; ?)</span>',
        "<b>Index Scan on subreddits by subreddits_pkey</b>",
    ]


def test_what_feeds_a_node_hangs_from_it() -> None:
    assert [(one.row, one.depth, one.parent) for one in plan_tree.placed(JOIN)] == [
        (0, 0, None),
        (1, 1, 0),
        (2, 1, 0),
    ]
    lines = plan_tree.draw(JOIN).layout.shapes
    assert len(lines) == 4, "down and across for each of the two"
    assert {(line.y0 < line.y1, line.x0 < line.x1) for line in lines} == {(True, False), (False, True)}


def test_the_costliest_is_marked_and_only_what_is_likely_wrong_is_red() -> None:
    assert shares(JOIN) == ["10 %", "70 % ◀ costliest", "20 %"]
    assert colors(JOIN) == (charts.GRAY, charts.AMBER, charts.GRAY)
    warned = Step(costliest=True, warning="Reads all of posts to keep some 12 rows")
    assert colors(warned) == (charts.RED,)
    assert "Reads all of posts" in texts(warned)[0]


def test_where_the_cost_lies_is_said_in_words_too() -> None:
    assert plan_tree.in_words(JOIN) == "70 % of the estimated cost lies in Seq Scan on posts."
    warned = Step(costliest=True, own_share=1.0, warning="Sorts some 15 MiB")
    assert plan_tree.in_words(warned).endswith("lies in Seq Scan on posts. Sorts some 15 MiB.")


@pytest.mark.parametrize("field", ["kind", "target", "index", "condition", "warning"])
def test_hostile_text_is_no_markup(field: str) -> None:
    figure = plan_tree.draw(Step(**{field: "<b>x</b><a href='javascript:alert(1)'>"}))
    written = "".join([*(one.text for one in figure.layout.annotations), *figure.data[0].customdata])
    assert "&lt;b&gt;x&lt;/b&gt;" in written
    assert "<a" not in written
    assert "<b>x" not in written


def test_a_deep_plan_is_moved_in_only_so_far_and_keeps_every_row() -> None:
    deep = chain(40)
    figure = plan_tree.draw(deep)
    shifts = [one.xshift for one in figure.layout.annotations if one.xanchor == "left"]
    assert len(shifts) == 41
    assert max(shifts) == DEEPEST_INDENT * INDENT_PIXELS + 4
    assert all(text.startswith("<b>Nested") or "Seq Scan on posts" in text for text in texts(deep))


def test_on_a_phone_no_line_is_longer_than_its_letters() -> None:
    letters = plan_tree.LETTERS_ON_A_PHONE
    long = Step(target="a_table_with_a_very_long_name_" * 4, condition="c" * 200, own_share=0.5)
    name, below = (
        line.removeprefix("<b>").removesuffix("</b>") for line in texts(long, letters)[0].split("<br>")
    )
    assert len(name) + len("50 %") <= letters
    assert name.endswith("…")
    assert below.count("c") + len("…") + len("50 %") <= letters
    assert max(len(text) for text in texts(long)) > letters, "wide screens show more"
