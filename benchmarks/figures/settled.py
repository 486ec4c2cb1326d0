"""Waiting until what is not to be measured is over."""

import time

from benchmarks.lab import Lab, Server

FIRST_SECONDS = 20.0  # what a fresh data folder's first collecting takes
AFTER_TICK_SECONDS = 0.5


def settle(lab: Lab, server: Server, seconds: float | None = None) -> None:
    """Let the start's work pass (or what `seconds` say), then wait for the middle of a second.

    Windows of whole seconds that begin there hold a whole number of frames.
    """
    if seconds is None:
        seconds = max(FIRST_SECONDS / (4 if lab.quick else 1) - server.seconds_to_start, 1.0)
    time.sleep(seconds)
    time.sleep((AFTER_TICK_SECONDS - time.time() % 1) % 1)
