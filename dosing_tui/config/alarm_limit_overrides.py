"""``[[alarm_limits]]``, a section that comes several times: other limits for a chemical or a recipe."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import get_type_hints

from dosing_tui.config import type_coercion
from dosing_tui.config.settings import AlarmLimitSettings
from dosing_tui.errors import ConfigError

SECTION = "alarm_limits"
MAX_SECTIONS = 500
LIMIT_RANGES = (
    ("stock_low_percent", 0.0, 100.0),
    ("stock_critical_percent", 0.0, 100.0),
    ("tolerance_g", 0.001, 10_000.0),
    ("tolerance_percent", 0.0, 100.0),
    ("gross_error_g", 0.001, 10_000.0),
)
"""What may differ, and within which bounds."""


def parse_sections(tables: object) -> tuple[AlarmLimitSettings, ...]:
    """Raises: ConfigError, naming the section by its number, the setting and the value."""
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"{SECTION} is a section for each chemical or recipe; write [[{SECTION}]].")
    return tuple(
        _parse_section(f"{SECTION}[{number}]", table) for number, table in enumerate(tables, start=1)
    )


def _parse_section(location: str, table: Mapping[str, object]) -> AlarmLimitSettings:
    hints = get_type_hints(AlarmLimitSettings)
    kinds = {name: str if hints[name] is str else float for name in hints}
    for key in table:
        if key not in kinds:
            near = difflib.get_close_matches(key, kinds, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise ConfigError(f"{location}.{key} is not a setting.{hint}")
    given = {
        key: type_coercion.coerce_toml(f"{location}.{key}", kinds[key], value) for key, value in table.items()
    }
    return AlarmLimitSettings(**given)  # type: ignore[arg-type]  # from_toml has seen to each one's type


def find_errors(overrides: Sequence[AlarmLimitSettings]) -> Iterator[str]:
    """What cannot work, in sentences."""
    if len(overrides) > MAX_SECTIONS:
        yield f"{SECTION}: {len(overrides)} of them are more than {MAX_SECTIONS}."
    for number, one in enumerate(overrides, start=1):
        if not one.chemical and not one.recipe:
            yield f"{SECTION}[{number}]: names neither a chemical nor a recipe; [alarms] is for all."
        for name, low, high in LIMIT_RANGES:
            value = getattr(one, name)
            if value is not None and not low <= value <= high:
                yield f"{SECTION}[{number}].{name}: {value:g} is outside {low:g} to {high:g}."
