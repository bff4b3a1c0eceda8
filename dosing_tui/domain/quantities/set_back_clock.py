"""A machine's clock that was set back: what was noted before is then in the future. Pure."""

from datetime import datetime, timedelta

SET_BACK = timedelta(seconds=5)
"""A time that is further ahead is from before; less may be two threads, or times of receipt made unique."""


def is_set_back(at: datetime, now: datetime) -> bool:
    """Whether the clock has been set back behind ``at``, a time that this machine noted."""
    return at - now > SET_BACK


def limit_to_clock(at: datetime, now: datetime) -> datetime:
    """``at``, or ``now`` if the clock was set back behind it: what has lasted is measured from then on.

    Else it would have lasted for less than nothing, for hours.
    """
    return now if is_set_back(at, now) else at


def is_due(last: datetime | None, now: datetime, interval: timedelta) -> bool:
    """Whether ``interval`` has passed since ``last``; also if that is unknown, or the clock was set back."""
    return last is None or now - last >= interval or is_set_back(last, now)
