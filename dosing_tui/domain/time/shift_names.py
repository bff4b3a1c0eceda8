"""A shift as it is named: 'this', 'last', or the day it begins on and its name."""

from datetime import date, datetime, tzinfo

from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.domain.time.shift_calendar import ShiftCalendar, WorkedShift
from dosing_tui.errors import RangeError

THIS, LAST = "this", "last"


def named_shift(text: str, now: datetime, zone: tzinfo, calendar: ShiftCalendar) -> WorkedShift:
    """Raises: RangeError, a sentence that names the shifts there are."""
    words = " ".join(text.split())
    if words.casefold() in (THIS, "this shift"):
        found = calendar.this_shift(now, zone)
        return found or _none_on(now, zone, calendar)
    if words.casefold() in (LAST, "last shift"):
        found = calendar.last_shift(now, zone)
        if found is None:
            raise RangeError("No shifts are set ([[shifts]] in the configuration).")
        return found
    return _of_day(words, zone, calendar)


def _none_on(now: datetime, zone: tzinfo, calendar: ShiftCalendar) -> WorkedShift:
    last = calendar.last_shift(now, zone)
    if last is None:
        raise RangeError("No shifts are set ([[shifts]] in the configuration).")
    ended = f"{last.until.astimezone(zone):%d %b %H:%M}"
    raise RangeError(f"No shift is on now: {clean_text(last.name)} ended at {ended}; 'last' is that one.")


def _of_day(words: str, zone: tzinfo, calendar: ShiftCalendar) -> WorkedShift:
    written, _, name = words.partition(" ")
    try:
        day = date.fromisoformat(written)
    except ValueError as error:
        raise RangeError(
            f"{clean_text(words)!r} is no shift: write this, last, or a day and a name, '2026-11-24 Early'."
        ) from error
    there = calendar.on_day(day, zone)
    for shift in there:
        if shift.name.casefold() == name.casefold():
            return shift
    names = ", ".join(clean_text(shift.name) for shift in there) or "none"
    raise RangeError(f"No shift {clean_text(name)!r} begins on {day}; on that day: {names}.")
