"""One frame a second, computed and encoded once, for however many listen.

A frame is a flat record of the present second (see `Frame`). The last fifteen minutes of frames are kept; a new
listener gets them first, one that comes back gets what it missed, and a slow one loses frames, never memory.
"""

import asyncio
import time
import uuid
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson
import structlog

log = structlog.get_logger()

HISTORY_FRAMES = 900  # fifteen minutes at one a second
BACKLOG_FRAMES = 8  # what a slow listener may lag behind before it loses the oldest
PERIOD_SECONDS = 1.0

Fields = dict[str, Any]
Publisher = Callable[[], Fields]


@dataclass(frozen=True, slots=True)
class Message:
    """What a listener receives: JSON bytes under an id by which it may resume."""

    id: str
    kind: str  # "history" or "frame"
    data: bytes


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
        self._closed = True
        self._arrived.set()

    async def messages(self) -> AsyncIterator[Message]:
        """Messages as they come, until the pulse closes."""
        while True:
            while self._waiting:
                yield self._waiting.popleft()
            if self._closed:
                return
            self._arrived.clear()
            await self._arrived.wait()


class Pulse:
    """Joins what publishers say of the present second into frames and fans them out.

    Publishers are plain functions that return fields of the frame from memory; they must not block.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.epoch = uuid.uuid4().hex[:8]
        self.frames: deque[tuple[int, Fields]] = deque(maxlen=HISTORY_FRAMES)
        self.sequence = 0
        self._clock = clock
        self._publishers: list[Publisher] = []
        self._listeners: set[Listener] = set()
        self._history: tuple[int, Message] | None = None
        self._closed = False

    @property
    def listeners(self) -> int:
        """How many listen at present."""
        return len(self._listeners)

    def publish(self, publisher: Publisher) -> None:
        """Let `publisher` contribute its fields to every frame from now on."""
        self._publishers.append(publisher)

    def seed(self, frames: list[Fields]) -> None:
        """Begin with frames from before this process, oldest first, so that a restart leaves no hole."""
        for frame in frames[-HISTORY_FRAMES:]:
            self.sequence += 1
            self.frames.append((self.sequence, frame))

    def tick(self) -> Message:
        """Compute this second's frame, keep it, and offer it to every listener."""
        self.sequence += 1
        frame: Fields = {"at": round(self._clock(), 3)}
        for publisher in self._publishers:
            frame.update(publisher())
        self.frames.append((self.sequence, frame))
        message = Message(f"{self.epoch}-{self.sequence}", "frame", orjson.dumps(frame))
        for listener in self._listeners:
            listener.offer(message)
        return message

    def latest(self) -> Fields | None:
        """The newest frame, or None before the first."""
        return self.frames[-1][1] if self.frames else None

    def history(self, after: str | None = None) -> Message:
        """All kept frames as one message, or only those after the id that a listener saw last.

        The whole history is encoded once a second at most, however many ask for it.
        """
        seen = self._sequence_of(after)
        if seen:
            return self._encoded([frame for number, frame in self.frames if number > seen])
        if self._history is None or self._history[0] != self.sequence:
            self._history = self.sequence, self._encoded([frame for _, frame in self.frames])
        return self._history[1]

    def _encoded(self, frames: list[Fields]) -> Message:
        return Message(f"{self.epoch}-{self.sequence}", "history", orjson.dumps({"frames": frames}))

    def _sequence_of(self, message_id: str | None) -> int:
        """The sequence number in an id of this process's; 0 for any other."""
        epoch, _, number = (message_id or "").rpartition("-")
        return int(number) if epoch == self.epoch and number.isdecimal() else 0

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
        """Tick on every full second until cancelled; a publisher that fails costs one frame, not the pulse."""
        while not self._closed:
            await sleep(PERIOD_SECONDS - self._clock() % PERIOD_SECONDS)
            try:
                self.tick()
            except Exception:  # noqa: BLE001 - the pulse outlives any one publisher; the log names it
                log.exception("pulse frame failed")
