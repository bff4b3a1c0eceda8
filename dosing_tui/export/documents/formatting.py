"""Formats times, masses and durations for documents: plant time, '-' for unknown."""

from datetime import datetime, timedelta, tzinfo

from dosing_tui.domain.quantities.quantity_text import (
    count_noun,
    format_decimal,
    round_down_to_tenths,
    round_half_up,
)

UNKNOWN = "-"


def format_timestamp(moment: datetime | None, zone: tzinfo) -> str:
    """'2026-11-24 14:03:11 +0100': the offset makes the repeated hour in autumn unambiguous."""
    return UNKNOWN if moment is None else f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S %z}"


def format_time(moment: datetime | None, zone: tzinfo) -> str:
    return UNKNOWN if moment is None else f"{moment.astimezone(zone):%H:%M:%S}"


def format_date_time(moment: datetime | None, zone: tzinfo) -> str:
    return UNKNOWN if moment is None else f"{moment.astimezone(zone):%m-%d %H:%M:%S}"


def format_number(value: float | None, digits: int = 2, *, sign: bool = False) -> str:
    """
    >>> format_number(40.1), format_number(12_345.6), format_number(0.154, sign=True), format_number(None)
    ('40.10', '12 345.60', '+0.15', '-')
    """
    if value is None:
        return UNKNOWN
    text = format_decimal(value, digits)
    return f"+{text}" if sign and round_half_up(value, digits) >= 0 else text


def format_level_number(percent: float | None) -> str:
    """Percent of a tank, rounded down as on the console: 19.96 is below a limit of 20.

    >>> format_level_number(48.26), format_level_number(19.96), format_level_number(None)
    ('48.2', '19.9', '-')
    """
    return format_number(None if percent is None else round_down_to_tenths(percent), 1)


def format_duration(seconds: float | None) -> str:
    """
    >>> format_duration(125.0), format_duration(12.5), format_duration(7265)
    ('2 min 5 s', '12.5 s', '2 h 1 min 5 s')
    """
    if seconds is None:
        return UNKNOWN
    if seconds < 60:
        return f"{seconds:g} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{f'{hours} h ' if hours else ''}{minutes} min {rest} s"


def format_elapsed(since: datetime, until: datetime) -> str:
    return format_duration((until - since) / timedelta(seconds=1))


def format_rebuild(stations: int) -> str:
    """
    >>> format_rebuild(1)
    'the batches of 1 station: all counts of batches will change'
    """
    return f"the batches of {count_noun(stations, 'station')}: all counts of batches will change"
