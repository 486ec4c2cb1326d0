"""A probe's chart: gaps where checks are missing, crosses where they failed, bands where it was down."""

from datetime import UTC, datetime, timedelta

from dashboard.probe_charts import MOST_BANDS, Step, checks, with_gaps
from dashboard.ranges import TimeAxis

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
AXIS = TimeAxis(BEGAN, BEGAN + timedelta(hours=1), 10, False)


def minute(n: float) -> datetime:
    return BEGAN + timedelta(minutes=n)


def test_steps_between_two_checks_are_no_gap_but_missing_checks_are() -> None:
    steps = [Step(minute(n), 0.1, 0.1) for n in (0, 1, 2, 9)]
    between = Step(minute(0.5), None, None)
    spaced = with_gaps([steps[0], between, *steps[1:]], 150)
    assert [step.p50 for step in spaced] == [0.1, 0.1, 0.1, None, 0.1]


def test_milliseconds_crosses_and_names() -> None:
    figure = checks([Step(minute(1), 0.1, 0.2, 3), Step(minute(2), 0.1, 0.25)], [], 60, AXIS, UTC)
    p50, p95, failed = figure.data
    assert (list(p95.y), p50.text, p95.text) == ([200, 250], ("", " p50"), ("", " p95"))
    assert (list(failed.x), list(failed.customdata)) == (["2026-01-01T00:01:00"], [3])


def test_outages_are_bands_within_the_range_and_the_long_ones_say_so() -> None:
    outages = [
        {"began_at": minute(50), "ended_at": None},
        {"began_at": minute(30), "ended_at": minute(30.01)},
        {"began_at": minute(-90), "ended_at": minute(6)},
    ]
    figure = checks([], outages, 60, AXIS, UTC)
    bands = [(shape.x0[11:], shape.x1[11:]) for shape in figure.layout.shapes]
    assert bands == [("00:50:00", "01:00:00"), ("00:30:00", "00:30:12"), ("00:00:00", "00:06:00")]
    assert [note.text for note in figure.layout.annotations] == ["✕ down", "✕ down"]
    assert len(checks([], outages * MOST_BANDS, 60, AXIS, UTC).layout.shapes) == MOST_BANDS
