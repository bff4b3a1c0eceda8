"""Ranges as they are written, to the stretch of time they mean: by Grafana's grammar, or by name."""

import difflib
import re
from datetime import datetime, timedelta, tzinfo

from dosing_tui.errors import RangeError
from dosing_tui.plant.moments import WAYS, beginning, is_date, is_moment, moment, moved
from dosing_tui.plant.shifts import THREE_SHIFTS, ShiftCalendar
from dosing_tui.plant.text import clean_text
from dosing_tui.plant.timeranges import RangeSpec, TimeRange

LONGEST = timedelta(days=3 * 366)
SHORTEST = timedelta(minutes=1)
"""No range is zoomed into further."""
THIS_SHIFT, LAST_SHIFT, THIS_BATCH = "this shift", "last shift", "this batch"
NAMES = {
    "today": RangeSpec("now/d", "now/d"),
    "yesterday": RangeSpec("now-1d/d", "now-1d/d"),
    "this week": RangeSpec("now/w", "now/w"),
    "last week": RangeSpec("now-1w/w", "now-1w/w"),
    "this month": RangeSpec("now/M", "now/M"),
    "last month": RangeSpec("now-1M/M", "now-1M/M"),
}
"""Calendar ranges by name; shifts and batches have names as well, but no other way to be written."""
_ALL_NAMES = (*NAMES, THIS_SHIFT, LAST_SHIFT, THIS_BATCH)
_DURATION = re.compile(r"\d{1,6}[smhdwMy]")
_ROUNDED = re.compile(r"now.*/([smhdwMy])")
_LAST = re.compile(r"now-(\d+)([smhdwMy])")
_WORDS = {"s": "s", "m": "min", "h": "h", "d": "d", "w": "weeks", "M": "months", "y": "years"}
_LIVE_END = re.compile(r"now(?:\+\d*[smhdwMy])*(?:/[smhdwMy])?")
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
LADDER = (
    SHORTEST, timedelta(minutes=5), timedelta(minutes=15), timedelta(minutes=30), _HOUR, 3 * _HOUR, 6 * _HOUR,
    12 * _HOUR, _DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY, 30 * _DAY, 90 * _DAY, 180 * _DAY, 365 * _DAY, 730 * _DAY,
    LONGEST,
)  # fmt: skip
"""Lengths of ranges that end now, from one to the next."""


def resolve(
    spec: RangeSpec, now: datetime, zone: tzinfo, *,
    calendar: ShiftCalendar = THREE_SHIFTS, batch: TimeRange | None = None,
) -> TimeRange:  # fmt: skip
    """What the range means now. ``batch`` is what 'this batch' means, None if none is known.

    Raises: RangeError, a sentence that names what is written and what is possible.
    """
    name = name_of(spec)
    if name in (THIS_SHIFT, LAST_SHIFT):
        return _shift(name, now, zone, calendar)
    if name == THIS_BATCH:
        if batch is None:
            raise RangeError("No start of a batch is known: 'this batch' is no range now.")
        return batch
    from_, to = ends(spec)
    since, until = moment(from_, now, zone), moment(to, now, zone, end=True)
    if until <= since:
        raise RangeError(f"{_quoted(from_)} to {_quoted(to)}: the end is not after the beginning.")
    if until - since > LONGEST:
        raise RangeError(f"{_quoted(from_)} to {_quoted(to)}: is longer than three years.")
    return TimeRange(since, until)


def ends(spec: RangeSpec) -> tuple[str, str]:
    """From and to in Grafana's grammar. One text alone is a name, a duration up to now, a day or a beginning.

    Raises: RangeError, if it is none of them.
    """
    from_, to = spec.from_.strip(), spec.to.strip()
    if to:
        return from_, to
    if (named := NAMES.get(name_of(spec))) is not None:
        return named.from_, named.to
    if _DURATION.fullmatch(from_):
        return f"now-{from_}", "now"
    if is_date(from_):
        return from_, from_
    if is_moment(from_):
        rounded = _ROUNDED.fullmatch(from_)
        return from_, f"now/{rounded[1]}" if rounded else "now"
    near = difflib.get_close_matches(name_of(spec), _ALL_NAMES, n=1)
    hint = f" Did you mean '{near[0]}'?" if near else ""
    raise RangeError(
        f"{_quoted(from_)} is not a range. Write 24h, {', '.join(_ALL_NAMES)}, or a beginning: {WAYS}.{hint}"
    )


def live(spec: RangeSpec) -> bool:
    """The range ends now, or goes on after it: new readings belong to it."""
    if name_of(spec) in (THIS_SHIFT, LAST_SHIFT, THIS_BATCH):
        return name_of(spec) != LAST_SHIFT
    try:
        return _LIVE_END.fullmatch(ends(spec)[1]) is not None
    except RangeError:
        return False


def shifted(
    spec: RangeSpec, steps: int, now: datetime, zone: tzinfo, *,
    calendar: ShiftCalendar = THREE_SHIFTS, batch: TimeRange | None = None,
) -> RangeSpec:  # fmt: skip
    """Back for -1, forward for 1: months, days and shifts to the next ones, others by their length.

    What comes to be today, or the shift that is on, follows the clock again. Raises: RangeError.
    """
    found = resolve(spec, now, zone, calendar=calendar, batch=batch)
    for _ in range(abs(steps)):
        found = _neighbour(found, 1 if steps > 0 else -1, zone, calendar)
    for again in (NAMES["today"], NAMES["this week"], NAMES["this month"]):
        if resolve(again, now, zone) == found:
            return again
    on = calendar.this_shift(now, zone)
    if on is not None and found == on[1:]:
        return RangeSpec(THIS_SHIFT)
    return absolute(found, zone)


def zoomed(
    spec: RangeSpec, factor: float, now: datetime, zone: tzinfo, *,
    calendar: ShiftCalendar = THREE_SHIFTS, batch: TimeRange | None = None,
) -> RangeSpec:  # fmt: skip
    """Wider for a factor above 1, narrower below. Raises: RangeError.

    A live range gets the next length of the ladder and ends now; any other keeps its middle.
    """
    since, until = resolve(spec, now, zone, calendar=calendar, batch=batch)
    if live(spec) and since < now:
        return RangeSpec(f"now-{_written(_rung(now - since, factor))}", "now")
    length = max(SHORTEST, min(LONGEST, (until - since) * factor))
    middle = since + (until - since) / 2
    return absolute(TimeRange(middle - length / 2, middle + length / 2), zone)


def described(
    spec: RangeSpec, now: datetime, zone: tzinfo, *,
    calendar: ShiftCalendar = THREE_SHIFTS, batch: TimeRange | None = None,
) -> str:  # fmt: skip
    """For titles: 'last 6 h', 'today', 'this shift (Early 06:00–14:00)', '23 Nov 06:00–24 Nov 06:00'.

    Raises: RangeError.
    """
    found = resolve(spec, now, zone, calendar=calendar, batch=batch)
    name = name_of(spec)
    if name in (THIS_SHIFT, LAST_SHIFT):
        worked = calendar.this_shift(found.since, zone)
        since, until = (end.astimezone(zone) for end in found)
        return f"{name} ({clean_text(worked.name) + ' ' if worked else ''}{since:%H:%M}–{until:%H:%M})"
    if name == THIS_BATCH:
        return name
    written = ends(spec)
    for named, its in NAMES.items():
        if written == (its.from_, its.to):
            return named
    if written[1] == "now" and (last := _LAST.fullmatch(written[0])):
        return f"last {last[1]} {_WORDS[last[2]]}"
    return span(found, now, zone)


def span(found: TimeRange, now: datetime, zone: tzinfo) -> str:
    """On the plant's calendar and clock; whole days without the time, the year where it is another one."""
    since, until = (end.astimezone(zone) for end in found)
    year = "" if since.year == until.year == now.astimezone(zone).year else " %Y"
    if all(beginning(end, "d", zone) == end for end in found):
        first, last = since.date(), until.date() - _DAY
        return f"{first:%d %b{year}}" if first == last else f"{first:%d %b{year}}–{last:%d %b{year}}"
    day = "" if since.date() == until.date() else f"%d %b{year} "
    clock = "%H:%M:%S" if since.second or until.second else "%H:%M"
    return f"{since:%d %b{year} {clock}}–{until:{day}{clock}}"


def absolute(found: TimeRange, zone: tzinfo) -> RangeSpec:
    """The same time for good, to the second, on the plant's clock with its offset."""
    since, until = (end.astimezone(zone).isoformat(timespec="seconds") for end in found)
    return RangeSpec(since, until)


def _neighbour(found: TimeRange, step: int, zone: tzinfo, calendar: ShiftCalendar) -> TimeRange:
    since, until = found
    worked = calendar.this_shift(since, zone)
    if worked is not None and found == worked[1:]:
        beside = calendar.next_shift(until, zone) if step > 0 else calendar.last_shift(since, zone)
        if beside is not None:
            return TimeRange(*beside[1:])
    for unit in ("M", "d"):
        if beginning(since, unit, zone) == since and beginning(until, unit, zone) == until:
            count = step * _between(since, until, unit, zone)
            return TimeRange(*(beginning(moved(end, count, unit, zone), unit, zone) for end in found))
    length = until - since
    return TimeRange(since + step * length, until + step * length)


def _between(since: datetime, until: datetime, unit: str, zone: tzinfo) -> int:
    """Whole units on the plant's calendar."""
    first, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    if unit == "d":
        return (last - first).days
    return (last.year - first.year) * 12 + last.month - first.month


def _rung(length: timedelta, factor: float) -> timedelta:
    """The length of the ladder next to ``length * factor``, but never back where it came from."""
    wider = factor > 1
    rungs = [rung for rung in LADDER if (rung > length if wider else rung < length)]
    wanted = length * factor
    return min(rungs, key=lambda rung: max(rung / wanted, wanted / rung), default=LADDER[-1 if wider else 0])


def _written(length: timedelta) -> str:
    for unit, size in (("d", _DAY), ("h", _HOUR)):
        # 24 hours are 24 hours in every night; longer ones are days on the wall
        if length % size == timedelta(0) and (unit == "h" or length > _DAY):
            return f"{length // size}{unit}"
    return f"{length // timedelta(minutes=1)}m"


def _shift(name: str, now: datetime, zone: tzinfo, calendar: ShiftCalendar) -> TimeRange:
    last = calendar.last_shift(now, zone)
    found = calendar.this_shift(now, zone) if name == THIS_SHIFT else last
    if found is not None:
        return TimeRange(found.since, found.until)
    if last is None:
        raise RangeError(f"'{name}' is no range: no shifts are set ([[shifts]] in the configuration).")
    ended = f"{last.until.astimezone(zone):%d %b %H:%M}"
    raise RangeError(f"No shift is on now: {clean_text(last.name)} ended at {ended}. 'last shift' shows it.")


def name_of(spec: RangeSpec) -> str:
    """As names are compared; '' for a range with two ends."""
    return "" if spec.to.strip() else " ".join(spec.from_.split()).casefold()


def _quoted(text: str) -> str:
    return repr(clean_text(text, limit=60))
