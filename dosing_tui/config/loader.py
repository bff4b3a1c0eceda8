"""TOML file + environment -> Settings, with the source of every value. Later sources win."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_type_hints

import platformdirs
from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.config import notification_sections, secrets, validation
from dosing_tui.config.secrets import SourcedValue, format_variable
from dosing_tui.config.sections.section import list_file_keys
from dosing_tui.config.settings import Settings
from dosing_tui.config.table_binding import (
    bind_table,
    bind_tables,
    format_unknown,
)
from dosing_tui.config.type_coercion import coerce_text
from dosing_tui.errors import ConfigError, describe_file_error

CONFIG_VARIABLE = "DOSING_TUI_CONFIG"
UNGIVEN = (secrets.DEFAULT, secrets.NOT_SET)
_DEFAULT = SourcedValue("", secrets.DEFAULT)


class LoadedSettings(Struct, frozen=True):
    """``sources``: 'section.key', or 'section' for ``[[section]]`` -> where the value is from.

    ``path`` is the file, present or not.
    """

    settings: Settings
    sources: Mapping[str, str]
    path: Path

    def list_given(self) -> list[str]:
        """Names of the settings that are not the program's defaults."""
        return [name for name, source in self.sources.items() if source not in UNGIVEN]

    @property
    def describes_plant(self) -> bool:
        """Whether there is a file, or a variable with a setting of plant, broker or database."""
        places = ("plant.", "mqtt.", "database.")
        return self.path.exists() or any(name.startswith(places) for name in self.list_given())


def resolve_config_path(option: Path | None, env: Mapping[str, str]) -> Path:
    """``--config``, else $DOSING_TUI_CONFIG, else the platform's configuration folder."""
    if option is not None:
        return option.expanduser()
    if variable := env.get(CONFIG_VARIABLE):
        return Path(variable).expanduser()
    return platformdirs.user_config_path("dosing-tui", appauthor=False) / "config.toml"


def load_settings(option: Path | None, env: Mapping[str, str]) -> LoadedSettings:
    """Raises: ConfigError, with the setting and the value. A missing default file is not an error."""
    path = resolve_config_path(option, env)
    document = _read_file(path, is_required=option is not None or CONFIG_VARIABLE in env)
    sources = {name: f"file {path}" if name in document else _DEFAULT.source for name in get_array_types()}
    try:
        sections = _bind_document(document, env)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    _refuse_unknown_variables(env)
    for name, kind in get_section_types().items():
        values = {key: SourcedValue(value, f"file {path}") for key, value in sections[name].items()}
        values |= _read_environment(name, kind, env)
        section = kind(**{key: one.value for key, one in values.items()})
        secret_values = secrets.read_secrets(section, name, owner=name, credential=name, env=env)
        sections[name] = replace(section, **{key: one.value for key, one in secret_values.items()})
        for key in get_type_hints(kind):
            sources[f"{name}.{key}"] = (values | secret_values).get(key, _DEFAULT).source
    settings = Settings(**sections)
    validation.validate_settings(settings)
    return LoadedSettings(settings, sources, path)


def get_section_types() -> dict[str, type]:
    """Name -> class of each ``[section]``, in the order of the file."""
    return {name: hint for name, hint in get_type_hints(Settings).items() if isinstance(hint, type)}


def get_array_types() -> dict[str, type]:
    """Name -> class of each ``[[section]]``, in the order of the file; they come after the others."""
    hints = get_type_hints(Settings).items()
    return {name: hint.__args__[0] for name, hint in hints if not isinstance(hint, type)}


def _bind_document(document: Mapping[str, object], env: Mapping[str, str]) -> dict[str, Any]:
    """[section] -> its values; [[section]] -> its settings, where the file has it. Raises: ConfigError."""
    tables, arrays = get_section_types(), get_array_types()
    for name in document:
        if name not in {*tables, *arrays}:
            raise ConfigError(format_unknown(f"[{name}]", name, [*tables, *arrays], "[{}]"))
    sections: dict[str, Any] = {
        name: bind_table(name, kind, _get_table(name, document)) for name, kind in tables.items()
    }
    for name, kind in arrays.items():
        if name in document:
            sections[name] = bind_tables(name, kind, document[name])
    channels = sections.get(notification_sections.SECTION, ())
    return sections | {notification_sections.SECTION: notification_sections.read_secrets(channels, env)}


def _get_table(name: str, document: Mapping[str, object]) -> dict[str, object]:
    table = document.get(name, {})
    if not isinstance(table, dict):
        raise ConfigError(f"{name} is a section; write [{name}] and its settings below it.")
    return table


def _read_environment(name: str, kind: type, env: Mapping[str, str]) -> dict[str, SourcedValue]:
    values, hints = {}, get_type_hints(kind)
    for key in list_file_keys(kind):
        variable = format_variable(name, key)
        if variable in env:
            value = coerce_text(variable, hints[key], env[variable])
            values[key] = SourcedValue(value, f"environment {variable}")
    return values


def _read_file(path: Path, *, is_required: bool) -> dict[str, object]:
    try:
        with path.open("rb") as stream:
            if fault := secrets.describe_foreign_access(path):
                raise ConfigError(f"configuration: {fault}")
            return tomllib.load(stream)
    except FileNotFoundError as error:
        if is_required:
            raise ConfigError(
                f"configuration: {path} does not exist; 'dosing-tui config init' writes one."
            ) from error
        return {}
    except OSError as error:
        raise ConfigError(f"configuration: {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"configuration: {path} cannot be read: {describe_file_error(error)}.") from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"configuration: {path} is not valid TOML: {error}.") from error


def _refuse_unknown_variables(env: Mapping[str, str]) -> None:
    sections = get_section_types()
    valid = [format_variable(name, key) for name, kind in sections.items() for key in get_type_hints(kind)]
    prefixes = tuple(format_variable(name, "") for name in sections)
    for variable in env:
        if variable.startswith(prefixes) and variable not in valid:
            raise ConfigError(format_unknown(f"environment variable {variable}", variable, valid))
