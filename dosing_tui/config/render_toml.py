"""The settings as TOML: a documented file to start from, and the values in force with their sources."""

import ast
import inspect
import json
import os
from collections.abc import Iterator
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import get_type_hints

from dosing_tui.config.chemical_sections import ChemicalSettings
from dosing_tui.config.loader import LoadedSettings, get_array_types, get_section_types
from dosing_tui.config.notification_channel import NotificationSettings
from dosing_tui.config.secrets import mask_dsn
from dosing_tui.config.sections.pump_settings import PumpLimitSettings
from dosing_tui.config.sections.section import list_file_keys, list_secret_keys
from dosing_tui.config.settings import DEFAULT_SHIFTS, AlarmLimitSettings, ShiftSettings, StationSettings
from dosing_tui.config.table_binding import format_key
from dosing_tui.errors import ConfigError

_EXAMPLE_LIMITS = AlarmLimitSettings("T-12", "CU-85", 25.0, 8.0, 0.2, 2.0, 1.0)
_EXAMPLE_CHEMICAL = ChemicalSettings("T-12", 1.06)
_EXAMPLE_PUMP = PumpLimitSettings(2, "dosing_system_01", 90.0, 50_000.0, 500.0)
_EXAMPLE_STATION = StationSettings("dosing_system_01", "L1", "Hall 2, foam line 1")


def render_template() -> str:
    """Every setting with its documentation and its default, commented out."""
    lines = ["# dosing-tui: settings. Remove the # before a line to change it.", ""]
    for name, kind in get_section_types().items():
        lines += [f"[{name}]", *_render_documented(kind()), ""]
    first, *others = DEFAULT_SHIFTS
    lines += [
        "# One section for each shift; these are the defaults, for a file without a [[shifts]].",
        "# [[shifts]]",
        *_render_documented(first),
        "",
    ]
    for shift in others:
        lines += [
            "# [[shifts]]",
            *(f"# {_render_field(shift, key)}" for key in list_file_keys(ShiftSettings)),
            "",
        ]
    return "\n".join([*lines, *_list_examples()])


def write_template(path: Path, *, force: bool) -> None:
    """Raises: ConfigError, if the file exists and ``force`` is off, or the folder cannot be written."""
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8") as stream:
            stream.write(render_template())
    except FileExistsError as error:
        raise ConfigError(f"configuration: {path} exists already; --force replaces it.") from error
    except OSError as error:
        raise ConfigError(f"configuration: {path} cannot be written: {error.strerror}.") from error


def _list_examples() -> list[str]:
    """Repeated sections, which have no default."""
    return [
        "# Names of stations for people: one section for each station that has some.",
        "# [[stations]]",
        *_render_documented(_EXAMPLE_STATION),
        "",
        "# Tube life and calibration of single pumps: one section for each. A later section counts.",
        "# [[pump_limits]]",
        *_render_documented(_EXAMPLE_PUMP),
        "",
        "# Other limits: one section for each chemical or recipe that has its own. A later section counts.",
        "# The tolerance counts everywhere: alarms, batches, marks, charts and reports. Of several rules the",
        "# first counts: the master recipe's ingredient, these sections, limits.class, limits.tolerance_g",
        "# with alarms.tolerance_percent. The other limits are for alarms: batches use",
        "# limits.stock_low_percent.",
        "# [[alarm_limits]]",
        *_render_documented(_EXAMPLE_LIMITS),
        "",
        "# What the plant says of a chemical: one section for each that has something to say.",
        "# [[chemicals]]",
        *_render_documented(_EXAMPLE_CHEMICAL),
        "",
        "# Notifications of alarms: one section for each channel.",
        "# [[notifications]]",
        *_render_documented(NotificationSettings(name="control-room")),
        "",
    ]


def render_settings(loaded: LoadedSettings) -> str:
    """Every value in force with its source; of a secret only whether it is set."""
    settings, sources = loaded.settings, loaded.sources
    lines = [f"# {loaded.path}" + ("" if loaded.path.exists() else " (does not exist: defaults)"), ""]
    if not settings.shifts:  # TOML has no other place for it than before the first section
        lines += [f"shifts = []  # {sources['shifts']}", ""]
    for name, kind in get_section_types().items():
        lines.append(f"[{name}]")
        for key in get_type_hints(kind):
            form = "{}  ({})" if key in list_secret_keys(kind) else "{}  # {}"
            lines.append(form.format(_render_field(getattr(settings, name), key), sources[f"{name}.{key}"]))
        lines.append("")
    for name, kind in get_array_types().items():
        for section in getattr(settings, name):
            keys = [key for key in get_type_hints(kind) if not _is_left_out(section, key)]
            lines += [f"[[{name}]]  # {sources[name]}", *(_render_field(section, key) for key in keys), ""]
    return "\n".join(lines)


def _is_left_out(section: object, key: str) -> bool:
    return getattr(section, key) in (None, "", ()) and key not in list_secret_keys(type(section))


def _render_documented(section: object) -> Iterator[str]:
    documentation = _read_field_docs(type(section))
    for key in list_file_keys(type(section)):
        yield f"# {documentation[key]}"
        yield f"# {_render_field(section, key)}"


def _render_field(section: object, key: str) -> str:
    value = getattr(section, key)
    if key in list_secret_keys(type(section)):
        return f"# {key} is {'set' if value else 'not set'}"
    return f"{format_key(key)} = {format_toml(mask_dsn(value) if key == 'dsn' else value)}"


def format_toml(value: object) -> str:
    """One value as TOML."""
    match value:
        case bool():
            return "true" if value else "false"
        case StrEnum():
            return json.dumps(value.value)
        case str():
            return json.dumps(value, ensure_ascii=False)
        case dict():
            return "{ " + ", ".join(f"{key} = {format_toml(item)}" for key, item in value.items()) + " }"
        case tuple():
            return "[" + ", ".join(format_toml(item) for item in value) + "]"
        case _:
            return str(value)


def _read_field_docs(kind: type) -> dict[str, str]:
    """Field -> the docstring below it in the source."""
    (definition,) = ast.parse(inspect.getsource(kind)).body
    assert isinstance(definition, ast.ClassDef)
    return {
        field.target.id: " ".join(str(text.value.value).split())
        for field, text in pairwise(definition.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
    }
