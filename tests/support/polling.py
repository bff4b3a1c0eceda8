"""Waiting for what real servers and threads do in their own time: poll a condition, never sleep and hope."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_S = 60.0
"""Only a test that fails waits so long; a busy machine may need it."""
MIN_POLL_S, MAX_POLL_S = 0.02, 0.1
"""A look may cost a connection to a database: what takes long is looked at less often."""


def wait_until(
    condition: Callable[[], T],
    timeout: float = PATIENCE_S,
    *,
    every: float | None = None,
    why: str | Callable[[], str] = "",
) -> T:
    """The condition's first true value; AssertionError with ``why`` when ``timeout`` seconds bring none.

    Looks ``every`` so many seconds; without it, after a tenth more than the time that has passed.
    """
    began = time.monotonic()
    while True:
        value = condition()
        if value:
            return value
        waited = time.monotonic() - began
        if waited > timeout:
            reason = why() if callable(why) else why
            raise AssertionError(reason or f"not within {timeout:g} s: {condition}")
        time.sleep(every or choose_pause(waited))


def choose_pause(waited_s: float) -> float:
    """Seconds until the next look: a tenth of the time that has passed, within limits."""
    return min(MAX_POLL_S, max(MIN_POLL_S, waited_s / 10))


def wait_while_rising(
    count: Callable[[], int], goal: int, *, quiet_s: float, every: float = MAX_POLL_S
) -> int:
    """The last count: until it has reached ``goal``, or has not changed for ``quiet_s`` seconds."""
    last, changed_at = count(), time.monotonic()
    while last < goal and time.monotonic() - changed_at < quiet_s:
        time.sleep(every)
        before, last = last, count()
        if last != before:
            changed_at = time.monotonic()
    return last
