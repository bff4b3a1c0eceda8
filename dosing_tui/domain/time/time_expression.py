"""Resolve a time expression (Grafana's grammar) to a time, in the plant's zone.

``now``, then any number of ``-6h``, ``+1d`` or ``/d`` (rounded to a whole unit, s m h d w M y), taken from
left to right; or a date with or without a time, in the plant's zone or with an offset; or milliseconds
since 1970. As the end of a range a whole unit, or a date without a time, means its end.
Weeks begin on Monday.
"""

import calendar
import re
from datetime import UTC, datetime, timedelta, tzinfo

from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.domain.time.shift_calendar import to_utc
from dosing_tui.errors import RangeError

VALID_YEARS = range(2000, 2100)
"""Accepted years."""
EXAMPLES = "now-6h, now-1d/d, 2026-11-24 06:00, 2026-11-24T06:00:00+01:00 or milliseconds since 1970"
"""Examples for error messages."""

_STEP_SOURCE = r"(?:[+-]\d{0,6}[smhdwMy]|/[smhdwMy])"
_RELATIVE_TIME = re.compile(rf"now({_STEP_SOURCE}*)")
_STEP_PATTERN = re.compile(_STEP_SOURCE)
_ABSOLUTE_TIME = re.compile(
    r"(\d{4}-\d\d-\d\d)([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?( ?(Z|z|[+-]\d\d:?\d\d))?)?", re.ASCII
)
_MILLISECONDS = re.compile(r"\d{9,16}", re.ASCII)
_FISCAL = re.compile(r"now.*[-+/]\d*f[Qy]")
_LONG_UNIT = re.compile(r"(?<=\d)\s*(sec|min|hour|hr|day|week|month|year)[a-z]*")
_FIXED_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1)}


def parse_time(text: str, now: datetime, zone: tzinfo, *, end: bool = False) -> datetime:
    """Parse a time expression; return the time in UTC.

    Raises: RangeError, naming the text and a suggestion.
    """
    written = strip_spaces(text)
    try:
        found = _parse_expression(written, now, zone, end=end)
    except (ValueError, OverflowError) as error:
        raise RangeError(f"{quote_text(written)} does not exist.") from error
    if found is None:
        raise RangeError(_describe_error(text.strip()))
    if found.year not in VALID_YEARS:
        raise RangeError(
            f"{quote_text(written)} is in {found.year}; years from 2000 to 2099 can be asked for."
        )
    return found


def strip_spaces(text: str) -> str:
    """Normalize spaces: an expression relative to ``now`` may contain spaces anywhere."""
    return re.sub(r"\s+", "", text) if text.strip().startswith("now") else text.strip()


def suggest_time(text: str) -> str:
    """Suggest a valid expression for an invalid one; '' without a suggestion.

    >>> suggest_time("now-6"), suggest_time("now6h"), suggest_time("-6h"), suggest_time("last 15 min")
    ('now-6h', 'now-6h', 'now-6h', 'now-15m')
    """
    exact = re.sub(r"\s+", "", text)
    spoken = re.sub(r"^\s*(the\s+)?(last|past)\b", "", text.casefold())
    short = re.sub(r"\s+", "", _LONG_UNIT.sub(_abbreviate_unit, spoken))
    for tried in (exact, short, f"{short}h", short.replace("now", "now-", 1), f"now{short}", f"now-{short}"):
        if tried != text and _RELATIVE_TIME.fullmatch(tried):
            return tried
    return ""


def is_time(text: str) -> bool:
    """Return whether the text has the form of a time; it may be invalid, e.g. 31 February."""
    return any(form.fullmatch(strip_spaces(text)) for form in (_RELATIVE_TIME, _ABSOLUTE_TIME, _MILLISECONDS))


def is_fiscal(text: str) -> bool:
    """Return whether the text uses Grafana's fiscal units, which are not supported."""
    return _FISCAL.fullmatch(strip_spaces(text)) is not None


def is_date(text: str) -> bool:
    """Return whether the text has the form of a date without a time."""
    return re.fullmatch(r"\d{4}-\d\d-\d\d", text, re.ASCII) is not None


def add_units(moment: datetime, count: int, unit: str, zone: tzinfo) -> datetime:
    """Add units: days and longer in local time, shorter units in elapsed time."""
    if unit in _FIXED_UNITS:
        return moment.astimezone(UTC) + _FIXED_UNITS[unit] * count
    local = moment.astimezone(zone)
    naive = local.replace(tzinfo=None)
    if unit in ("d", "w"):
        return _to_utc_like(naive + timedelta(days=count * (7 if unit == "w" else 1)), local, zone)
    year, month = divmod(naive.year * 12 + naive.month - 1 + count * (12 if unit == "y" else 1), 12)
    day = min(naive.day, calendar.monthrange(year, month + 1)[1])
    return _to_utc_like(naive.replace(year=year, month=month + 1, day=day), local, zone)


def get_unit_start(moment: datetime, unit: str, zone: tzinfo) -> datetime:
    """Return the start of the unit that contains ``moment``, in local time."""
    local = moment.astimezone(zone)
    if unit in _FIXED_UNITS:
        second = local.second if unit == "s" else 0
        minute = 0 if unit == "h" else local.minute
        return local.replace(minute=minute, second=second, microsecond=0).astimezone(UTC)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    if unit == "w":
        midnight -= timedelta(days=midnight.weekday())
    elif unit in ("M", "y"):
        midnight = midnight.replace(day=1, month=1 if unit == "y" else midnight.month)
    return to_utc(midnight, zone)


def get_unit_end(moment: datetime, unit: str, zone: tzinfo) -> datetime:
    """Return the end of the unit that contains ``moment``: the start of the next one."""
    begin = get_unit_start(moment, unit, zone)
    if unit in _FIXED_UNITS:
        end = begin + _FIXED_UNITS[unit]
        if get_unit_start(end, unit, zone) == end:
            return end
        # changes by half an hour (Lord Howe Island): the hour is shorter or longer
        return to_utc(begin.astimezone(zone).replace(tzinfo=None, minute=0) + _FIXED_UNITS[unit], zone)
    return get_unit_start(add_units(begin, 1, unit, zone), unit, zone)


def _parse_expression(text: str, now: datetime, zone: tzinfo, *, end: bool) -> datetime | None:
    if found := _RELATIVE_TIME.fullmatch(text):
        return _apply_steps(_STEP_PATTERN.findall(found[1]), now, zone, end=end)
    if _ABSOLUTE_TIME.fullmatch(text):
        written = datetime.fromisoformat(text.replace(" ", "T", 1).replace(" ", "").replace("z", "Z"))
        if end and is_date(text):
            written += timedelta(days=1)
        return to_utc(written, zone) if written.tzinfo is None else written.astimezone(UTC)
    if _MILLISECONDS.fullmatch(text):
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(text))
    return None


def _apply_steps(steps: list[str], now: datetime, zone: tzinfo, *, end: bool) -> datetime:
    at = now.astimezone(UTC)
    for step in steps:
        unit = step[-1]
        if step[0] == "/":
            at = (get_unit_end if end else get_unit_start)(at, unit, zone)
        else:
            count = int(step[1:-1] or 1)
            at = add_units(at, count if step[0] == "+" else -count, unit, zone)
    return at


def _to_utc_like(naive: datetime, local: datetime, zone: tzinfo) -> datetime:
    """Convert to UTC; for an ambiguous time, keep the fold of ``local``, so that ``+0d`` has no effect."""
    return naive.replace(tzinfo=zone, fold=local.fold).astimezone(UTC)


def _abbreviate_unit(unit: re.Match[str]) -> str:
    return "M" if unit[1] == "month" else unit[1][0]


def _describe_error(text: str) -> str:
    if is_fiscal(text):
        return (
            f"{quote_text(text)} counts in fiscal quarters or years, none of which the plant has: use M or y."
        )
    near = suggest_time(text)
    return f"{quote_text(text)} is not a time. Write {EXAMPLES}.{f' Did you mean {near}?' if near else ''}"


def quote_text(text: str) -> str:
    """Quote what an operator has written, for an error message."""
    return repr(clean_text(text, limit=60))
