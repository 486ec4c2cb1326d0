"""Bands and lines that say what happened beside a chart's own data."""

from datetime import UTC, datetime, timedelta
from typing import Any

import plotly.graph_objects as go

from dashboard import charts, marks
from dashboard.marks import Marks, bands, mark, told
from dashboard.ranges import TimeAxis

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
AXIS = TimeAxis(NOON, NOON + timedelta(hours=1), 30, live=False)


def run(
    minute: float, seconds: float, job: str = "collect_posts", outcome: str = "succeeded"
) -> dict[str, Any]:
    began = NOON + timedelta(minutes=minute)
    finished = None if outcome == "running" else began + timedelta(seconds=seconds)
    return {"job": job, "outcome": outcome, "started_at": began, "finished_at": finished}


def deployment(minute: float, what: str | None = None) -> dict[str, Any]:
    return {"at": NOON + timedelta(minutes=minute), "version": "0.1.0 abc", "what": what}


def minutes(found: list[marks.Band]) -> list[tuple[float, float, int]]:
    begin = NOON.timestamp()
    return [((since - begin) / 60, (until - begin) / 60, count) for since, until, count in found]


def test_runs_that_overlap_are_darker_where_they_do() -> None:
    assert minutes(bands([run(0, 600), run(5, 600)], AXIS)) == [(0, 5, 1), (5, 10, 2), (10, 15, 1)]


def test_what_still_runs_reaches_to_the_end_and_what_began_before_to_the_beginning() -> None:
    assert minutes(bands([run(50, 0, outcome="running")], AXIS)) == [(50, 60, 1)]
    assert minutes(bands([run(-30, 2400)], AXIS)) == [(0, 10, 1)]


def test_a_run_too_short_to_be_seen_is_left_out_unless_it_failed() -> None:
    assert bands([run(5, 2)], AXIS) == []
    ((since, until, _),) = minutes(bands([run(5, 2, outcome="failed")], AXIS))
    assert (since, until) == (5, 5.15)


def test_however_many_runs_there_are_the_bands_are_few() -> None:
    year = TimeAxis(NOON, NOON + timedelta(days=365), 172_800, live=False)
    runs = [run(900 * number, 4, outcome="failed") for number in range(500)]
    assert 1 <= len(bands(runs, year)) <= marks.MOST_BANDS


def test_the_hover_names_jobs_with_duration_and_outcome_the_failed_first() -> None:
    runs = [run(0.1, 12), run(0.2, 3), run(0.3, 1, "refresh_subreddits", "failed")]
    ((at, text),) = told(Marks(runs), AXIS)
    assert at == NOON
    assert text.split("<br>") == [
        "✕ refresh_subreddits 1 s, failed",
        "collect_posts 2 times, at most 12 s, succeeded",
    ]


def test_the_hover_says_how_many_more_there_were() -> None:
    ((_, text),) = told(Marks([run(0, 9, f"job{number}") for number in range(6)]), AXIS)
    assert text.split("<br>")[-1] == "and 2 more"


def test_a_deployment_is_a_line_with_its_words_that_cannot_be_markup() -> None:
    figure = charts.over(AXIS, UTC, charts.calm(go.Figure(), "ms", 200))
    mark(figure, Marks((), [deployment(10, "<b>index</b>")]), AXIS, UTC)
    (line,) = figure.layout.shapes
    assert (line.x0, line.name) == ("2026-11-24T12:10:00", "deployment")
    assert figure.layout.annotations[0].text == "&lt;b&gt;index&lt;/b&gt;"
    assert figure.data[0].text == ("deployed: &lt;b&gt;index&lt;/b&gt;",)


def test_deployments_close_to_each_other_share_a_label() -> None:
    figure = charts.calm(go.Figure(), "ms", 200)
    mark(figure, Marks((), [deployment(1), deployment(2), deployment(40)]), AXIS, UTC)
    assert len(figure.layout.shapes) == 3
    assert [label.text for label in figure.layout.annotations] == ["0.1.0 abc +1", "0.1.0 abc"]


def test_a_label_at_the_end_stands_before_its_line() -> None:
    figure = charts.calm(go.Figure(), "ms", 200)
    mark(figure, Marks((), [deployment(59)]), AXIS, UTC)
    assert figure.layout.annotations[0].xanchor == "right"


def test_nothing_happened_leaves_a_chart_as_it_was() -> None:
    before = charts.calm(go.Figure(), "ms", 200)
    assert mark(go.Figure(before), Marks(), AXIS, UTC) == before


def test_bands_are_told_apart_by_opacity_alone() -> None:
    figure = mark(charts.calm(go.Figure(), "ms", 200), Marks([run(0, 600), run(5, 600)]), AXIS, UTC)
    assert len({shape.fillcolor for shape in figure.layout.shapes}) == 1
    assert len({shape.opacity for shape in figure.layout.shapes}) == 2
    assert figure.layout.shapes[0].path.startswith("M2026-11-24_12:00:00,0L")


def test_a_legend_makes_room_for_the_labels_of_deployments() -> None:
    figure = charts.answers([], UTC, AXIS)
    before = figure.layout.legend.y
    mark(figure, Marks((), [deployment(10)]), AXIS, UTC)
    assert figure.layout.legend.y > before
