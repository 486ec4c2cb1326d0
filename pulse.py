"""One frame a second, computed and encoded once, for however many listen.

The last fifteen minutes are kept. A new listener gets them first, one that comes back gets what it missed,
and a slow one loses frames, never memory.

On the wire, a frame is `{"id", "at", "series": {name: number|null}, "runs": [run], "now": {…}}`, at in epoch
seconds; the history is the same in columns: `{"id", "at": [], "series": {name: []}, "runs": [], "now": {}}`.
"""

import asyncio
import math
import time
import uuid
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
import structlog

log = structlog.get_logger()

HISTORY_FRAMES = 900  # fifteen minutes at one a second
BACKLOG_FRAMES = 8  # what a slow listener may lag behind before it loses the oldest
SERVED_AT_ONCE = 25  # listeners served between two looks at what else the loop has to do
PERIOD_SECONDS = 1.0

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """What one publisher says of the present second: numbers over time, job runs, and the present state."""

    series: dict[str, float | None] = field(default_factory=dict)
    runs: list[Fields] = field(default_factory=list)
    now: Fields = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Frame:
    """All parts of one second; `at` in epoch seconds."""

    number: int
    at: float
    series: dict[str, float | None]
    runs: list[Fields]
    now: Fields


Publisher = Callable[[], Part]


@dataclass(frozen=True, slots=True)
class Message:
    """What a listener receives: JSON bytes, under an id by which it may resume."""

    id: str
    kind: str  # "history" or "frame"
    data: bytes
    text: str  # the same, for those who send text


class Listener:
    """One listener's queue of at most BACKLOG_FRAMES messages."""

    def __init__(self) -> None:
        self.lost = 0
        self._waiting: deque[Message] = deque()
        self._arrived = asyncio.Event()
        self._closed = False

    def offer(self, message: Message) -> None:
        """Queue a message; when the listener lags, the oldest one gives way."""
        if len(self._waiting) >= BACKLOG_FRAMES:
            self._waiting.popleft()
            self.lost += 1
        self._waiting.append(message)
        self._arrived.set()

    def close(self) -> None:
        """Let the stream end once what waits was taken."""
        self._closed = True
        self._arrived.set()

    async def messages(self) -> AsyncIterator[Message]:
        """Messages as they come, until closed."""
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            if self._closed:
                return
            self._arrived.clear()
            await self._arrived.wait()


class Pulse:
    """Joins what publishers say of the present second into frames and fans them out.

    Publishers are plain functions that answer from memory; they must not block.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.epoch = uuid.uuid4().hex[:8]
        self.frames: deque[Frame] = deque(maxlen=HISTORY_FRAMES)
        self.number = 0
        self._clock = clock
        self._publishers: list[Publisher] = []
        self._listeners: set[Listener] = set()
        self._history: tuple[int, Message] | None = None
        self._closed = False

    @property
    def listeners(self) -> int:
        """How many listen at present."""
        return len(self._listeners)

    @property
    def latest(self) -> Frame | None:
        """The newest frame, or None before the first."""
        return self.frames[-1] if self.frames else None

    def publish(self, publisher: Publisher) -> None:
        """Let `publisher` contribute its part to every frame from now on."""
        self._publishers.append(publisher)

    def seed(self, at: float, series: dict[str, float | None], runs: list[Fields] | None = None) -> None:
        """Begin with a frame from before this process, so that a restart leaves no hole; oldest first."""
        self.number += 1
        self.frames.append(Frame(self.number, at, series, runs or [], {}))

    def tick(self) -> Message:
        """Compute this second's frame, keep it, and offer it to every listener."""
        frame = self._compute()
        self.frames.append(frame)
        data = orjson.dumps(
            {
                "id": self._id,
                "at": frame.at,
                "series": frame.series,
                "runs": frame.runs,
                "now": frame.now,
            }
        )
        message = Message(self._id, "frame", data, data.decode())
        self._offer(message, list(self._listeners))
        return message

    def _offer(self, message: Message, listeners: list[Listener]) -> None:
        """A few at a time: a request that comes now must not wait until 500 listeners were served."""
        for listener in listeners[:SERVED_AT_ONCE]:
            listener.offer(message)
        if len(listeners) > SERVED_AT_ONCE:
            asyncio.get_running_loop().call_soon(self._offer, message, listeners[SERVED_AT_ONCE:])

    def _compute(self) -> Frame:
        self.number += 1
        frame = Frame(self.number, round(self._clock(), 3), {}, [], {})
        for publisher in self._publishers:
            part = publisher()
            frame.series.update(part.series)
            frame.runs.extend(part.runs)
            frame.now.update(part.now)
        return frame

    @property
    def _id(self) -> str:
        return f"{self.epoch}-{self.number}"

    def history(self, after: str | None = None) -> Message:
        """All kept frames as one message, or only those after the id that a listener saw last.

        The whole history is encoded once a second at most, however many ask for it.
        """
        seen = self._number_of(after)
        if seen:
            return self._encoded([frame for frame in self.frames if frame.number > seen])
        if self._history is None or self._history[0] != self.number:
            self._history = self.number, self._encoded(list(self.frames))
        return self._history[1]

    def _encoded(self, frames: list[Frame]) -> Message:
        names = dict.fromkeys(name for frame in frames for name in frame.series)
        columns = {
            "id": self._id,
            "at": [frame.at for frame in frames],
            "series": {name: [frame.series.get(name) for frame in frames] for name in names},
            "runs": list({run["id"]: run for frame in frames for run in frame.runs}.values()),
            "now": frames[-1].now if frames else {},
        }
        data = orjson.dumps(columns)
        return Message(self._id, "history", data, data.decode())

    def _number_of(self, message_id: str | None) -> int:
        """The number in an id that this process gave out; 0 for any other."""
        epoch, _, number = (message_id or "").rpartition("-")
        if epoch != self.epoch or not number.isdecimal() or len(number) > 15:
            return 0
        return int(number) if int(number) <= self.number else 0

    async def listen(self, after: str | None = None) -> AsyncIterator[Message]:
        """First the history (or what was missed since `after`), then each frame as it comes."""
        listener = Listener()
        listener.offer(self.history(after))
        self._listeners.add(listener)
        if self._closed:
            listener.close()
        try:
            async for message in listener.messages():
                yield message
        finally:
            self._listeners.discard(listener)

    def close(self) -> None:
        """End every listener's stream, so that the server may stop."""
        self._closed = True
        for listener in self._listeners:
            listener.close()

    async def run(self, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep) -> None:
        """Tick on every full second until closed; a publisher that fails costs a frame, not the pulse."""
        due = self._clock()
        while not self._closed:
            # Aim past the last aim: a sleep that ends early must not make two frames of one second.
            due = max(math.floor(due) + PERIOD_SECONDS, math.floor(self._clock()))
            while 0 < (wait := due - self._clock()) <= 2 * PERIOD_SECONDS:
                await sleep(wait)
            if wait > 0:
                due = self._clock()  # the clock was set back
            try:
                self.tick()
            except Exception:  # it must outlive any one publisher, and the log names the culprit
                log.exception("pulse frame failed")
