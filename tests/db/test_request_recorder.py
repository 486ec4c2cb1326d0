import pytest

from db import histogram, requests
from db.requests import RequestRecorder


@pytest.fixture
def recorder() -> RequestRecorder:
    return RequestRecorder(lambda: 1005.0)


def many(recorder: RequestRecorder, count: int, status: int = 200, seconds: float = 0.1) -> None:
    for _ in range(count):
        recorder.add("/api/stats", "GET", status, seconds)


def test_each_second_speaks_of_the_last_ten(recorder: RequestRecorder) -> None:
    many(recorder, 3)
    many(recorder, 2, status=503)
    many(recorder, 1, status=404)
    first = recorder.second()
    assert (first.requests, first.errors, first.over_seconds) == (6, 2, 1)
    many(recorder, 1)
    for over in range(2, requests.WINDOW_SECONDS + 1):
        lately = recorder.second()
        assert (lately.requests, lately.errors, lately.over_seconds) == (7, 2, over)
    lately = recorder.second()
    assert (lately.requests, lately.errors, lately.over_seconds) == (1, 0, requests.WINDOW_SECONDS)
    assert recorder.second().requests == 0


def test_quantiles_are_those_of_all_routes_together(recorder: RequestRecorder) -> None:
    many(recorder, 90, seconds=0.010)
    recorder.second()
    recorder.add("/health", "GET", 200, 1.0)
    many(recorder, 9, seconds=1.0)
    lately = recorder.second()
    assert lately.p50 == pytest.approx(0.010, rel=0.0101)
    assert lately.p95 == lately.p99 == pytest.approx(1.0, rel=0.0101)


def test_a_quiet_process_has_no_quantiles(recorder: RequestRecorder) -> None:
    second = recorder.second()
    assert (second.p50, second.p95, second.p99) == (None, None, None)


def test_draining_gives_each_route_method_and_class_and_forgets(recorder: RequestRecorder) -> None:
    recorder.add("/api/stats", "GET", 200, 0.1)
    recorder.add("/api/stats", "GET", 204, 0.3)
    recorder.add("/api/stats", "GET", 500, 0.2)
    recorder.add("/health", "GET", 200, 0.01)
    drained = recorder.drain()
    assert set(drained.intervals) == {1000}
    found = drained.intervals[1000]
    assert set(found) == {("/api/stats", "GET", 2), ("/api/stats", "GET", 5), ("/health", "GET", 2)}
    assert (found["/api/stats", "GET", 2] == histogram.counts_of([0.1, 0.3])).all()
    assert recorder.totals["/api/stats", "GET", 2].sum_seconds == pytest.approx(0.4)
    assert not recorder.drain()


def test_the_pulse_and_the_flush_do_not_take_from_each_other(recorder: RequestRecorder) -> None:
    many(recorder, 5)
    assert recorder.second().requests == 5
    many(recorder, 2)
    assert recorder.drain().count == 7
    assert recorder.second().requests == 7


def test_what_was_put_back_comes_with_the_next_drain(recorder: RequestRecorder) -> None:
    many(recorder, 5, seconds=0.5)
    drained = recorder.drain()
    many(recorder, 2, seconds=0.1)
    recorder.put_back(drained)
    many(recorder, 1, status=500)
    again = recorder.drain()
    assert again.count == 8
    assert again.intervals[1000]["/api/stats", "GET", 2].sum() == 7


def test_a_request_counts_in_the_interval_in_which_it_ended() -> None:
    now = [1009.9]
    recorder = RequestRecorder(lambda: now[0])
    many(recorder, 2)
    now[0] = 1010.0
    many(recorder, 3)
    found = recorder.drain().intervals
    assert {start: int(one["/api/stats", "GET", 2].sum()) for start, one in found.items()} == {
        1000: 2,
        1010: 3,
    }


def test_the_second_speaks_of_the_api_only(recorder: RequestRecorder) -> None:
    recorder.add("page overview", "PAGE", 503, 0.1)
    recorder.add("probe health", "PROBE", 599, 0.1)
    assert recorder.second().requests == 0
    assert recorder.drain().count == 2


def test_an_outage_folds_the_oldest_intervals_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "HISTOGRAMS_KEPT", 5)
    now = [0.0]
    recorder = RequestRecorder(lambda: now[0])
    for start in range(0, 100, 10):
        now[0] = start
        many(recorder, 1)
        recorder.second()
    drained = recorder.drain()
    assert sorted(drained.intervals) == [50, 60, 70, 80, 90]
    assert drained.count == 10


def test_routes_beyond_the_limit_share_one_label(
    recorder: RequestRecorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(requests, "KEYS_KEPT", 2)
    for number in range(5):
        recorder.add(f"/api/{number}", "GET", 200, 0.1)
    recorder.second()
    assert recorder.totals[requests.OTHER, "GET", 2].count == 3
    assert len(recorder.totals) == 3


def test_what_was_put_back_does_not_grow_by_what_the_next_second_counts(recorder: RequestRecorder) -> None:
    many(recorder, 5)
    recorder.put_back(recorder.drain())
    recorder.second()
    many(recorder, 1)
    assert recorder.second().requests == 6
    assert recorder.drain().count == 6


def test_memory_is_bounded_however_many_requests_come(recorder: RequestRecorder) -> None:
    for _ in range(2 * requests.FOLD_AT + 5):
        recorder.add("/api/stats", "GET", 200, 0.001)
        assert len(recorder._recent) < requests.FOLD_AT
    assert recorder.second().requests == recorder.drain().count == 2 * requests.FOLD_AT + 5
