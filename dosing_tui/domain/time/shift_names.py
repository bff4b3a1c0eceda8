"""Shift names: 'this', 'last', or the start day and the name."""

from datetime import date, datetime, time, tzinfo

from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.domain.time.shift_calendar import ShiftCalendar, ShiftPeriod, to_utc
from dosing_tui.errors import RangeError

THIS, LAST, LAST_NIGHT = "this", "last", "last night"
_NIGHT_SEARCH = 30
"""Shifts that are looked at: those of a week and more."""


def parse_shift(text: str, now: datetime, zone: tzinfo, calendar: ShiftCalendar) -> ShiftPeriod:
    """Resolve a shift name at ``now``. Raises: RangeError, naming the configured shifts."""
    words = " ".join(text.split())
    name = words.casefold().removesuffix(" shift")
    if name in (THIS, LAST, LAST_NIGHT):
        return resolve_shift(name, now, zone, calendar)
    return _parse_day_shift(words, zone, calendar)


def resolve_shift(name: str, now: datetime, zone: tzinfo, calendar: ShiftCalendar) -> ShiftPeriod:
    """Resolve ``THIS``, ``LAST`` or ``LAST_NIGHT``. Raises: RangeError."""
    if name == LAST_NIGHT:
        return _find_last_night(now, zone, calendar)
    last = calendar.get_last_shift(now, zone)
    found = calendar.get_current_shift(now, zone) if name == THIS else last
    if found is not None:
        return found
    if last is None:
        raise RangeError("No shifts are set ([[shifts]] in the configuration).")
    ended = f"{last.until.astimezone(zone):%d %b %H:%M}"
    raise RangeError(
        f"No shift is on now: {clean_text(last.name)} ended at {ended}. 'last shift' is that one."
    )


def _find_last_night(now: datetime, zone: tzinfo, calendar: ShiftCalendar) -> ShiftPeriod:
    """The last shift that has ended and was on at 01:00, a time that no clock change skips."""
    until = now
    for _ in range(_NIGHT_SEARCH):
        shift = calendar.get_last_shift(until, zone)
        if shift is None:
            break
        nights = (to_utc(datetime.combine(end.astimezone(zone).date(), time(1)), zone) for end in shift[1:])
        if any(shift.since <= night < shift.until for night in nights):
            return shift
        until = shift.since
    raise RangeError("No shift was on at 01:00 in the last week: 'last night' cannot be used.")


def _parse_day_shift(text: str, zone: tzinfo, calendar: ShiftCalendar) -> ShiftPeriod:
    written, _, name = text.partition(" ")
    try:
        day = date.fromisoformat(written)
    except ValueError as error:
        raise RangeError(
            f"{clean_text(text)!r} is not a shift: write this, last, or a day and a name, '2026-11-24 Early'."
        ) from error
    there = calendar.list_on_day(day, zone)
    for shift in there:
        if shift.name.casefold() == name.casefold():
            return shift
    names = ", ".join(clean_text(shift.name) for shift in there) or "none"
    raise RangeError(f"No shift {clean_text(name)!r} begins on {day}; on that day: {names}.")
