"""The one text of each quantity on screens and in commands, alarms and reports."""

from collections.abc import Iterable
from enum import StrEnum
from math import floor, isfinite

from msgspec import Struct
from msgspec.structs import replace

NO_VALUE = "–"
"""In place of a value that was not measured."""
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
_EXACT_INTEGERS = 2.0**52
"""From here on a float has no part below one."""


class Quantity(StrEnum):
    """What a number measures; the number is in g, s, percent, pieces or messages per second."""

    MASS = "mass"
    DURATION = "duration"
    PERCENT = "percent"
    LEVEL = "level"
    """Percentage of a tank, rounded down: 19.96 % is below a limit of 20 %."""
    PRODUCTION_DAYS = "production days"
    COUNT = "count"
    RATE = "rate"
    EVENT = "event"
    """No value: the alarm is about something that happened."""


class MassUnit(Struct, frozen=True):
    """One unit for a whole panel, so that its numbers can be compared."""

    symbol: str
    grams: float
    decimals: int

    def format_number(self, grams: float | None) -> str:
        return format_decimal(None if grams is None else grams / self.grams, self.decimals)

    def format_mass(self, grams: float | None) -> str:
        """With its unit; the sign for no value has none."""
        return NO_VALUE if grams is None else f"{self.format_number(grams)} {self.symbol}"


GRAMS = MassUnit("g", 1.0, 1)
KILOGRAMS = MassUnit("kg", 1_000.0, 2)


def choose_mass_unit(largest_g: float) -> MassUnit:
    """Grams up to a kilogram, then kilograms; fewer decimals the larger the numbers are."""
    size = abs(largest_g)
    if size < 1_000:
        return GRAMS if size < 100 else MassUnit("g", 1.0, 0)
    if size < 100_000:
        return KILOGRAMS
    return MassUnit("kg", 1_000.0, 1 if size < 1_000_000 else 0)


def choose_common_unit(masses: Iterable[float | None], *, steps: int = 10) -> MassUnit:
    """One unit for masses side by side: by the largest, with decimals for the least of them.

    ``steps``: in how many parts the least is to be seen; a kilogram has three decimals at most, a gram two.

    >>> [choose_common_unit([largest, 660.0, None]).format_mass(660.0) for largest in (900.0, 5.0e6)]
    ['660 g', '0.66 kg']
    """
    sizes = [abs(mass) for mass in masses if mass and isfinite(mass)]
    unit = choose_mass_unit(max(sizes, default=0.0))
    most, step = 2 if unit.grams == 1 else 3, min(sizes, default=unit.grams) / steps / unit.grams
    needed = next((decimals for decimals in range(most) if round(step * 10**decimals, 9) >= 1), most)
    return replace(unit, decimals=max(unit.decimals, needed))


def format_decimal(value: float | None, decimals: int, unit: str = "") -> str:
    """With a fixed number of decimals, thousands apart, and its unit, e.g. " s"; none for no value.

    >>> format_decimal(12345.6, 1, " g"), format_decimal(-0.001, 2), format_decimal(None, 1, " s")
    ('12 345.6 g', '0.00', '–')
    """
    if value is None or not isfinite(value):
        return NO_VALUE
    # adding zero turns -0.0 into 0.0
    return f"{round_half_up(value, decimals) + 0.0:,.{decimals}f}".replace(",", " ") + unit


def round_half_up(value: float, decimals: int) -> float:
    """Rounded as Grafana rounds it, so that a half has the same digits on both: 6.25 % is 6.3 %.

    >>> round_half_up(6.25, 1), round_half_up(-6.25, 1), round_half_up(2.5, 0), round_half_up(1.115, 2)
    (6.3, -6.2, 3.0, 1.12)
    """
    factor = 10.0**decimals
    scaled = value * factor
    if not abs(scaled) < _EXACT_INTEGERS:
        return value
    whole = floor(scaled)
    return (whole + (scaled - whole >= 0.5)) / factor


def format_count(number: int) -> str:
    """Thousands apart by a gap: 12 345."""
    return f"{number:,}".replace(",", " ")


def count_noun(number: int, noun: str, plural: str = "") -> str:
    """A number of things; without ``plural`` they take an s.

    >>> count_noun(1, "batch", "batches"), count_noun(0, "dose"), count_noun(12_345, "dose")
    ('1 batch', '0 doses', '12 345 doses')
    """
    return f"{format_count(number)} {noun if number == 1 else plural or f'{noun}s'}"


def format_bytes(count: float) -> str:
    """To the tenth of the unit, by factors of 1000 as disks are sold.

    >>> format_bytes(512), format_bytes(3_500_000), format_bytes(2_147_483_648)
    ('512 B', '3.5 MB', '2.1 GB')
    """
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000:
            return format_decimal(count, 0 if unit == "B" else 1, f" {unit}")
        count /= 1000
    return format_decimal(count, 1, " TB")


def format_mass(grams: float | None) -> str:
    """To the hundredth of a gram below 100 g, in kg from 1 kg on.

    >>> [format_mass(grams) for grams in (0.534, 126.42, 13_680.0, None)]
    ['0.53 g', '126.4 g', '13.68 kg', '–']
    """
    if grams is None or abs(grams) < 1_000:
        return format_decimal(grams, 2 if grams is None or abs(grams) < 100 else 1, " g")
    unit = choose_mass_unit(grams)
    return unit.format_mass(grams)


def format_deviation(grams: float | None) -> str:
    """An error with its sign.

    >>> [format_deviation(grams) for grams in (0.534, -0.61, 0.001)]
    ['+0.53 g', '-0.61 g', '0.00 g']
    """
    is_plus = grams is not None and round_half_up(grams, 2) > 0
    return f"{'+' if is_plus else ''}{format_mass(grams)}"


def format_percent(percent: float | None) -> str:
    """To the tenth: 6.5 %."""
    return format_decimal(percent, 1, " %")


def format_change(percent: float) -> str:
    """A deviation in percent with its sign: +6.5 %."""
    return f"{'+' if round_half_up(percent, 1) > 0 else ''}{format_percent(percent)}"


def format_level(percent: float | None) -> str:
    """Of a tank, rounded down to the tenth: 19.9 % for 19.96."""
    return format_percent(None if percent is None else round_down_to_tenths(percent))


def round_down_to_tenths(value: float) -> float:
    """Rounded down: 19.96 is below a limit of 20 and must not be shown as 20.0.

    A number that is too large to have tenths stays as it is: ten times the largest are no number.
    """
    return floor(value * 10 + 1e-9) / 10 if abs(value) < 1e15 else value


def format_duration(seconds: float | None) -> str:
    """The two largest units; days always with their hours.

    >>> [format_duration(seconds) for seconds in (4.26, 90, 365, 600, 7_500, 432_470.49)]
    ['4.3 s', '90 s', '6 min 5 s', '10 min', '2 h 5 min', '5 d 0 h']
    """
    if seconds is None or not isfinite(seconds):
        return NO_VALUE
    sign, size = "-" if seconds < 0 else "", abs(seconds)
    if size < 10 and size != round(size):
        return f"{sign}{format_decimal(size, 1)} s"
    if (whole := round(size)) < 2 * _MINUTE:
        return f"{sign}{whole} s"
    if whole >= _DAY:
        return f"{sign}{whole // _DAY} d {whole % _DAY // _HOUR} h"
    if whole >= _HOUR:
        return sign + _join_units(whole // _HOUR, "h", whole % _HOUR // _MINUTE, "min")
    return sign + _join_units(whole // _MINUTE, "min", whole % _MINUTE, "s")


def _join_units(large: int, large_unit: str, small: int, small_unit: str) -> str:
    return f"{large} {large_unit} {small} {small_unit}" if small else f"{large} {large_unit}"


def format_rate(per_second: float | None) -> str:
    """To the tenth below ten: 1.3/s."""
    if per_second is None:
        return NO_VALUE
    return format_decimal(per_second, 1, "/s") if per_second < 10 else f"{format_count(round(per_second))}/s"


def cut_to_shown(value: float, quantity: Quantity) -> float:
    """The value without what ``format_quantity`` does not show of it: seconds, from an hour on.

    >>> [cut_to_shown(seconds, Quantity.DURATION) for seconds in (3_599.2, 7_530.0, 432_470.49)]
    [3599.2, 7500.0, 432420.0]
    """
    if quantity is not Quantity.DURATION or not isfinite(value) or value < _HOUR:
        return value
    return float(round(value) // _MINUTE * _MINUTE)


def format_quantity(value: float | None, quantity: Quantity) -> str:
    """A value with its unit and as many digits as mean something."""
    if value is None or not isfinite(value):
        return NO_VALUE
    match quantity:
        case Quantity.MASS:
            return format_mass(value)
        case Quantity.DURATION:
            return format_duration(value)
        case Quantity.PERCENT:
            return format_percent(value)
        case Quantity.LEVEL:
            return format_level(value)
        case Quantity.PRODUCTION_DAYS:
            return format_decimal(value, 1, " d")
        case Quantity.COUNT:
            return format_count(round(value))
        case Quantity.RATE:
            return format_rate(value)
        case Quantity.EVENT:
            return format_decimal(value, 2)
