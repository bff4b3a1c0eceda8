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

from dosing_tui.domain.messages.field_coercion import quoted
from dosing_tui.domain.messages.models import TimeQuality

NO_CLOCK = 1e9
"""Unix seconds of September 2001: what is below counts from the device's start."""
SLACK = 86_400.0
"""Seconds that delays and a poor oscillator may move a counter's implied start."""
SETTLED = 60.0
"""Seconds between two messages from which their speed can be judged: less may be a burst, or lateness."""
LATE = 5.0
"""Seconds by which the delays of two live messages may differ."""
STEADY_WITHIN = 86_400.0
"""Seconds between two messages up to which an equal step of the stamps proves a clock."""

_UNITS = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6))
"""Stamps below the first number are seconds, milliseconds, microseconds, so many a second; else ns."""
_LARGEST = 1e21
_RACES = (1e3, 1e6)
_TOLERANCE = 0.05


@dataclass(frozen=True, slots=True)
class ClockRules:
    """A device time is believed if it is at most ``oldest`` before and ``ahead`` after the receive time.

    ``device_zone`` is meant by times that are written without a zone.
    """

    oldest: timedelta
    ahead: timedelta
    device_zone: tzinfo


class Trust(StrEnum):
    """What a device's number stamps are taken for."""

    CLOCK = "clock"
    DOUBT = "doubt"
    """First heard with a time outside the window: a wrong clock, or a counter on its way to the window."""
    COUNTER = "counter"


class Sighting(NamedTuple):
    """A stamp and when it was heard, both in unix seconds."""

    stamp: float
    heard: float


class DeviceClock(NamedTuple):
    """What one device's stamps have shown so far."""

    trust: Trust
    earlier: Sighting
    """What speed is measured from: replaced once it is SETTLED old."""
    last: Sighting
    start: float = math.inf
    """Unless it is a clock: the earliest start that a counter of thousandths may have had."""


class Verdict(NamedTuple):
    """The time a reading gets, why, what is now known of its device, and a flag ('' for none)."""

    time: datetime
    quality: TimeQuality
    clock: DeviceClock | None
    flag: str


def judge(stamp: object, received_at: datetime, rules: ClockRules, known: DeviceClock | None) -> Verdict:
    """``stamp`` is the timestamp as JSON gave it; ``known`` is what the device's earlier ones have shown."""
    value = _number(stamp)
    if value is not None:
        return _judge_number(value, received_at, rules, known)
    if isinstance(stamp, str) and (told := _iso(stamp, rules.device_zone)) is not None:
        if _within(told, received_at.timestamp(), rules):
            return Verdict(_moment(told), TimeQuality.DEVICE, known, "")
        return Verdict(received_at, TimeQuality.WINDOW, known, _flag(stamp))
    return Verdict(received_at, TimeQuality.RECEIVE, known, "" if stamp is None else _flag(stamp))


def _judge_number(
    value: float, received_at: datetime, rules: ClockRules, known: DeviceClock | None
) -> Verdict:
    stamp = unix_seconds(value)
    heard = received_at.timestamp()
    within = _within(stamp, heard, rules)
    clock = observe(known, stamp, heard, within=within)
    if within and clock.trust is Trust.CLOCK:
        return Verdict(_moment(stamp), TimeQuality.DEVICE, clock, "")
    counts = within or clock.trust is Trust.COUNTER
    return Verdict(received_at, TimeQuality.UPTIME if counts else TimeQuality.WINDOW, clock, _flag(value))


def unix_seconds(value: float) -> float:
    """Seconds, by the size of the number: it may come in s, ms, us or ns."""
    for limit, per_second in _UNITS:
        if value < limit:
            return value / per_second
    return value / 1e9


def observe(known: DeviceClock | None, stamp: float, heard: float, *, within: bool) -> DeviceClock:
    """What is known of the device after one more stamp."""
    now = Sighting(stamp, heard)
    start = heard - stamp / 1e3
    if known is None:
        trust = Trust.COUNTER if stamp < NO_CLOCK else Trust.CLOCK if within else Trust.DOUBT
        return DeviceClock(trust, now, now, math.inf if trust is Trust.CLOCK else start)
    elapsed = heard - known.earlier.heard
    if stamp < NO_CLOCK or (elapsed >= SETTLED and _races(known, now)):
        trust = Trust.COUNTER
    elif within and (start < known.start - SLACK or _steady(known.earlier, now)):
        trust = Trust.CLOCK
    else:
        trust = known.trust
    keep = 0 <= elapsed < SETTLED
    earliest = math.inf if trust is Trust.CLOCK else min(start, known.start)
    return DeviceClock(trust, known.earlier if keep else now, now, earliest)


def _races(known: DeviceClock, now: Sighting) -> bool:
    """Since the earlier message and since the last one: a backlog delivered at once does but one of them."""
    return any(_runs(race, known.earlier, now) and _runs(race, known.last, now) for race in _RACES)


def _steady(earlier: Sighting, now: Sighting) -> bool:
    return SETTLED <= now.heard - earlier.heard <= STEADY_WITHIN and _runs(1.0, earlier, now)


def _runs(speed: float, earlier: Sighting, now: Sighting) -> bool:
    """Whether the stamps went on at this speed, as far as late arrivals let one tell."""
    elapsed = now.heard - earlier.heard
    return abs((now.stamp - earlier.stamp) / speed - elapsed) <= LATE + abs(elapsed) * _TOLERANCE


def _number(stamp: object) -> float | None:
    """A stamp that is a number or consists of digits; None for everything else."""
    if isinstance(stamp, str):
        digits = stamp.strip()
        if not (digits.isascii() and digits.replace(".", "", 1).isdigit() and len(digits) <= 40):
            return None
        stamp = float(digits)
    if isinstance(stamp, bool) or not isinstance(stamp, int | float):
        return None
    return stamp if 0 <= stamp < _LARGEST else None


def _iso(stamp: str, zone: tzinfo) -> float | None:
    """Unix seconds of an ISO-8601 date with a time of day."""
    try:
        told = datetime.fromisoformat(stamp.strip())
        if ":" not in stamp and "T" not in stamp.upper():
            return None
        return (told if told.tzinfo else told.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError):
        return None


def _within(stamp: float, heard: float, rules: ClockRules) -> bool:
    return heard - rules.oldest.total_seconds() <= stamp <= heard + rules.ahead.total_seconds()


def _moment(stamp: float) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)


def _flag(stamp: object) -> str:
    return f"timestamp: {quoted(stamp)}"
