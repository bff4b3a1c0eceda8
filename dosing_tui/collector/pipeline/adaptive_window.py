"""How long to wait for more before a chunk is handled: not at all while little arrives."""

import time
from collections.abc import Callable

RARE_PER_S = 300.0
"""Up to this rate nothing waits: each reading is on its way at once."""
DENSE_PER_S = 1_000.0
"""From this rate the whole window is used."""
AVERAGED_S = 0.25
"""Time over which the rate is averaged: a batch of a few messages at once is not dense."""


class AdaptiveWindow:
    """For one thread. ``longest_s``: the window while messages are dense."""

    def __init__(self, longest_s: float, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._longest_s = longest_s
        self._monotonic = monotonic
        self._counted_at = monotonic()
        self._per_s = 0.0

    @property
    def window_s(self) -> float:
        share = (self._per_s - RARE_PER_S) / (DENSE_PER_S - RARE_PER_S)
        return self._longest_s * min(1.0, max(0.0, share))

    def count_messages(self, count: int) -> None:
        """Count what a chunk contains that was taken now."""
        now = self._monotonic()
        elapsed, self._counted_at = now - self._counted_at, now
        kept = max(0.0, 1 - elapsed / AVERAGED_S)
        self._per_s = kept * self._per_s + count / max(elapsed, AVERAGED_S)
