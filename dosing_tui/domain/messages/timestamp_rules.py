"""Resolve a reading's time: the device time if it is plausible, otherwise the time of receipt.

The magnitude of a timestamp determines its unit (s, ms, us or ns). Some devices send an uptime counter
instead of a time. A millisecond counter equals the current Unix seconds about 20.4 days after start-up, a
microsecond counter the current milliseconds. It would then be accepted for the width of the window. A counter
is detected by one of these properties:

* A value below 1e9: no current Unix time is that small.
* Values that advance 1000 (or 1 000 000) times as fast as the messages arrive.
* An implied start-up time that is not before the earliest implied start-up time of the device.

Clock trust is therefore kept per device until its timestamps prove the contrary. A device in doubt is trusted
again in two cases: its timestamp implies a start-up more than START_SLACK_S before the earliest one, or two
timestamps differ by the interval between their arrivals. Bursts, late and repeated messages are not evidence.
"""

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from dosing_tui.domain.messages.field_coercion import quote_value
from dosing_tui.domain.messages.models import TimeQuality

MIN_CLOCK_STAMP = 1e9
"""Unix time of September 2001, in s. Smaller values are uptime counters."""
START_SLACK_S = 86_400.0
"""Maximum shift of a counter's implied start-up time by delays and oscillator drift, in s."""
MIN_SAMPLE_GAP_S = 60.0
"""Minimum interval between two messages for a rate calculation, in s. Shorter ones may be a burst."""
MAX_DELAY_JITTER_S = 5.0
"""Maximum difference between the delays of two live messages, in s."""
MAX_SAMPLE_GAP_S = 86_400.0
"""Maximum interval between two messages for which an equal timestamp step proves a clock, in s."""

_UNIT_LIMITS = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6))
"""Pairs of upper limit and units per second, for s, ms and us. Larger timestamps are ns."""
_MAX_STAMP = 1e21
_COUNTER_SPEEDS = (1e3, 1e6)
_SPEED_TOLERANCE = 0.05


@dataclass(frozen=True, slots=True)
class ClockRules:
    """Window of accepted device times: ``max_age`` before to ``max_ahead`` after the time of receipt.

    ``device_zone`` applies to ISO 8601 times without a UTC offset.
    """

    max_age: timedelta
    max_ahead: timedelta
    device_zone: tzinfo
    _max_age_s: float = field(init=False, repr=False, compare=False)
    _max_ahead_s: float = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_max_age_s", self.max_age.total_seconds())
        object.__setattr__(self, "_max_ahead_s", self.max_ahead.total_seconds())

    def is_in_window(self, stamp: float, received_s: float) -> bool:
        """Both in Unix seconds."""
        return received_s - self._max_age_s <= stamp <= received_s + self._max_ahead_s


class ClockTrust(StrEnum):
    """Interpretation of a device's numeric timestamps."""

    CLOCK = "clock"
    DOUBT = "doubt"
    """First timestamp outside the window: a wrong clock, or a counter approaching the window."""
    COUNTER = "counter"


class ClockSample(NamedTuple):
    """Timestamp and time of receipt, both in Unix seconds."""

    stamp: float
    received_s: float


class DeviceClock(NamedTuple):
    """Clock state of one device, derived from its previous timestamps."""

    trust: ClockTrust
    reference: ClockSample
    """Start point of the rate calculation; replaced when it is MIN_SAMPLE_GAP_S old."""
    last: ClockSample
    earliest_start: float = math.inf
    """Earliest start-up time a millisecond counter implies, in Unix seconds; infinite for a clock."""


class ResolvedTime(NamedTuple):
    """Resolved time of a reading, its quality, the new clock state and a flag ('' for none)."""

    time: datetime
    quality: TimeQuality
    clock: DeviceClock | None
    flag: str


def resolve_timestamp(
    stamp: object, received_at: datetime, rules: ClockRules, device_clock: DeviceClock | None
) -> ResolvedTime:
    """Resolve a JSON timestamp to a time and its quality.

    ``device_clock`` is the device's clock state, None for its first message.
    """
    value = _parse_number(stamp)
    if value is not None:
        return _resolve_number(value, received_at, rules, device_clock)
    if isinstance(stamp, str) and (told := _parse_iso(stamp, rules.device_zone)) is not None:
        if rules.is_in_window(told, received_at.timestamp()):
            return ResolvedTime(datetime.fromtimestamp(told, UTC), TimeQuality.DEVICE, device_clock, "")
        return ResolvedTime(received_at, TimeQuality.WINDOW, device_clock, _format_flag(stamp))
    return ResolvedTime(
        received_at, TimeQuality.RECEIVE, device_clock, "" if stamp is None else _format_flag(stamp)
    )


def _resolve_number(
    value: float, received_at: datetime, rules: ClockRules, device_clock: DeviceClock | None
) -> ResolvedTime:
    stamp = to_unix_seconds(value)
    heard = received_at.timestamp()
    within = rules.is_in_window(stamp, heard)
    clock = update_clock(device_clock, stamp, heard, is_in_window=within)
    if within and clock.trust is ClockTrust.CLOCK:
        return ResolvedTime(_to_datetime(stamp), TimeQuality.DEVICE, clock, "")
    counts = within or clock.trust is ClockTrust.COUNTER
    return ResolvedTime(
        received_at, TimeQuality.UPTIME if counts else TimeQuality.WINDOW, clock, _format_flag(value)
    )


@lru_cache(maxsize=1024)  # many stations stamp the same second
def _to_datetime(stamp: float) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)


def to_unix_seconds(value: float) -> float:
    """Convert a Unix timestamp in s, ms, us or ns to seconds; the magnitude determines the unit."""
    if value < _UNIT_LIMITS[0][0]:  # seconds, as most stations send them
        return float(value)
    return value / next((per_second for limit, per_second in _UNIT_LIMITS if value < limit), 1e9)


def update_clock(
    device_clock: DeviceClock | None, stamp: float, received_s: float, *, is_in_window: bool
) -> DeviceClock:
    """Return the clock state after one more timestamp; ``stamp`` and ``received_s`` in Unix seconds."""
    now = ClockSample(stamp, received_s)
    start = received_s - stamp / 1e3
    if device_clock is None:
        trust = (
            ClockTrust.COUNTER
            if stamp < MIN_CLOCK_STAMP
            else ClockTrust.CLOCK
            if is_in_window
            else ClockTrust.DOUBT
        )
        return DeviceClock(trust, now, now, math.inf if trust is ClockTrust.CLOCK else start)
    elapsed = received_s - device_clock.reference.received_s
    keep = 0 <= elapsed < MIN_SAMPLE_GAP_S
    if keep and is_in_window and device_clock.trust is ClockTrust.CLOCK and stamp >= MIN_CLOCK_STAMP:
        return DeviceClock(ClockTrust.CLOCK, device_clock.reference, now)  # the usual message
    if stamp < MIN_CLOCK_STAMP or (elapsed >= MIN_SAMPLE_GAP_S and _is_counter_speed(device_clock, now)):
        trust = ClockTrust.COUNTER
    elif is_in_window and (
        start < device_clock.earliest_start - START_SLACK_S or _is_steady_clock(device_clock.reference, now)
    ):
        trust = ClockTrust.CLOCK
    else:
        trust = device_clock.trust
    earliest = math.inf if trust is ClockTrust.CLOCK else min(start, device_clock.earliest_start)
    return DeviceClock(trust, device_clock.reference if keep else now, now, earliest)


def _is_counter_speed(device_clock: DeviceClock, now: ClockSample) -> bool:
    """Return whether the timestamps advance at a counter's rate, from the reference and from the last sample.

    Both are required: a backlog delivered at once fulfils only one of them.
    """
    return any(
        _has_speed(race, device_clock.reference, now) and _has_speed(race, device_clock.last, now)
        for race in _COUNTER_SPEEDS
    )


def _is_steady_clock(reference: ClockSample, now: ClockSample) -> bool:
    return MIN_SAMPLE_GAP_S <= now.received_s - reference.received_s <= MAX_SAMPLE_GAP_S and _has_speed(
        1.0, reference, now
    )


def _has_speed(speed: float, reference: ClockSample, now: ClockSample) -> bool:
    """Return whether the timestamps advanced at ``speed``, within the jitter of the arrivals."""
    elapsed = now.received_s - reference.received_s
    return (
        abs((now.stamp - reference.stamp) / speed - elapsed)
        <= MAX_DELAY_JITTER_S + abs(elapsed) * _SPEED_TOLERANCE
    )


def _parse_number(stamp: object) -> float | None:
    """Convert a number or a numeric string to a float; None for everything else."""
    if isinstance(stamp, str):
        digits = stamp.strip()
        if not (digits.isascii() and digits.replace(".", "", 1).isdigit() and len(digits) <= 40):
            return None
        stamp = float(digits)
    if isinstance(stamp, bool) or not isinstance(stamp, int | float):
        return None
    return stamp if 0 <= stamp < _MAX_STAMP else None


def _parse_iso(stamp: str, zone: tzinfo) -> float | None:
    """Convert an ISO 8601 date with a time of day to Unix seconds; None if it is not one."""
    try:
        told = datetime.fromisoformat(stamp.strip())
        if ":" not in stamp and "T" not in stamp.upper():
            return None
        return (told if told.tzinfo else told.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        return None


def _format_flag(stamp: object) -> str:
    return f"timestamp: {quote_value(stamp)}"
