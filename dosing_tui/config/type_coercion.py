"""One setting from TOML or the environment to its exact type, or a sentence that names it."""

from enum import StrEnum
from types import GenericAlias
from typing import TypeAlias

from dosing_tui.errors import ConfigError

SettingValue: TypeAlias = str | int | float | bool | tuple[str, ...] | dict[str, str] | StrEnum

_TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
_FALSE_WORDS = frozenset({"0", "false", "no", "off"})


def coerce_toml(name: str, kind: object, value: object) -> SettingValue:
    """``port = true`` and ``port = "1883"`` are refused, not guessed at.

    Raises: ConfigError.
    """
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return _coerce_choice(name, kind, value)
    if _is_table(kind):
        if isinstance(value, dict) and all(isinstance(item, str) for item in value.values()):
            return {str(key): str(item) for key, item in value.items()}
        raise ConfigError(f'{name}: {value!r} is not a table of texts, e.g. {{ freeze = "z" }}.')
    if isinstance(kind, GenericAlias):
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return tuple(value)
        raise ConfigError(f'{name}: {value!r} is not a list of texts, e.g. ["dosing_system_01"].')
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if kind in (str, int, float, bool) and type(value) is kind:
        return value
    raise ConfigError(f"{name}: {value!r} is not {_TYPE_NAMES[str(getattr(kind, '__name__', kind))]}.")


def coerce_text(name: str, kind: object, text: str) -> SettingValue:
    """The same for an environment variable, whose values are all text.

    Raises: ConfigError.
    """
    if _is_table(kind):
        pairs = [item.partition("=") for item in text.split()]
        if all(key and value for key, _, value in pairs):
            return {key: value for key, _, value in pairs}
        raise ConfigError(f"{name}: {text!r} is not a list of name=value, with blanks between them.")
    if isinstance(kind, GenericAlias):
        return tuple(item.strip() for item in text.split(",") if item.strip())
    if kind is bool:
        word = text.strip().lower()
        if word in _TRUE_WORDS | _FALSE_WORDS:
            return word in _TRUE_WORDS
        raise ConfigError(f"{name}: {text!r} is neither true nor false.")
    if kind is int or kind is float:
        try:
            return int(text) if kind is int else float(text)
        except ValueError as error:
            raise ConfigError(f"{name}: {text!r} is not {_TYPE_NAMES[kind.__name__]}.") from error
    return coerce_toml(name, kind, text)


def _is_table(kind: object) -> bool:
    return isinstance(kind, GenericAlias) and kind.__origin__ is dict


def _coerce_choice(name: str, kind: type[StrEnum], value: object) -> StrEnum:
    if isinstance(value, str) and value in {member.value for member in kind}:
        return kind(value)
    choices = ", ".join(member.value for member in kind)
    raise ConfigError(f"{name}: {value!r} is not one of {choices}.")


_TYPE_NAMES = {"str": "a text", "int": "a whole number", "float": "a number", "bool": "true or false"}
