import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
import pytest

import pulse as module
from pulse import BACKLOG_FRAMES, HISTORY_FRAMES, Message, Part, Pulse


class Clock:
    """Epoch seconds that only a test moves on."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += seconds
        await asyncio.sleep(0)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pulse(clock: Clock) -> Pulse:
    return Pulse(clock)


def counting() -> Callable[[], Part]:
    """A publisher of 1, 2, 3 …"""
    counts = iter(range(1, 100_000))
    return lambda: Part(series={"n": next(counts)})


async def take(stream: AsyncIterator[Message], count: int) -> list[dict[str, Any]]:
    async with asyncio.timeout(5):
        return [{"kind": (one := await anext(stream)).kind} | orjson.loads(one.data) for _ in range(count)]


def ticks(pulse: Pulse, clock: Clock, count: int) -> list[Message]:
    messages = []
    for _ in range(count):
        clock.now += 1
        messages.append(pulse.tick())
    return messages


async def test_the_history_comes_first_and_then_each_frame(pulse: Pulse, clock: Clock) -> None:
    pulse.publish(counting())
    ticks(pulse, clock, 2)
    stream = pulse.listen()
    (history,) = await take(stream, 1)
    assert (history["kind"], history["at"], history["series"]) == ("history", [1001, 1002], {"n": [1, 2]})
    last = ticks(pulse, clock, 1)[0]
    (frame,) = await take(stream, 1)
    assert (frame["kind"], frame["at"], frame["series"]) == ("frame", 1003, {"n": 3})
    assert frame["id"] == last.id != history["id"]
    await stream.aclose()


async def test_nothing_comes_twice_and_nothing_is_left_out_between_history_and_frames(
    pulse: Pulse, clock: Clock
) -> None:
    pulse.publish(counting())
    ticks(pulse, clock, 3)
    stream = pulse.listen()
    (history,) = await take(stream, 1)
    ticks(pulse, clock, 2)
    frames = await take(stream, 2)
    assert history["series"]["n"] + [frame["series"]["n"] for frame in frames] == [1, 2, 3, 4, 5]
    await stream.aclose()


async def test_who_comes_back_gets_what_was_missed(pulse: Pulse, clock: Clock) -> None:
    pulse.publish(counting())
    seen = ticks(pulse, clock, 3)[1]
    ticks(pulse, clock, 2)
    missed = orjson.loads(pulse.history(seen.id).data)
    assert missed["series"] == {"n": [3, 4, 5]}
    newest = ticks(pulse, clock, 1)[0]
    nothing = orjson.loads(pulse.history(newest.id).data)
    assert (nothing["at"], nothing["series"], nothing["id"]) == ([], {}, newest.id)


@pytest.mark.parametrize(
    "foreign",
    [
        "",
        "5",
        "-",
        "-5",
        "feedface-2",
        "{epoch}-",
        "{epoch}-x",
        "{epoch}--1",
        "{epoch}-2.5",
        "{epoch}-²",
        "{epoch}",
        "{epoch}-4",
        "{epoch}-" + "9" * 5000,
    ],
    ids=lambda text: text[:20],
)
def test_an_id_that_is_not_ours_gets_everything(pulse: Pulse, clock: Clock, foreign: str) -> None:
    ticks(pulse, clock, 3)
    found = orjson.loads(pulse.history(foreign.format(epoch=pulse.epoch)).data)
    assert found["at"] == [1001, 1002, 1003]


def test_another_process_gives_out_other_ids(clock: Clock) -> None:
    assert Pulse(clock).tick().id != Pulse(clock).tick().id


async def test_a_slow_listener_loses_the_oldest_and_memory_is_bounded(pulse: Pulse, clock: Clock) -> None:
    pulse.publish(counting())
    stream = pulse.listen()
    await take(stream, 1)
    ticks(pulse, clock, 100)
    (listener,) = pulse._listeners
    assert len(listener._waiting) == BACKLOG_FRAMES
    assert listener.lost == 100 - BACKLOG_FRAMES
    frames = await take(stream, BACKLOG_FRAMES)
    assert [frame["series"]["n"] for frame in frames] == list(range(101 - BACKLOG_FRAMES, 101))
    await stream.aclose()


async def test_a_slow_listener_costs_the_others_nothing(pulse: Pulse, clock: Clock) -> None:
    slow, quick = pulse.listen(), pulse.listen()
    await take(slow, 1)
    await take(quick, 1)
    for number in range(3 * BACKLOG_FRAMES):
        ticks(pulse, clock, 1)
        assert (await take(quick, 1))[0]["at"] == 1001 + number
    await slow.aclose()
    await quick.aclose()


def test_history_is_bounded_to_fifteen_minutes(pulse: Pulse, clock: Clock) -> None:
    ticks(pulse, clock, HISTORY_FRAMES + 5)
    at = orjson.loads(pulse.history().data)["at"]
    assert (len(at), at[0], at[-1]) == (HISTORY_FRAMES, 1006, 1000 + HISTORY_FRAMES + 5)


async def test_frames_and_histories_are_encoded_once_for_all(
    pulse: Pulse, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    encodings: list[object] = []

    class Counting:
        @staticmethod
        def dumps(value: object) -> bytes:
            encodings.append(value)
            return orjson.dumps(value)

    monkeypatch.setattr(module, "orjson", Counting)
    streams = [pulse.listen() for _ in range(50)]
    for stream in streams:
        await take(stream, 1)
    assert len(encodings) == 1
    ticks(pulse, clock, 1)
    messages = [await anext(stream) for stream in streams]
    assert len(encodings) == 2
    assert all(message is messages[0] for message in messages)
    assert pulse.listeners == 50
    for stream in streams:
        await stream.aclose()
    assert pulse.listeners == 0


async def test_closing_ends_every_listeners_stream_after_what_waits(pulse: Pulse, clock: Clock) -> None:
    stream = pulse.listen()
    await take(stream, 1)
    waiting = asyncio.create_task(take(pulse.listen(), 2))
    await asyncio.sleep(0)
    ticks(pulse, clock, 1)
    pulse.close()
    assert [one["kind"] for one in await take(stream, 1)] == ["frame"]
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
    assert [one["kind"] for one in await waiting] == ["history", "frame"]


async def test_who_comes_after_the_end_gets_the_history_and_no_more(pulse: Pulse, clock: Clock) -> None:
    ticks(pulse, clock, 1)
    pulse.close()
    async with asyncio.timeout(5):
        assert [message.kind async for message in pulse.listen()] == ["history"]
    assert pulse.listeners == 0


async def test_a_failing_publisher_costs_a_frame_and_not_the_pulse(clock: Clock) -> None:
    pulse, answers = Pulse(clock), iter([1, None, 3])

    def publisher() -> Part:
        answer = next(answers)
        if answer is None:
            raise ValueError("no reading")
        if answer == 3:
            pulse.close()
        return Part(series={"n": answer})

    pulse.publish(publisher)
    async with asyncio.timeout(5):
        await pulse.run(clock.sleep)
    assert [frame.series["n"] for frame in pulse.frames] == [1, 3]
    assert orjson.loads(pulse.history(f"{pulse.epoch}-1").data)["series"] == {"n": [3]}


async def test_it_ticks_on_every_full_second(clock: Clock) -> None:
    clock.now = 1000.25
    pulse = Pulse(clock)

    def late() -> Part:
        clock.now += 0.3  # a frame takes its time, which must not add up
        if clock.now > 1004:
            pulse.close()
        return Part()

    pulse.publish(late)
    async with asyncio.timeout(5):
        await pulse.run(clock.sleep)
    assert [frame.at for frame in pulse.frames] == pytest.approx([1001, 1002, 1003, 1004], abs=0.3)


def test_publishers_make_one_frame_together(pulse: Pulse) -> None:
    pulse.publish(lambda: Part(series={"a": 1.5}, runs=[{"id": 1}], now={"x": 1}))
    pulse.publish(lambda: Part(series={"b": None}, runs=[{"id": 2}], now={"y": 2}))
    frame = orjson.loads(pulse.tick().data)
    assert frame["series"] == {"a": 1.5, "b": None}
    assert frame["runs"] == [{"id": 1}, {"id": 2}]
    assert frame["now"] == {"x": 1, "y": 2}
    assert pulse.latest is not None
    assert pulse.latest.now == {"x": 1, "y": 2}


def test_columns_of_the_history_are_as_long_as_its_times(pulse: Pulse, clock: Clock) -> None:
    series = iter([{"a": 1.0}, {"b": 2.0}, {"a": 3.0, "b": None}])
    pulse.publish(lambda: Part(series=next(series), now={"at": clock.now}))
    ticks(pulse, clock, 3)
    history = orjson.loads(pulse.history().data)
    assert history["series"] == {"a": [1.0, None, 3.0], "b": [None, 2.0, None]}
    assert history["now"] == {"at": 1003}


def test_a_run_in_several_frames_is_one_in_the_history_as_last_seen(pulse: Pulse, clock: Clock) -> None:
    runs = iter(["running", "running", "succeeded"])
    pulse.publish(lambda: Part(runs=[{"id": 7, "outcome": next(runs)}]))
    ticks(pulse, clock, 3)
    assert orjson.loads(pulse.history().data)["runs"] == [{"id": 7, "outcome": "succeeded"}]


def test_a_restart_goes_on_from_what_was_stored(pulse: Pulse, clock: Clock) -> None:
    before = pulse.history()
    pulse.seed(990, {"n": 1.0}, [{"id": 1}])
    pulse.seed(995, {"n": 2.0})
    ticks(pulse, clock, 1)
    history = orjson.loads(pulse.history().data)
    assert history["at"] == [990, 995, 1001]
    assert history["series"] == {"n": [1.0, 2.0, None]}
    assert history["runs"] == [{"id": 1}]
    assert orjson.loads(before.data)["at"] == []


def test_before_the_first_second_the_history_is_empty(pulse: Pulse) -> None:
    assert pulse.latest is None
    assert orjson.loads(pulse.history().data)["at"] == []
