"""One value of a TOML table or of the environment to the exact type of its setting; ranges of numbers."""

from collections.abc import Iterator
from enum import StrEnum
from types import GenericAlias, UnionType
from typing import TypeAlias

from dosing_tui.errors import ConfigError

SettingValue: TypeAlias = str | int | float | bool | tuple[str, ...] | dict[str, str] | StrEnum

RangeCheck: TypeAlias = tuple[str, float, float, float]
"""Label of the setting, its value, least and greatest value."""

_BOOLEAN_WORDS = {"1": True, "true": True, "yes": True, "on": True} | {
    "0": False, "false": False, "no": False, "off": False
}  # fmt: skip
_TYPE_NAMES = {
    str: "a text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    tuple: 'a list of texts, e.g. ["dosing_system_01"]',
    dict: 'a table of texts, e.g. { freeze = "z" }, in the environment freeze=z',
}


def coerce_toml(name: str, hint: object, value: object) -> SettingValue:
    """``port = true`` and ``port = "1883"`` are errors: only an int becomes a float.

    Raises: ConfigError.
    """
    kind = _get_plain_type(hint)
    if issubclass(kind, StrEnum) and value in list(kind):
        return kind(str(value))
    if kind is tuple and isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    if kind is dict and isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
        return value
    if kind is float and type(value) is int:
        return float(value)
    if isinstance(value, str | int | float) and type(value) is kind:
        return value
    # what should be a list may be a header or a command, with a secret in it
    quoted = "" if kind in (tuple, dict) else f"{value!r} "
    raise ConfigError(f"{name}: {quoted}is not {_describe_type(kind)}.")


def coerce_text(name: str, hint: object, text: str) -> SettingValue:
    """An environment variable: commas between the items of a list, blanks between name=value pairs.

    Raises: ConfigError.
    """
    kind = _get_plain_type(hint)
    if kind is bool and text.strip().lower() in _BOOLEAN_WORDS:
        return _BOOLEAN_WORDS[text.strip().lower()]
    if kind is tuple:
        return tuple(item.strip() for item in text.split(",") if item.strip())
    pairs = [item.partition("=") for item in text.split()]
    if kind is dict and all(key and value for key, _, value in pairs):
        return {key: value for key, _, value in pairs}
    if kind not in (int, float):
        return coerce_toml(name, kind, text)
    try:
        return int(text) if kind is int else float(text)
    except ValueError as error:
        raise ConfigError(f"{name}: {text!r} is not {_describe_type(kind)}.") from error


def _get_plain_type(hint: object) -> type:
    """``tuple`` for ``tuple[str, ...]``, ``float`` for ``float | None``."""
    if isinstance(hint, UnionType):
        hint = hint.__args__[0]
    plain = hint.__origin__ if isinstance(hint, GenericAlias) else hint
    assert isinstance(plain, type)
    return plain


def _describe_type(kind: type) -> str:
    return f"one of {', '.join(kind)}" if issubclass(kind, StrEnum) else _TYPE_NAMES[kind]


def find_range_errors(*checks: RangeCheck) -> Iterator[str]:
    """One sentence for each value outside its range; NaN is outside of every range."""
    for label, value, low, high in checks:
        if not low <= value <= high:
            yield f"{label} {value:g} is outside {low:g} to {high:g}."
