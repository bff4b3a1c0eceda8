"""A record's values as the numbers and words the tables want. What was repaired is added to ``flags``.

Every function raises PayloadError, with a sentence that names field and value, for what cannot be used.
"""

import math
import re
from collections.abc import Mapping
from typing import TypeAlias

from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.errors import PayloadError

Fields: TypeAlias = Mapping[str, object]
Flags: TypeAlias = list[str]
"""'field: what', for the operator; stored with the reading."""

MAX_MAGNITUDE = 1e12
"""No mass in g, count or duration in ms is larger. What is would overflow the sums it goes into."""
MIN_MAGNITUDE = 1e-9
"""What is closer to zero is zero (also the firmware's -0.00): a quotient by it could overflow."""
INT4_RANGE = range(-(2**31), 2**31)

_DECIMAL = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,4})?")
_DECIMAL_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+")
_THOUSANDS = re.compile(r"[-+]?[1-9][0-9]{0,2},[0-9]{3}")
_MISSING_NUMBER = re.compile(r"|null|none|[-+]?(?:nan|inf|infinity)", re.IGNORECASE)
_MAX_NUMBER_LENGTH = 40
"""Characters of a number in a text."""


def parse_number(fields: Fields, name: str, flags: Flags) -> float | None:
    """A float that is finite and within LARGEST; None where none was sent."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, (float, int)):
        value = _convert_value(value, name, flags)
        if value is None:
            return None
    if -MAX_MAGNITUDE <= value <= MAX_MAGNITUDE:
        return float(value) if not -MIN_MAGNITUDE < value < MIN_MAGNITUDE else 0.0
    if isinstance(value, float) and not math.isfinite(value):
        flags.append(f"{name}: {value}")
        return None
    raise PayloadError(name, f"{name}: {quote_value(fields[name])} is too large")


def parse_integer(fields: Fields, name: str, flags: Flags) -> int | None:
    """An integer; 2.0 is one, 3.7 is refused: the database would silently make 4 of it."""
    value = fields.get(name)
    if type(value) is int and -MAX_MAGNITUDE <= value <= MAX_MAGNITUDE:
        return value
    found = parse_number(fields, name, flags)
    if found is None or found.is_integer():
        return None if found is None else int(found)
    raise PayloadError(name, f"{name}: {quote_value(value)} is not a whole number")


def parse_int4(fields: Fields, name: str, flags: Flags) -> int | None:
    """An integer of the database's 32 bits."""
    value = parse_integer(fields, name, flags)
    if value is None or value in INT4_RANGE:
        return value
    raise PayloadError(name, f"{name}: {quote_value(fields[name])} is too large")


def parse_text(fields: Fields, name: str, flags: Flags) -> str:
    """Cleaned text, '' where none was sent. A number is taken as its digits."""
    value = fields.get(name)
    if type(value) is str:
        cleaned = clean_text(value)
        if cleaned != value and cleaned != value.strip():
            flags.append(f"{name}: {'shortened' if cleaned.endswith('…') else 'cleaned'}")
        return cleaned
    if value is None:
        flags.append(f"{name}: missing")
        return ""
    if type(value) in (int, float):
        flags.append(f"{name}: number")
        return clean_text(quote_value(value))
    raise PayloadError(name, f"{name}: {quote_value(value)} is not a text")


def parse_required_text(fields: Fields, name: str, flags: Flags) -> str:
    """Cleaned text that is not empty."""
    found = parse_text(fields, name, flags)
    if found:
        return found
    raise PayloadError(name, f"{name} is {'missing' if fields.get(name) is None else 'empty'}")


def quote_value(value: object) -> str:
    """The value as a sentence can carry it: short, clean, never the contents of a container."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case str():
            return f"'{clean_text(value, limit=40)}'"
        case int():
            return str(value) if value.bit_length() <= 128 else "a number of very many digits"
        case float():
            return f"{value:.15g}"
        case list():
            return "a list"
        case _:
            return "an object"


def _convert_value(value: object, name: str, flags: Flags) -> float | None:
    if value is None:
        flags.append(f"{name}: missing")
        return None
    if not isinstance(value, str):
        raise PayloadError(name, f"{name}: {quote_value(value)} is not a number")
    return _parse_number_text(value.strip(), name, flags)


def _parse_number_text(value: str, name: str, flags: Flags) -> float | None:
    if _MISSING_NUMBER.fullmatch(value):
        flags.append(f"{name}: {value.lower() or 'empty'}")
        return None
    if len(value) <= _MAX_NUMBER_LENGTH and _DECIMAL.fullmatch(value):
        flags.append(f"{name}: text")
        return float(value)
    if len(value) > _MAX_NUMBER_LENGTH or not _DECIMAL_COMMA.fullmatch(value):
        raise PayloadError(name, f"{name}: {quote_value(value)} is not a number")
    if _THOUSANDS.fullmatch(value):
        raise PayloadError(
            name, f"{name}: {quote_value(value)} may have a decimal comma or a thousands separator"
        )
    flags.append(f"{name}: decimal comma")
    return float(value.replace(",", "."))
