"""Which time a reading gets: the device's own if it can be believed, else the time it was received.

A stamp's size tells its unit. The trap is a device that counts from its start instead of telling the time: a
counter of milliseconds passes, 20.4 days after the start, through today's unix seconds (one of microseconds
through today's milliseconds) and would be believed for as long as the window is wide. What gives it away:

* it was seen below 1e9, which no clock of this century shows;
* it runs a thousand (a million) times as fast as messages arrive;
* read as such a counter it began when the device is known to have run already, or later, never before.

So each device is trusted or not, and stays so until its stamps prove the other. A device in doubt is believed
again when its stamp cannot be a counter's (which would have begun more than SLACK before the earliest start
known), or when two stamps lie as far apart as their arrivals. Messages in a burst, late or repeated ones
prove nothing.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from typing import NamedTuple

from dosing_tui.domain.messages.field_coercion import quote_value
from dosing_tui.domain.messages.models import TimeQuality

MIN_CLOCK_STAMP = 1e9
"""Unix seconds of September 2001: what is below counts from the device's start."""
START_SLACK_S = 86_400.0
"""Seconds that delays and a poor oscillator may move a counter's implied start."""
MIN_SAMPLE_GAP_S = 60.0
"""Seconds between two messages from which their speed can be judged: less may be a burst, or lateness."""
MAX_DELAY_JITTER_S = 5.0
"""Seconds by which the delays of two live messages may differ."""
MAX_SAMPLE_GAP_S = 86_400.0
"""Seconds between two messages up to which an equal step of the stamps proves a clock."""

_UNIT_LIMITS = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6))
"""Stamps below the first number are seconds, milliseconds, microseconds, so many a second; else ns."""
_MAX_STAMP = 1e21
_COUNTER_SPEEDS = (1e3, 1e6)
_SPEED_TOLERANCE = 0.05


@dataclass(frozen=True, slots=True)
class ClockRules:
    """A device time is believed if it is at most ``max_age`` before and ``max_ahead`` after the receive time.

    ``device_zone`` is meant by times that are written without a zone.
    """

    max_age: timedelta
    max_ahead: timedelta
    device_zone: tzinfo


class ClockTrust(StrEnum):
    """What a device's number stamps are taken for."""

    CLOCK = "clock"
    DOUBT = "doubt"
    """First heard with a time outside the window: a wrong clock, or a counter on its way to the window."""
    COUNTER = "counter"


class ClockSample(NamedTuple):
    """A stamp and when it was heard, both in unix seconds."""

    stamp: float
    received_s: float


class DeviceClock(NamedTuple):
    """What one device's stamps have shown so far."""

    trust: ClockTrust
    reference: ClockSample
    """What speed is measured from: replaced once it is SETTLED old."""
    last: ClockSample
    earliest_start: float = math.inf
    """Unless it is a clock: the earliest start that a counter of thousandths may have had."""


class ResolvedTime(NamedTuple):
    """The time a reading gets, why, what is now known of its device, and a flag ('' for none)."""

    time: datetime
    quality: TimeQuality
    clock: DeviceClock | None
    flag: str


def resolve_timestamp(
    stamp: object, received_at: datetime, rules: ClockRules, device_clock: DeviceClock | None
) -> ResolvedTime:
    """``stamp`` is the timestamp as JSON gave it; ``device_clock`` is what the device's earlier ones have shown."""
    value = _parse_number(stamp)
    if value is not None:
        return _resolve_number(value, received_at, rules, device_clock)
    if isinstance(stamp, str) and (told := _parse_iso(stamp, rules.device_zone)) is not None:
        if _is_in_window(told, received_at.timestamp(), rules):
            return ResolvedTime(_to_datetime(told), TimeQuality.DEVICE, device_clock, "")
        return ResolvedTime(received_at, TimeQuality.WINDOW, device_clock, _format_flag(stamp))
    return ResolvedTime(
        received_at, TimeQuality.RECEIVE, device_clock, "" if stamp is None else _format_flag(stamp)
    )


def _resolve_number(
    value: float, received_at: datetime, rules: ClockRules, device_clock: DeviceClock | None
) -> ResolvedTime:
    stamp = to_unix_seconds(value)
    heard = received_at.timestamp()
    within = _is_in_window(stamp, heard, rules)
    clock = update_clock(device_clock, stamp, heard, is_in_window=within)
    if within and clock.trust is ClockTrust.CLOCK:
        return ResolvedTime(_to_datetime(stamp), TimeQuality.DEVICE, clock, "")
    counts = within or clock.trust is ClockTrust.COUNTER
    return ResolvedTime(
        received_at, TimeQuality.UPTIME if counts else TimeQuality.WINDOW, clock, _format_flag(value)
    )


def to_unix_seconds(value: float) -> float:
    """Seconds, by the size of the number: it may come in s, ms, us or ns."""
    for limit, per_second in _UNIT_LIMITS:
        if value < limit:
            return value / per_second
    return value / 1e9


def update_clock(
    device_clock: DeviceClock | None, stamp: float, received_s: float, *, is_in_window: bool
) -> DeviceClock:
    """What is known of the device after one more stamp."""
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
    if stamp < MIN_CLOCK_STAMP or (elapsed >= MIN_SAMPLE_GAP_S and _is_counter_speed(device_clock, now)):
        trust = ClockTrust.COUNTER
    elif is_in_window and (
        start < device_clock.earliest_start - START_SLACK_S or _is_steady_clock(device_clock.reference, now)
    ):
        trust = ClockTrust.CLOCK
    else:
        trust = device_clock.trust
    keep = 0 <= elapsed < MIN_SAMPLE_GAP_S
    earliest = math.inf if trust is ClockTrust.CLOCK else min(start, device_clock.earliest_start)
    return DeviceClock(trust, device_clock.reference if keep else now, now, earliest)


def _is_counter_speed(device_clock: DeviceClock, now: ClockSample) -> bool:
    """Since the earlier message and since the last one: a backlog delivered at once does but one of them."""
    return any(
        _has_speed(race, device_clock.reference, now) and _has_speed(race, device_clock.last, now)
        for race in _COUNTER_SPEEDS
    )


def _is_steady_clock(reference: ClockSample, now: ClockSample) -> bool:
    return MIN_SAMPLE_GAP_S <= now.received_s - reference.received_s <= MAX_SAMPLE_GAP_S and _has_speed(
        1.0, reference, now
    )


def _has_speed(speed: float, reference: ClockSample, now: ClockSample) -> bool:
    """Whether the stamps went on at this speed, as far as late arrivals let one tell."""
    elapsed = now.received_s - reference.received_s
    return (
        abs((now.stamp - reference.stamp) / speed - elapsed)
        <= MAX_DELAY_JITTER_S + abs(elapsed) * _SPEED_TOLERANCE
    )


def _parse_number(stamp: object) -> float | None:
    """A stamp that is a number or consists of digits; None for everything else."""
    if isinstance(stamp, str):
        digits = stamp.strip()
        if not (digits.isascii() and digits.replace(".", "", 1).isdigit() and len(digits) <= 40):
            return None
        stamp = float(digits)
    if isinstance(stamp, bool) or not isinstance(stamp, int | float):
        return None
    return stamp if 0 <= stamp < _MAX_STAMP else None


def _parse_iso(stamp: str, zone: tzinfo) -> float | None:
    """Unix seconds of an ISO-8601 date with a time of day."""
    try:
        told = datetime.fromisoformat(stamp.strip())
        if ":" not in stamp and "T" not in stamp.upper():
            return None
        return (told if told.tzinfo else told.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        return None


def _is_in_window(stamp: float, received_s: float, rules: ClockRules) -> bool:
    return received_s - rules.max_age.total_seconds() <= stamp <= received_s + rules.max_ahead.total_seconds()


def _to_datetime(stamp: float) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)


def _format_flag(stamp: object) -> str:
    return f"timestamp: {quote_value(stamp)}"
