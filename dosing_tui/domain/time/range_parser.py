"""Resolve range expressions (Grafana's grammar or names) to time ranges."""

import difflib
import re
from datetime import datetime, timedelta, tzinfo

from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.domain.time.shift_calendar import THREE_SHIFTS, ShiftCalendar
from dosing_tui.domain.time.shift_names import LAST_NIGHT, resolve_shift
from dosing_tui.domain.time.time_expression import (
    EXAMPLES,
    add_units,
    get_unit_start,
    is_date,
    is_fiscal,
    is_time,
    parse_time,
    quote_text,
    strip_spaces,
    suggest_time,
)
from dosing_tui.domain.time.time_range import RangeSpec, TimeRange
from dosing_tui.errors import RangeError

MAX_RANGE = timedelta(days=733)
"""Maximum length: two years and the days added by rounding."""
MIN_RANGE = timedelta(minutes=1)
"""Minimum length when zooming in."""
THIS_SHIFT, LAST_SHIFT, THIS_BATCH = "this shift", "last shift", "this batch"
CALENDAR_RANGES = {
    "today": RangeSpec("now/d", "now/d"),
    "yesterday": RangeSpec("now-1d/d", "now-1d/d"),
    "this week": RangeSpec("now/w", "now/w"),
    "last week": RangeSpec("now-1w/w", "now-1w/w"),
    "this month": RangeSpec("now/M", "now/M"),
    "last month": RangeSpec("now-1M/M", "now-1M/M"),
}
"""Named calendar ranges. Shifts and batches have names, too, but no equivalent expression."""
_SHIFT_NAMES = {THIS_SHIFT: "this", LAST_SHIFT: "last", LAST_NIGHT: LAST_NIGHT}
_RANGE_NAMES = (*CALENDAR_RANGES, *_SHIFT_NAMES, THIS_BATCH)
_LIVE_NAMES = frozenset({"today", "this week", "this month", THIS_SHIFT, THIS_BATCH})
_DURATION_PATTERN = re.compile(r"\d{1,6}[smhdwMy]")
_ROUNDED_PATTERN = re.compile(r"now.*/([smhdwMy])")
_LAST_PATTERN = re.compile(r"now-(\d+)([smhdwMy])")
_UNIT_LABELS = {"s": "s", "m": "min", "h": "h", "d": "d", "w": "weeks", "M": "months", "y": "years"}
_LIVE_END_PATTERN = re.compile(r"now(?:\+\d*[smhdwMy])*(?:/[smhdwMy])?")
_MINUTE, _HOUR, _DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
_MAX_COUNT = 999_999
"""Maximum count of a unit in an expression."""
ZOOM_LENGTHS = (
    MIN_RANGE,
    timedelta(minutes=5),
    timedelta(minutes=15),
    timedelta(minutes=30),
    _HOUR,
    3 * _HOUR,
    6 * _HOUR,
    12 * _HOUR,
    _DAY,
    2 * _DAY,
    7 * _DAY,
    14 * _DAY,
    30 * _DAY,
    90 * _DAY,
    180 * _DAY,
    365 * _DAY,
    730 * _DAY,
)
"""Zoom steps of ranges that end now."""


def resolve_range(
    spec: RangeSpec, now: datetime, zone: tzinfo, *,
    calendar: ShiftCalendar = THREE_SHIFTS, batch: TimeRange | None = None,
) -> TimeRange:  # fmt: skip
    """Resolve a range at ``now``. ``batch``: the range of 'this batch', None without a batch.

    Raises: RangeError, naming the text and the permitted forms.
    """
    from_, to = parse_ends(spec)

    def end(written: str, *, last: bool) -> datetime:
        name = _fold_name(written)
        if name in _SHIFT_NAMES:
            shift = resolve_shift(_SHIFT_NAMES[name], now, zone, calendar)
            return shift.until if last else shift.since
        if name == THIS_BATCH and batch is None:
            raise RangeError("No start of a batch is known: 'this batch' cannot be used now.")
        if name == THIS_BATCH and batch is not None:
            return batch[last]
        named = CALENDAR_RANGES.get(name, RangeSpec(written, written))
        return parse_time(named.to if last else named.from_, now, zone, end=last)

    since, until = end(from_, last=False), end(to, last=True)
    both = f"{quote_text(from_)} to {quote_text(to)}"
    if until <= since:
        raise RangeError(f"{both}: the end is not after the beginning.")
    if until - since > MAX_RANGE:
        raise RangeError(f"{both} is longer than two years, the most that is shown.")
    return TimeRange(since, until)


def parse_ends(spec: RangeSpec) -> tuple[str, str]:
    """Return the expressions of both ends.

    A single text is a name, a duration up to now, a day or a start. Raises: RangeError if it is none of them.
    """
    from_, to = strip_spaces(spec.from_), strip_spaces(spec.to)
    if to:
        return from_, to
    name = get_range_name(spec)
    if name in _RANGE_NAMES:
        named = CALENDAR_RANGES.get(name, RangeSpec(name, name))
        return named.from_, named.to
    if _DURATION_PATTERN.fullmatch(from_):
        return f"now-{from_}", "now"
    if is_date(from_) or is_fiscal(from_):
        return from_, from_
    if is_time(from_):
        rounded = _ROUNDED_PATTERN.fullmatch(from_)
        return from_, f"now/{rounded[1]}" if rounded else "now"
    raise RangeError(_describe_error(from_))


def is_live(spec: RangeSpec) -> bool:
    """Return whether the range includes new readings: it ends now or later."""
    try:
        to = parse_ends(spec)[1]
    except RangeError:
        return False
    return _fold_name(to) in _LIVE_NAMES or _LIVE_END_PATTERN.fullmatch(to) is not None


def is_batch_range(spec: RangeSpec) -> bool:
    """Return whether the range depends on the last batch."""
    return THIS_BATCH in (_fold_name(spec.from_), _fold_name(spec.to))


def step_range(
    spec: RangeSpec, steps: int, now: datetime, zone: tzinfo, *,
    calendar: ShiftCalendar = THREE_SHIFTS, batch: TimeRange | None = None,
) -> RangeSpec:  # fmt: skip
    """Step a range back (-1) or forward (1): by month, day or shift, otherwise by its length.

    A step beyond the present gives a live range of the same length; a live range is unchanged.
    Raises: RangeError.
    """
    found = resolve_range(spec, now, zone, calendar=calendar, batch=batch)
    if steps > 0 and (found.until > now or is_live(spec)):
        return spec
    for _ in range(abs(steps)):
        found = _get_neighbour(found, 1 if steps > 0 else -1, zone, calendar)
        if steps > 0 and found.until > now:
            break
    for name in ("today", "this week", "this month"):
        if resolve_range(CALENDAR_RANGES[name], now, zone) == found:
            return CALENDAR_RANGES[name]
    on = calendar.get_current_shift(now, zone)
    if on is not None and found == on[1:]:
        return RangeSpec(THIS_SHIFT)
    return _extend_to_now(found, now, zone) if steps > 0 and found.until >= now else to_absolute(found, zone)


def zoom_range(
    spec: RangeSpec, factor: float, now: datetime, zone: tzinfo, *,
    calendar: ShiftCalendar = THREE_SHIFTS, batch: TimeRange | None = None,
) -> RangeSpec:  # fmt: skip
    """Zoom a range: wider for a factor above 1, narrower below.

    A live range takes the next zoom step and ends now; any other keeps its centre. At the maximum length it
    is unchanged. Raises: RangeError.
    """
    since, until = resolve_range(spec, now, zone, calendar=calendar, batch=batch)
    if is_live(spec) and since < now:
        rung = _choose_length(until - since, factor)
        return spec if rung is None else RangeSpec(f"now-{_format_length(rung)}", "now")
    length = max(MIN_RANGE, min(MAX_RANGE, (until - since) * factor))
    middle = since + (until - since) / 2
    return to_absolute(TimeRange(middle - length / 2, middle + length / 2), zone)


def describe_range(
    spec: RangeSpec, now: datetime, zone: tzinfo, *,
    calendar: ShiftCalendar = THREE_SHIFTS, batch: TimeRange | None = None,
) -> str:  # fmt: skip
    """Format a range for titles: 'last 6 h', 'today', 'this shift (Early 06:00–14:00)',
    '23 Nov 06:00–24 Nov 06:00'.

    Raises: RangeError.
    """
    found = resolve_range(spec, now, zone, calendar=calendar, batch=batch)
    name = get_range_name(spec)
    if name in _SHIFT_NAMES:
        worked = calendar.get_current_shift(found.since, zone)
        since, until = (end.astimezone(zone) for end in found)
        day = f"{since:%a %d %b} " if name == LAST_NIGHT else ""
        return f"{name} ({clean_text(worked.name) + ' ' if worked else ''}{day}{since:%H:%M}–{until:%H:%M})"
    if name == THIS_BATCH:
        return name
    written = RangeSpec(*parse_ends(spec))
    if (named := next((each for each, its in CALENDAR_RANGES.items() if its == written), None)) is not None:
        return named
    if written.to == "now" and (last := _LAST_PATTERN.fullmatch(written.from_)):
        return f"last {last[1]} {_UNIT_LABELS[last[2]]}"
    return format_span(found, now, zone)


def format_span(range_: TimeRange, now: datetime, zone: tzinfo) -> str:
    """Format a range in local time: whole days without time of day, the year only if it differs."""
    since, until = (end.astimezone(zone) for end in range_)
    year = "" if since.year == until.year == now.astimezone(zone).year else " %Y"
    if all(get_unit_start(end, "d", zone) == end for end in range_):
        first, last = since.date(), until.date() - _DAY
        return f"{first:%d %b{year}}" if first == last else f"{first:%d %b{year}}–{last:%d %b{year}}"
    day = "" if since.date() == until.date() else f"%d %b{year} "
    clock = "%H:%M:%S" if since.second or until.second else "%H:%M"
    return f"{since:%d %b{year} {clock}}–{until:{day}{clock}}"


def to_absolute(range_: TimeRange, zone: tzinfo) -> RangeSpec:
    """Convert to an absolute range, in s, in local time with its UTC offset."""
    since, until = (end.astimezone(zone).isoformat(timespec="seconds") for end in range_)
    return RangeSpec(since, until)


def _get_neighbour(range_: TimeRange, step: int, zone: tzinfo, calendar: ShiftCalendar) -> TimeRange:
    since, until = range_
    worked = calendar.get_current_shift(since, zone)
    if worked is not None and range_ == worked[1:]:
        beside = calendar.get_next_shift(until, zone) if step > 0 else calendar.get_last_shift(since, zone)
        if beside is not None:
            return TimeRange(*beside[1:])
    for unit in ("M", "d"):
        if get_unit_start(since, unit, zone) == since and get_unit_start(until, unit, zone) == until:
            count = step * _count_units(since, until, unit, zone)
            return TimeRange(
                *(get_unit_start(add_units(end, count, unit, zone), unit, zone) for end in range_)
            )
    length = until - since
    return TimeRange(since + step * length, until + step * length)


def _count_units(since: datetime, until: datetime, unit: str, zone: tzinfo) -> int:
    """Count whole units in local time."""
    first, last = since.astimezone(zone).date(), until.astimezone(zone).date()
    if unit == "d":
        return (last - first).days
    return (last.year - first.year) * 12 + last.month - first.month


def _extend_to_now(range_: TimeRange, now: datetime, zone: tzinfo) -> RangeSpec:
    """Return a live range of as many whole months or days, or else of the same length."""
    for unit in ("M", "d"):
        if all(get_unit_start(end, unit, zone) == end for end in range_):
            if range_.until == now:
                return to_absolute(range_, zone)
            before = _count_units(*range_, unit, zone) - 1
            return RangeSpec(f"now-{before}{unit}/{unit}" if before else f"now/{unit}", f"now/{unit}")
    return RangeSpec(f"now-{_format_length(range_.until - range_.since)}", "now")


def _choose_length(length: timedelta, factor: float) -> timedelta | None:
    """Return the zoom step next to ``length * factor``, in the direction of the zoom."""
    wider = factor > 1
    rungs = [rung for rung in ZOOM_LENGTHS if (rung > length if wider else rung < length)]
    wanted = length * factor
    return min(rungs, key=lambda rung: max(rung / wanted, wanted / rung), default=None)


def _format_length(length: timedelta) -> str:
    for unit, size in (("d", _DAY), ("h", _HOUR), ("m", _MINUTE), ("s", timedelta(seconds=1))):
        # up to 24 h are elapsed hours; longer ones are calendar days
        if length % size == timedelta(0) and (unit != "d" or length > _DAY) and length // size <= _MAX_COUNT:
            return f"{length // size}{unit}"
    return f"{max(1, round(length / _MINUTE))}m" if length < _DAY else f"{round(length / _HOUR)}h"


def _describe_error(text: str) -> str:
    close = difflib.get_close_matches(_fold_name(text), _RANGE_NAMES, n=1)
    near = suggest_time(text) or (repr(close[0]) if close else "")
    hint = f" Did you mean {near}?" if near else ""
    ways = f"Write 24h, {', '.join(_RANGE_NAMES)}, or a beginning: {EXAMPLES}."
    return f"{quote_text(text)} is not a range. {ways}{hint}"


def get_range_name(spec: RangeSpec) -> str:
    """Return the name in the form used for comparisons; '' for a range with two ends."""
    return "" if spec.to.strip() else _fold_name(spec.from_)


def _fold_name(text: str) -> str:
    return " ".join(text.split()).casefold()
