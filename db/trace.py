"""Which statements one request ran, and how long they took: noted while it runs, looked at only if it was slow."""

from contextvars import ContextVar

Trace = dict[str, list[float]]  # a statement's text -> [calls, seconds]
_trace: ContextVar[Trace | None] = ContextVar("trace", default=None)


def begin() -> Trace:
    """From now on, what this task and those it starts run is noted in the trace returned."""
    trace: Trace = {}
    _trace.set(trace)
    return trace


def note(text: str, seconds: float) -> None:
    """One execution of a statement on behalf of the present request, if there is one."""
    if (trace := _trace.get()) is not None:
        counted = trace.setdefault(text, [0, 0.0])
        counted[0] += 1
        counted[1] += seconds
