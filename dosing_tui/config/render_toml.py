"""The configuration as text: a documented file to start from, and the values in force with their sources."""

import ast
import inspect
import json
import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import get_type_hints

from dosing_tui.config import (
    alarm_limit_overrides,
    notification_channel,
    notification_sections,
    settings,
    shift_sections,
)
from dosing_tui.config.loader import LoadedSettings, get_section_types
from dosing_tui.config.notification_channel import NotificationSettings
from dosing_tui.config.settings import DEFAULT_SHIFTS, AlarmLimitSettings, ShiftSettings
from dosing_tui.errors import ConfigError

_PASSWORD_KEY = "password"


def render_template() -> str:
    """Every setting with its documentation and its default, commented out."""
    documented = _collect_field_docs()
    lines = ["# dosing-tui: settings. Remove the # before a line to change it.", ""]
    for name, kind in get_section_types().items():
        lines.append(f"[{name}]")
        defaults = kind()
        for key in get_type_hints(kind):
            if key == _PASSWORD_KEY:
                continue
            lines += [
                f"# {documented[kind.__name__, key]}",
                f"# {key} = {format_toml(getattr(defaults, key))}",
            ]
        lines.append("")
    lines += _render_default_shifts(documented)
    lines += _render_alarm_limits(documented)
    lines += _render_notifications(documented)
    return "\n".join(lines)


def _render_alarm_limits(field_docs: Mapping[tuple[str, str], str]) -> list[str]:
    lines = [
        "# Other limits of alarms: one section for each chemical or recipe that has its own.",
        "# They are for alarms only. Batches are judged by the recipe master, and where it does not say,",
        "# by limits.tolerance_g; their tanks by limits.stock_low_percent.",
        f"# [[{alarm_limit_overrides.SECTION}]]",
    ]
    example = AlarmLimitSettings("T-12", "CU-85", 25.0, 8.0, 0.2, 2.0, 1.0)
    for key in get_type_hints(AlarmLimitSettings):
        text = field_docs[AlarmLimitSettings.__name__, key]
        lines += [f"# {text}", f"# {key} = {format_toml(getattr(example, key))}"]
    return [*lines, ""]


def _render_notifications(field_docs: Mapping[tuple[str, str], str]) -> list[str]:
    lines = ["# Whom the collector tells of alarms: one section for each channel."]
    lines.append(f"# [[{notification_sections.SECTION}]]")
    example = NotificationSettings(name="control-room")
    for key in get_type_hints(NotificationSettings):
        if key not in notification_sections.SECRET_KEYS:
            text = field_docs[NotificationSettings.__name__, key]
            lines += [f"# {text}", f"# {key} = {format_toml(getattr(example, key))}"]
    return [*lines, ""]


def _render_active_notifications(loaded: LoadedSettings) -> list[str]:
    lines = []
    for one in loaded.settings.notifications:
        lines.append(f"[[{notification_sections.SECTION}]]  # file {loaded.path}")
        for key in get_type_hints(NotificationSettings):
            value = getattr(one, key)
            if key in notification_sections.SECRET_KEYS:
                lines.append(f"# {key} is {'set' if value else 'not set'}")
            elif value not in ("", ()):
                lines.append(f"{key} = {format_toml(value)}")
        lines.append("")
    return lines


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


def render_settings(loaded: LoadedSettings) -> str:
    """Every value in force with its source; secrets are only said to be set or not."""
    lines = [f"# {loaded.path}" + ("" if loaded.path.exists() else " (does not exist: defaults)"), ""]
    if not loaded.settings.shifts:
        lines += [
            f"shifts = []  # {loaded.sources[shift_sections.SECTION]}",
            "",
        ]  # TOML wants it before the first section
    for name, kind in get_section_types().items():
        lines.append(f"[{name}]")
        section = getattr(loaded.settings, name)
        for key in get_type_hints(kind):
            value, source = getattr(section, key), loaded.sources[f"{name}.{key}"]
            if key == _PASSWORD_KEY:
                lines.append(f"# {key} is {'set' if value else 'not set'}  ({source})")
            else:
                lines.append(f"{key} = {format_toml(value)}  # {source}")
        lines.append("")
    for shift in loaded.settings.shifts:
        lines += [
            f"[[{shift_sections.SECTION}]]  # {loaded.sources[shift_sections.SECTION]}",
            *_render_shift(shift),
            "",
        ]
    for one in loaded.settings.alarm_limits:
        given = {key: getattr(one, key) for key in get_type_hints(AlarmLimitSettings)}
        said = [f"{key} = {format_toml(value)}" for key, value in given.items() if value not in (None, "")]
        lines += [f"[[{alarm_limit_overrides.SECTION}]]  # file {loaded.path}", *said, ""]
    lines += _render_active_notifications(loaded)
    return "\n".join(lines)


def _render_default_shifts(field_docs: Mapping[tuple[str, str], str]) -> list[str]:
    """All defaults, the first one documented: whoever changes one has to write down them all."""
    lines = ["# One section for each shift; those below hold as long as there is none here."]
    for number, shift in enumerate(DEFAULT_SHIFTS):
        lines.append(f"# [[{shift_sections.SECTION}]]")
        for key, line in zip(get_type_hints(ShiftSettings), _render_shift(shift), strict=True):
            lines += [] if number else [f"# {field_docs[ShiftSettings.__name__, key]}"]
            lines.append(f"# {line}")
        lines.append("")
    return lines


def _render_shift(shift: ShiftSettings) -> list[str]:
    return [f"{key} = {format_toml(getattr(shift, key))}" for key in get_type_hints(ShiftSettings)]


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


def _collect_field_docs() -> dict[tuple[str, str], str]:
    """(class, field) -> the docstring written below the field."""
    docs: dict[tuple[str, str], str] = {}
    sources = (inspect.getsource(module) for module in (settings, notification_channel))
    for node in ast.parse("\n".join(sources)).body:
        if isinstance(node, ast.ClassDef):
            for field, text in zip(node.body, node.body[1:], strict=False):
                if (
                    isinstance(field, ast.AnnAssign)
                    and isinstance(field.target, ast.Name)
                    and isinstance(text, ast.Expr)
                    and isinstance(text.value, ast.Constant)
                ):
                    docs[node.name, field.target.id] = " ".join(str(text.value.value).split())
    return docs
