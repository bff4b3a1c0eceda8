"""``[[shifts]]``, a section that comes several times: read, and checked one against the other."""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, fields
from itertools import pairwise
from typing import get_type_hints

from dosing_tui.config import type_coercion
from dosing_tui.config.settings import ShiftSettings
from dosing_tui.domain.time.shift_calendar import WEEKDAYS
from dosing_tui.errors import ConfigError

SECTION = "shifts"
MAX_SECTIONS = 50
_TIME_OF_DAY = re.compile(r"([01]\d|2[0-3]):[0-5]\d")
_DAY_MINUTES, _WEEK_MINUTES = 24 * 60, 7 * 24 * 60


def parse_sections(tables: object) -> tuple[ShiftSettings, ...]:
    """Raises: ConfigError, naming the shift by its number, the setting and the value."""
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError("shifts is a section for each shift; write [[shifts]] and its settings below it.")
    return tuple(_parse_section(f"shifts[{number}]", table) for number, table in enumerate(tables, start=1))


def _parse_section(location: str, table: Mapping[str, object]) -> ShiftSettings:
    hints = get_type_hints(ShiftSettings)
    for key in table:
        if key not in hints:
            near = difflib.get_close_matches(key, hints, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise ConfigError(f"{location}.{key} is not a setting.{hint}")
    for field in fields(ShiftSettings):
        if field.name not in table and field.default is MISSING:
            raise ConfigError(f"{location}: has no {field.name}; a shift needs a name and a start.")
    given = {
        key: type_coercion.coerce_toml(f"{location}.{key}", hints[key], value) for key, value in table.items()
    }
    return ShiftSettings(**given)  # type: ignore[arg-type]  # from_toml has seen to each one's type


def find_errors(shifts: Sequence[ShiftSettings]) -> Iterator[str]:
    """What cannot work, in sentences: values by themselves, then shifts that overlap."""
    if len(shifts) > MAX_SECTIONS:
        yield f"shifts: {len(shifts)} of them are more than {MAX_SECTIONS}."
    own = [sentence for shift in shifts for sentence in _find_shift_errors(shift)]
    yield from own or _find_overlaps(shifts)


def _find_shift_errors(shift: ShiftSettings) -> Iterator[str]:
    name = f"shifts {shift.name!r}"
    if not shift.name.strip() or not shift.name.isprintable() or len(shift.name) > 20:
        yield f"shifts: {shift.name!r} is not a name of 1 to 20 letters."
    if not _TIME_OF_DAY.fullmatch(shift.start):
        yield f'{name}: start {shift.start!r} is not a time of day, e.g. "06:00".'
    if not 0.25 <= shift.hours <= 24:
        yield f"{name}: hours {shift.hours:g} is outside 0.25 to 24."
    if not shift.days:
        yield f"{name}: days is empty; leave it out for every day."
    for day in shift.days:
        if day not in WEEKDAYS:
            near = difflib.get_close_matches(day.lower()[:3], WEEKDAYS, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            yield f"{name}: day {day!r} is not one of {', '.join(WEEKDAYS)}.{hint}"


def _find_overlaps(shifts: Sequence[ShiftSettings]) -> Iterator[str]:
    """In minutes of the week on the wall, once around and on into the next week."""
    week = sorted(
        (begin, end, shift.name, day) for shift in shifts for begin, end, day in _list_week_minutes(shift)
    )
    for (_, end, name, day), (begin, _, other, later) in pairwise([*week, *_repeat_next_week(week[:1])]):
        if begin < end:
            clock = f"{begin % _DAY_MINUTES // 60:02}:{begin % 60:02}"
            yield f"shifts: {name!r} of {day} is not over when {other!r} begins on {later} at {clock}."


def _list_week_minutes(shift: ShiftSettings) -> Iterator[tuple[int, int, str]]:
    hour, _, minute = shift.start.partition(":")
    for day in dict.fromkeys(shift.days):
        begin = WEEKDAYS.index(day) * _DAY_MINUTES + int(hour) * 60 + int(minute)
        yield begin, begin + round(shift.hours * 60), day


def _repeat_next_week(first: Sequence[tuple[int, int, str, str]]) -> list[tuple[int, int, str, str]]:
    return [(begin + _WEEK_MINUTES, end + _WEEK_MINUTES, name, day) for begin, end, name, day in first]
