"""This process's figures, read at most about once a second however many ask."""

import time

from collectors.process import ProcessSample, ProcessSampler

FRESH_SECONDS = 0.9


class ProcessWatch:
    """The newest sample; a share of CPU needs a span of time, so readers share one."""

    def __init__(self, memory_limit_mb: int | None) -> None:
        self._sampler = ProcessSampler(memory_limit_mb)
        self._sample = self._sampler.sample()
        self._at = time.monotonic()

    def read(self) -> ProcessSample:
        """A sample not older than a second."""
        now = time.monotonic()
        if now - self._at >= FRESH_SECONDS:
            self._sample, self._at = self._sampler.sample(), now
        return self._sample
