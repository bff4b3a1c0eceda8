"""One TOML table to the values of one settings class: unknown and secret keys are errors."""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar, get_type_hints

from msgspec import structs

from dosing_tui.config.sections.section import Section, list_file_keys, list_secret_keys
from dosing_tui.config.type_coercion import SettingValue, coerce_toml
from dosing_tui.errors import ConfigError

SectionT = TypeVar("SectionT", bound=Section)
MAX_TABLES = {
    "shifts": 50, "stations": 1_000, "chemicals": 500, "alarm_limits": 500, "pump_limits": 1_000,
    "notifications": 50,
}  # fmt: skip


def format_key(field_name: str) -> str:
    """A field's name in the file: without the underscore that keeps it from being a keyword of Python."""
    return field_name.removesuffix("_")


def bind_table(location: str, kind: type, table: Mapping[str, object]) -> dict[str, SettingValue]:
    """The values of ``table`` in the types of the fields of ``kind``.

    Raises: ConfigError, with ``location.key``, the value or the nearest valid key.
    """
    hints, valid = get_type_hints(kind), {format_key(name): name for name in list_file_keys(kind)}
    for key in table:
        if key in list_secret_keys(kind):
            raise ConfigError(
                f"{location}.{key} does not belong in the file; use {location}.{key}_file, "
                "a systemd credential or the environment."
            )
        if key not in valid:
            raise ConfigError(format_unknown(f"{location}.{key}", key, valid, f"{location}.{{}}"))
    return {
        valid[key]: coerce_toml(f"{location}.{key}", hints[valid[key]], value) for key, value in table.items()
    }


def bind_tables(section: str, kind: type[SectionT], tables: object) -> tuple[SectionT, ...]:
    """An array of tables, ``[[section]]``; the n-th is called ``section[n]`` in errors.

    Raises: ConfigError.
    """
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"{section} is a repeated section; write [[{section}]] and its settings below it.")
    if len(tables) > MAX_TABLES[section]:
        raise ConfigError(f"{section}: {len(tables)} of them are more than {MAX_TABLES[section]}.")
    return tuple(
        _build_section(f"{section}[{number}]", kind, table) for number, table in enumerate(tables, start=1)
    )


def format_unknown(label: str, word: str, valid: Iterable[str], form: str = "{}") -> str:
    """A sentence with the nearest valid name, written as ``form``."""
    return f"{label} is not a setting.{suggest_nearest(word, valid, form)}"


def suggest_nearest(word: str, valid: Iterable[str], form: str = "{}") -> str:
    """' Did you mean ...?', or '' if no valid word is near."""
    near = difflib.get_close_matches(word, list(valid), n=1)
    return f" Did you mean {form.format(near[0])}?" if near else ""


def _build_section(location: str, kind: type[SectionT], table: Mapping[str, object]) -> SectionT:
    values: dict[str, Any] = bind_table(location, kind, table)
    if missing := _list_required_keys(kind) - values.keys():
        raise ConfigError(f"{location}: {' and '.join(sorted(missing))} is missing.")
    return kind(**values)


def _list_required_keys(kind: type[Section]) -> set[str]:
    return {field.name for field in structs.fields(kind) if field.required}
