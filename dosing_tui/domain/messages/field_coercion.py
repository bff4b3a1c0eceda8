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

LARGEST = 1e12
"""No mass in g, count or duration in ms is larger. What is would overflow the sums it goes into."""
SMALLEST = 1e-9
"""What is closer to zero is zero (also the firmware's -0.00): a quotient by it could overflow."""
INT4 = range(-(2**31), 2**31)

_DECIMAL = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,4})?")
_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+")
_THOUSANDS = re.compile(r"[-+]?[1-9][0-9]{0,2},[0-9]{3}")
_NO_NUMBER = re.compile(r"|null|none|[-+]?(?:nan|inf|infinity)", re.IGNORECASE)
_MAX_NUMBER = 40
"""Characters of a number in a text."""


def number(fields: Fields, name: str, flags: Flags) -> float | None:
    """A float that is finite and within LARGEST; None where none was sent."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, (float, int)):
        value = _converted(value, name, flags)
        if value is None:
            return None
    if -LARGEST <= value <= LARGEST:
        return float(value) if not -SMALLEST < value < SMALLEST else 0.0
    if isinstance(value, float) and not math.isfinite(value):
        flags.append(f"{name}: {value}")
        return None
    raise PayloadError(name, f"{name}: {quoted(fields[name])} is too large")


def whole(fields: Fields, name: str, flags: Flags) -> int | None:
    """An integer; 2.0 is one, 3.7 is refused: the database would silently make 4 of it."""
    value = fields.get(name)
    if type(value) is int and -LARGEST <= value <= LARGEST:
        return value
    found = number(fields, name, flags)
    if found is None or found.is_integer():
        return None if found is None else int(found)
    raise PayloadError(name, f"{name}: {quoted(value)} is not a whole number")


def int4(fields: Fields, name: str, flags: Flags) -> int | None:
    """An integer of the database's 32 bits."""
    value = whole(fields, name, flags)
    if value is None or value in INT4:
        return value
    raise PayloadError(name, f"{name}: {quoted(fields[name])} is too large")


def text(fields: Fields, name: str, flags: Flags) -> str:
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
        return clean_text(quoted(value))
    raise PayloadError(name, f"{name}: {quoted(value)} is not a text")


def required_text(fields: Fields, name: str, flags: Flags) -> str:
    """Cleaned text that is not empty."""
    found = text(fields, name, flags)
    if found:
        return found
    raise PayloadError(name, f"{name} is {'missing' if fields.get(name) is None else 'empty'}")


def quoted(value: object) -> str:
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


def _converted(value: object, name: str, flags: Flags) -> float | None:
    if value is None:
        flags.append(f"{name}: missing")
        return None
    if not isinstance(value, str):
        raise PayloadError(name, f"{name}: {quoted(value)} is not a number")
    return _from_text(value.strip(), name, flags)


def _from_text(value: str, name: str, flags: Flags) -> float | None:
    if _NO_NUMBER.fullmatch(value):
        flags.append(f"{name}: {value.lower() or 'empty'}")
        return None
    if len(value) <= _MAX_NUMBER and _DECIMAL.fullmatch(value):
        flags.append(f"{name}: text")
        return float(value)
    if len(value) > _MAX_NUMBER or not _COMMA.fullmatch(value):
        raise PayloadError(name, f"{name}: {quoted(value)} is not a number")
    if _THOUSANDS.fullmatch(value):
        raise PayloadError(name, f"{name}: {quoted(value)} may have a decimal comma or a thousands separator")
    flags.append(f"{name}: decimal comma")
    return float(value.replace(",", "."))
