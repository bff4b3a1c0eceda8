"""Parts of the console that fail: logged once, and shown until they work again."""

import logging
from collections.abc import Callable
from time import monotonic

log = logging.getLogger(__name__)
LOG_INTERVAL_S = 3600.0
"""A kind of failure that comes again and again, or comes and goes, is logged once in this time."""
SINGLE_SHOWN_S = 60.0
"""How long a failure of one-off work is shown: the work may never be repeated."""


def describe_error(error: Exception) -> str:
    """Its class and message; of one that cannot be rendered, as of a library that has failed, the class."""
    try:
        return repr(error)
    except Exception:  # whatever its arguments do: nothing else is known of them
        return type(error).__name__


class PartGuard:
    """Contains an exception to one part of the console. ``on_failure`` is called with each one."""

    def __init__(
        self,
        on_failure: Callable[[Exception], object] = lambda error: None,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._on_failure, self._clock = on_failure, clock
        self._failures: dict[str, str] = {}
        self._shown_until: dict[str, float] = {}
        """Of work that was to be done once."""
        self._logged_at: dict[tuple[str, str], float] = {}
        """By part and class of the exception."""

    @property
    def failures(self) -> dict[str, str]:
        """Why each part failed that does not work again yet."""
        now = self._clock()
        for name in [name for name, until in self._shown_until.items() if until <= now]:
            self.note_success(name)
        return self._failures

    def run_part(self, name: str, work: Callable[[], object]) -> None:
        try:
            work()
        except Exception as error:
            # boundary of one part: the others, and the next tick, continue
            self.note_failure(name, error)
        else:
            self.note_success(name)

    def note_failure(self, name: str, error: Exception, *, is_single: bool = False) -> None:
        """``is_single``: the work was to be done once, so that no success may follow."""
        kind, now = (name, type(error).__name__), self._clock()
        self._failures[name] = describe_error(error)
        self._shown_until.pop(name, None)
        if is_single:
            self._shown_until[name] = now + SINGLE_SHOWN_S
        if now - self._logged_at.get(kind, -LOG_INTERVAL_S) >= LOG_INTERVAL_S:
            self._logged_at[kind] = now
            log.error("console part %s failed", name, exc_info=error)
        self._on_failure(error)

    def note_success(self, name: str) -> None:
        self._failures.pop(name, None)
        self._shown_until.pop(name, None)
