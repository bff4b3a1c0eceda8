"""The value of an alarm over time: the query for the chart of value and limit. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from dosing_tui.domain.alarms.models import AlarmKey, AlarmState

DEFAULT_SPAN = timedelta(hours=6)
"""Time range of the chart, ..."""
LEAD_TIME = timedelta(hours=1)
"""... extended to this long before an earlier raise, ..."""
MAX_SPAN = timedelta(hours=24)
"""... but never longer than this."""
MAX_STEPS = 72


class AlarmTrend(Struct, frozen=True):
    """``name`` is that of the statement; ``scale`` converts ``unit`` to the unit of the alarm."""

    name: str
    title: str
    unit: str
    decimals: int
    has_limit: bool = True
    """The limit of the alarm applies to this value."""
    is_low_limit: bool = False
    """Values below the limit are abnormal, not those above."""
    scale: float = 1.0


_LEVEL_PERCENT = AlarmTrend("tank_percent", "Level", "%", 1, is_low_limit=True)
_LEVEL_MASS = AlarmTrend("tank_mass", "Level", "g", 0, has_limit=False)
_DOSE_ERROR = AlarmTrend("dose_errors", "Largest error of a dose", "g", 2)

TRENDS: Mapping[str, AlarmTrend] = {
    "STOCK_LOW": _LEVEL_PERCENT,
    "STOCK_CRITICAL": _LEVEL_PERCENT,
    "STOCK_RESET": _LEVEL_MASS,
    "STOCK_MISMATCH": _LEVEL_MASS,
    "DOSE_OUT_OF_TOL": _DOSE_ERROR,
    "DOSE_GROSS": _DOSE_ERROR,
    "ERR_MEAN_1H": AlarmTrend("mean_error", "Mean error of an hour", "g", 2),
    "ERR_RATE_1H": AlarmTrend("error_rate", "Out of tolerance in an hour", "%", 1),
    "DEVICE_OFFLINE": AlarmTrend("silence", "Time since the last message", "min", 0, scale=60.0),
}
"""By rule. Other rules are about events or connections, which have no value over time."""


class AlarmTrendQuery(Struct, frozen=True):
    """The value at the end of each ``step`` from ``since`` on, at ``now`` for the last of them."""

    trend: AlarmTrend
    key: AlarmKey
    since: datetime
    step: timedelta
    now: datetime


class AlarmTrendPoint(Struct, frozen=True):
    """``at`` is the start of the step."""

    at: datetime
    value: float | None


def build_trend_query(state: AlarmState, now: datetime) -> AlarmTrendQuery | None:
    """None for a rule without a value over time."""
    trend = TRENDS.get(state.key.rule)
    if trend is None:
        return None
    since = now - DEFAULT_SPAN
    if state.raised_at is not None:
        since = max(min(since, state.raised_at - LEAD_TIME), now - MAX_SPAN)
    minutes = max(1, -(-int((now - since).total_seconds()) // (60 * MAX_STEPS)))
    step = timedelta(minutes=next(one for one in (1, 2, 5, 10, 15, 20, 30) if one >= minutes))
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    begin = epoch + (since - epoch) // step * step
    return AlarmTrendQuery(trend, state.key, begin, step, now)
