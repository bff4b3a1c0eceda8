"""Texts of times and ages, and those of the quantities, which commands and reports share with the screens."""

from datetime import datetime, timedelta, tzinfo

from dosing_tui.domain.quantities.quantity_text import (
    GRAMS,
    KILOGRAMS,
    NO_VALUE,
    MassUnit,
    choose_common_unit,
    choose_mass_unit,
    count_noun,
    format_count,
    format_decimal,
    round_down_to_tenths,
    round_half_up,
)

__all__ = [
    "GRAMS", "KILOGRAMS", "NO_VALUE", "MassUnit", "choose_common_unit", "choose_mass_unit", "count_noun",
    "format_age", "format_bucket_width", "format_clock", "format_count", "format_decimal",
    "format_full_timestamp", "format_rest", "format_signed", "format_timestamp", "format_whole",
    "round_down_to_tenths",
]  # fmt: skip

_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_ONE_DAY = timedelta(days=1)
_WEEKDAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")


def format_bucket_width(duration: timedelta) -> str:
    """A bucket's width: 15 min, 1 h, 1 d."""
    minutes = round(duration.total_seconds() / _MINUTE)
    if minutes % (24 * 60) == 0:
        return f"{minutes // (24 * 60)} d"
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"


def format_age(seconds: float) -> str:
    """An age, in coarse steps."""
    if seconds < 10:
        return "now"
    if seconds < _MINUTE:
        return f"{int(seconds // 10) * 10} s"
    size, unit = (_MINUTE, "min") if seconds < _HOUR else (_HOUR, "h") if seconds < 2 * _DAY else (_DAY, "d")
    return f"{int(seconds // size)} {unit}"


def format_clock(time: datetime, zone: tzinfo, *, seconds: bool = True) -> str:
    return time.astimezone(zone).strftime("%H:%M:%S" if seconds else "%H:%M")


def format_timestamp(time: datetime, zone: tzinfo, *, now: datetime) -> str:
    """The time of day, with the weekday if it was yesterday or is tomorrow; else the day. At most 8 cells."""
    local, today = time.astimezone(zone), now.astimezone(zone).date()
    if local.date() == today:
        return local.strftime("%H:%M:%S")
    if abs(local.date() - today) == _ONE_DAY:
        return f"{_WEEKDAYS[local.weekday()]} {local:%H:%M}"
    return local.strftime("%d.%m.%y" if local.year != today.year else "%d %b")


def format_full_timestamp(time: datetime, zone: tzinfo) -> str:
    return time.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def format_signed(value: float | None, decimals: int = 2) -> str:
    """With its sign, and no '-0.00'.

    >>> format_signed(1643.0, 0), format_signed(-0.001), format_signed(-12.5, 1)
    ('+1 643', '0.00', '-12.5')
    """
    if value is None:
        return NO_VALUE
    return f"{'+' if round_half_up(value, decimals) > 0 else ''}{format_decimal(value, decimals)}"


def format_whole(number: float | None) -> str:
    """A count, or the sign for none."""
    return NO_VALUE if number is None else format_count(round(number))


def format_rest(count: int) -> str:
    """The number of things for which there is no room."""
    return f"and {format_count(count)} more"
