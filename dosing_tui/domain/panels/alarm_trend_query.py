"""Which value an alarm is about, over time: what is asked to draw it against its limit. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from dosing_tui.domain.alarms.models import AlarmKey, AlarmState

SPAN = timedelta(hours=6)
"""So much is shown, ..."""
BEFORE = timedelta(hours=1)
"""... and of an alarm that was raised earlier, what came before it, ..."""
MOST = timedelta(hours=24)
"""... but never more than this."""
BUCKETS = 72


@dataclass(frozen=True, slots=True)
class Trend:
    """``name`` is its statement's; so many (``scale``) of the alarm's own unit are one of ``unit``."""

    name: str
    title: str
    unit: str
    decimals: int
    limited: bool = True
    """The alarm's limit is one of this value."""
    low: bool = False
    """What is below the limit is abnormal, not what is above."""
    scale: float = 1.0


_PERCENT = Trend("tank_percent", "Level", "%", 1, low=True)
_LEVEL = Trend("tank_mass", "Level", "g", 0, limited=False)
_DOSES = Trend("dose_errors", "Largest error of a dose", "g", 2)

TRENDS: Mapping[str, Trend] = {
    "STOCK_LOW": _PERCENT,
    "STOCK_CRITICAL": _PERCENT,
    "STOCK_RESET": _LEVEL,
    "STOCK_MISMATCH": _LEVEL,
    "DOSE_OUT_OF_TOL": _DOSES,
    "DOSE_GROSS": _DOSES,
    "ERR_MEAN_1H": Trend("mean_error", "Mean error of an hour", "g", 2),
    "ERR_RATE_1H": Trend("error_rate", "Out of tolerance in an hour", "%", 1),
    "DEVICE_OFFLINE": Trend("silence", "Time since the last message", "min", 0, scale=60.0),
}
"""By rule. What is not here tells of an event or of this program's own links: it has no value over time."""


@dataclass(frozen=True, slots=True)
class TrendQuery:
    """The value at the end of each ``step`` from ``since`` on, at ``now`` for the last of them."""

    trend: Trend
    key: AlarmKey
    since: datetime
    until: datetime
    step: timedelta
    now: datetime


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """``at`` is where its step begins."""

    at: datetime
    value: float | None


def trend_query(state: AlarmState, now: datetime) -> TrendQuery | None:
    """None for a rule without a value over time."""
    trend = TRENDS.get(state.key.rule)
    if trend is None:
        return None
    since = now - SPAN
    if state.raised_at is not None:
        since = max(min(since, state.raised_at - BEFORE), now - MOST)
    minutes = max(1, -(-int((now - since).total_seconds()) // (60 * BUCKETS)))
    step = timedelta(minutes=next(one for one in (1, 2, 5, 10, 15, 20, 30) if one >= minutes))
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    begin = epoch + (since - epoch) // step * step
    return TrendQuery(trend, state.key, begin, now, step, now)
