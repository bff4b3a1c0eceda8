"""``[[shifts]]``: a section for each shift; checks of each one, and of overlaps."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from dosing_tui.config.settings import ShiftSettings
from dosing_tui.config.table_binding import suggest_nearest
from dosing_tui.config.type_coercion import find_range_errors
from dosing_tui.domain.time.shift_calendar import WEEKDAYS

SECTION = "shifts"
_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_DAY_MINUTES, _WEEK_MINUTES = 24 * 60, 7 * 24 * 60


def find_errors(shifts: Sequence[ShiftSettings]) -> Iterator[str]:
    """One sentence for each impossible value; if there is none, for each overlap."""
    own = [sentence for shift in shifts for sentence in _find_shift_errors(shift)]
    yield from own or _find_overlaps(shifts)


def _find_shift_errors(shift: ShiftSettings) -> Iterator[str]:
    name = f"shifts {shift.name!r}"
    if not shift.name.strip() or not shift.name.isprintable() or len(shift.name) > 20:
        yield f"shifts: {shift.name!r} is not a name of 1 to 20 letters."
    if not _TIME_OF_DAY.fullmatch(shift.start):
        yield f'{name}: start {shift.start!r} is not a time of day, e.g. "06:00".'
    yield from find_range_errors((f"{name}: hours", shift.hours, 0.25, 24))
    if not shift.days:
        yield f"{name}: days is empty; leave it out for every day."
    for day in shift.days:
        if day not in WEEKDAYS:
            hint = suggest_nearest(day.lower()[:3], WEEKDAYS)
            yield f"{name}: day {day!r} is not one of {', '.join(WEEKDAYS)}.{hint}"


def _find_overlaps(shifts: Sequence[ShiftSettings]) -> Iterator[str]:
    """In minutes of the week by the wall clock; Sunday's last shift is compared with Monday's first."""
    week = sorted(
        (begin, end, shift.name, day) for shift in shifts for begin, end, day in _list_week_minutes(shift)
    )
    for (_, end, name, day), (begin, _, other, later) in pairwise([*week, *_repeat_next_week(week[:1])]):
        if begin < end:
            clock = f"{begin % _DAY_MINUTES // 60:02}:{begin % 60:02}"
            yield f"shifts: {name!r} of {day} overlaps {other!r}, which starts on {later} at {clock}."


def _list_week_minutes(shift: ShiftSettings) -> Iterator[tuple[int, int, str]]:
    hour, _, minute = shift.start.partition(":")
    for day in dict.fromkeys(shift.days):
        begin = WEEKDAYS.index(day) * _DAY_MINUTES + int(hour) * 60 + int(minute)
        yield begin, begin + round(shift.hours * 60), day


def _repeat_next_week(first: Sequence[tuple[int, int, str, str]]) -> list[tuple[int, int, str, str]]:
    return [(begin + _WEEK_MINUTES, end + _WEEK_MINUTES, name, day) for begin, end, name, day in first]
