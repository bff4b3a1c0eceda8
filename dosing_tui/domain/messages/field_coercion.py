"""Convert a record's JSON values to the column types. Each repair is appended to ``flags``.

Raises: PayloadError, naming field and value, if a value cannot be converted; ``parse_optional`` flags it.
"""

import math
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeVar

from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.errors import PayloadError

Value = TypeVar("Value")

Fields: TypeAlias = Mapping[str, object]
Flags: TypeAlias = list[str]
"""Data quality flags of the form 'field: repair', stored with the reading."""

MAX_MAGNITUDE = 1e12
"""Maximum absolute value of a mass in g, a count or a duration in ms. It keeps sums from overflowing."""
MIN_MAGNITUDE = 1e-9
"""Smaller absolute values become 0, as does the firmware's -0.00: a division by them could overflow."""
INT4_RANGE = range(-(2**31), 2**31)

_DECIMAL = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,4})?")
_DECIMAL_COMMA = re.compile(r"[-+]?[0-9]+,[0-9]+")
_THOUSANDS = re.compile(r"[-+]?[1-9][0-9]{0,2},[0-9]{3}")
_MISSING_NUMBER = re.compile(
    r"|null|nil|none|n\.?/?a\.?|unavailable|not available|unknown|undefined|\?+|[-–—]+"
    r"|[-+]?(?:nan|inf|infinity)",
    re.IGNORECASE,
)
"""Words that stations and gateways send instead of a number that they do not have."""
_MAX_NUMBER_LENGTH = 40
"""Maximum length of a number in a string, in characters."""


def parse_number(fields: Fields, name: str, flags: Flags) -> float | None:
    """Return a finite float within MAX_MAGNITUDE; None if it is missing or not finite.

    Raises: PayloadError if the value is not a number or is too large.
    """
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


def parse_int4(fields: Fields, name: str, flags: Flags) -> int | None:
    """Return an integer that fits PostgreSQL's ``integer`` (32 bits); None if it is missing. 2.0 is accepted.

    Raises: PayloadError for 3.7, which PostgreSQL would silently round to 4, if it is out of range, and as
    ``parse_number``.
    """
    found = parse_number(fields, name, flags)
    if found is None or (found.is_integer() and int(found) in INT4_RANGE):
        return None if found is None else int(found)
    fault = "is too large" if found.is_integer() else "is not a whole number"
    raise PayloadError(name, f"{name}: {quote_value(fields.get(name))} {fault}")


def parse_optional(
    parse: Callable[[Fields, str, Flags], Value | None], fields: Fields, name: str, flags: Flags
) -> Value | None:
    """Return what ``parse`` returns; None, with a flag, where it raises: the reading itself is kept."""
    try:
        return parse(fields, name, flags)
    except PayloadError as error:
        flags.append(str(error))
        return None


def parse_rounded(fields: Fields, name: str, flags: Flags) -> int | None:
    """Return an integer, a fraction rounded half to even with a flag; None if it is missing or unusable."""
    value = parse_optional(parse_number, fields, name, flags)
    if value is not None and not value.is_integer():
        flags.append(f"{name}: coerced")
    return None if value is None else round(value)


def parse_text(fields: Fields, name: str, flags: Flags) -> str:
    """Return sanitized text; '' if it is missing. A number is converted to its digits.

    Raises: PayloadError if the value is a boolean, an array or an object.
    """
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
    """Return sanitized text that is not empty.

    Raises: PayloadError if it is missing or empty, and as ``parse_text``.
    """
    found = parse_text(fields, name, flags)
    if found:
        return found
    raise PayloadError(name, f"{name} is {'missing' if fields.get(name) is None else 'empty'}")


def quote_value(value: object) -> str:
    """Format a value for a message: short and sanitized, without the contents of a container."""
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
