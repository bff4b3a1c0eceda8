"""TOML file + environment -> Settings, with the source of every value. Later sources win."""

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import get_type_hints

import platformdirs

from dosing_tui.config import (
    alarm_limit_overrides,
    notification_sections,
    secrets,
    shift_sections,
    type_coercion,
    validation,
)
from dosing_tui.config.notification_channel import NotificationSettings
from dosing_tui.config.settings import AlarmLimitSettings, Settings, ShiftSettings
from dosing_tui.errors import ConfigError

ARRAY_SECTIONS = (shift_sections.SECTION, alarm_limit_overrides.SECTION, notification_sections.SECTION)
"""Sections that may be there several times."""
CONFIG_VARIABLE = "DOSING_TUI_CONFIG"
_PASSWORD_KEY = "password"


@dataclass(frozen=True, slots=True)
class LoadedSettings:
    """``sources`` says where each 'section.field' came from; ``path`` is the file, present or not."""

    settings: Settings
    sources: Mapping[str, str]
    path: Path


def resolve_config_path(option: Path | None, env: Mapping[str, str]) -> Path:
    """``--config``, else $DOSING_TUI_CONFIG, else the platform's configuration folder."""
    if option is not None:
        return option.expanduser()
    if named := env.get(CONFIG_VARIABLE):
        return Path(named).expanduser()
    return platformdirs.user_config_path("dosing-tui", appauthor=False) / "config.toml"


def load_settings(option: Path | None, env: Mapping[str, str]) -> LoadedSettings:
    """Raises: ConfigError, naming the setting and the value. A missing default file is no error."""
    path = resolve_config_path(option, env)
    document = _read_file(path, required=option is not None or CONFIG_VARIABLE in env)
    _refuse_unknown_keys(document, path)
    _refuse_unknown_variables(env)
    sources: dict[str, str] = {}
    sections = {
        name: _load_section(name, document.get(name, {}), env, path, sources) for name in get_section_types()
    }
    settings = Settings(**sections)  # type: ignore[arg-type]  # each section was built by its own type
    sources[shift_sections.SECTION] = "default"
    if shift_sections.SECTION in document:
        settings = replace(settings, shifts=_load_shifts(document[shift_sections.SECTION], path))
        sources[shift_sections.SECTION] = f"file {path}"
    if alarm_limit_overrides.SECTION in document:
        settings = replace(
            settings, alarm_limits=_load_alarm_limits(document[alarm_limit_overrides.SECTION], path)
        )
    told = _load_notifications(document.get(notification_sections.SECTION, []), env, path)
    settings = replace(settings, notifications=told)
    validation.validate_settings(settings)
    return LoadedSettings(settings, sources, path)


def _load_section(
    name: str, table: Mapping[str, object], env: Mapping[str, str], path: Path, sources: dict[str, str]
) -> object:
    kind = get_section_types()[name]
    given: dict[str, object] = {}
    for key, hint in get_type_hints(kind).items():
        full, variable = f"{name}.{key}", f"DOSING_{name}_{key}".upper()
        sources[full] = "default"
        if key == _PASSWORD_KEY:
            continue
        if key in table:
            given[key] = type_coercion.coerce_toml(full, hint, table[key])
            sources[full] = f"file {path}"
        if variable in env:
            given[key] = type_coercion.coerce_text(variable, hint, env[variable])
            sources[full] = f"environment {variable}"
    if any(field.name == _PASSWORD_KEY for field in fields(kind)):
        secret, source = secrets.read_password(name, file=str(given.get("password_file", "")), env=env)
        given[_PASSWORD_KEY], sources[f"{name}.{_PASSWORD_KEY}"] = secret, source or "not set here"
    return kind(**given)


def get_section_types() -> dict[str, type]:
    """Section name -> its dataclass, in the order of the file; the arrays of tables come after them."""
    hints = get_type_hints(Settings)
    names = [section.name for section in fields(Settings) if section.name not in ARRAY_SECTIONS]
    return {name: hints[name] for name in names}


def _load_shifts(tables: object, path: Path) -> tuple[ShiftSettings, ...]:
    try:
        return shift_sections.parse_sections(tables)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def _load_alarm_limits(tables: object, path: Path) -> tuple[AlarmLimitSettings, ...]:
    try:
        return alarm_limit_overrides.parse_sections(tables)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def _load_notifications(
    tables: object, env: Mapping[str, str], path: Path
) -> tuple[NotificationSettings, ...]:
    try:
        return notification_sections.parse_sections(tables, env)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def _read_file(path: Path, *, required: bool) -> dict[str, dict[str, object]]:
    try:
        with path.open("rb") as stream:
            return tomllib.load(stream)
    except FileNotFoundError as error:
        if required:
            raise ConfigError(
                f"configuration: {path} does not exist; 'dosing-tui config init' writes one."
            ) from error
        return {}
    except OSError as error:
        raise ConfigError(f"configuration: {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"configuration: {path} is not valid TOML: {error}.") from error


def _refuse_unknown_keys(document: Mapping[str, object], path: Path) -> None:
    kinds = get_section_types()
    for name, table in document.items():
        if name in ARRAY_SECTIONS:
            continue
        if name not in kinds:
            raise ConfigError(
                f"{path}: {_format_unknown(f'[{name}]', name, [*kinds, *ARRAY_SECTIONS], '[{}]')}"
            )
        if not isinstance(table, dict):
            raise ConfigError(f"{path}: {name} is a section; write [{name}] and its settings below it.")
        known = get_type_hints(kinds[name])
        for key in table:
            if key == _PASSWORD_KEY:
                raise ConfigError(
                    f"{path}: {name}.password does not belong in the file; use {name}.password_file "
                    f"or DOSING_{name.upper()}_PASSWORD."
                )
            if key not in known:
                raise ConfigError(
                    f"{path}: {_format_unknown(f'{name}.{key}', key, set(known) - {_PASSWORD_KEY}, name + '.{}')}"
                )


def _refuse_unknown_variables(env: Mapping[str, str]) -> None:
    known = {
        f"DOSING_{name}_{key}".upper()
        for name, kind in get_section_types().items()
        for key in get_type_hints(kind)
    }
    prefixes = tuple(f"DOSING_{name.upper()}_" for name in get_section_types())
    for variable in env:
        if variable.startswith(prefixes) and variable not in known:
            raise ConfigError(_format_unknown(f"environment variable {variable}", variable, known, "{}"))


def _format_unknown(label: str, word: str, known: Iterable[str], form: str) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    hint = f" Did you mean {form.format(near[0])}?" if near else ""
    return f"{label} is not a setting.{hint}"
