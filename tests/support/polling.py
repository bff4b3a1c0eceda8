"""Waiting for what real servers and threads do in their own time: poll a condition, never sleep and hope."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_S = 60.0
"""Only a test that fails waits so long; a busy machine may need it."""


def wait_until(
    condition: Callable[[], T],
    timeout: float = PATIENCE_S,
    *,
    every: float = 0.02,
    why: str | Callable[[], str] = "",
) -> T:
    """The condition's first true value; AssertionError with ``why`` when ``timeout`` seconds bring none."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            reason = why() if callable(why) else why
            raise AssertionError(reason or f"not within {timeout:g} s: {condition}")
        time.sleep(every)
