"""``[[alarm_limits]]``, a section that comes several times: other limits for a chemical or a recipe."""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import get_type_hints

from dosing_tui.config import type_coercion
from dosing_tui.config.settings import AlarmLimitSettings
from dosing_tui.errors import ConfigError

SECTION = "alarm_limits"
MOST = 500
LIMITS = (
    ("stock_low_percent", 0.0, 100.0),
    ("stock_critical_percent", 0.0, 100.0),
    ("tolerance_g", 0.001, 10_000.0),
    ("tolerance_percent", 0.0, 100.0),
    ("gross_error_g", 0.001, 10_000.0),
)
"""What may differ, and within which bounds."""


def read(tables: object) -> tuple[AlarmLimitSettings, ...]:
    """Raises: ConfigError, naming the section by its number, the setting and the value."""
    if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
        raise ConfigError(f"{SECTION} is a section for each chemical or recipe; write [[{SECTION}]].")
    return tuple(_one(f"{SECTION}[{number}]", table) for number, table in enumerate(tables, start=1))


def _one(place: str, table: Mapping[str, object]) -> AlarmLimitSettings:
    hints = get_type_hints(AlarmLimitSettings)
    kinds = {name: str if hints[name] is str else float for name in hints}
    for key in table:
        if key not in kinds:
            near = difflib.get_close_matches(key, kinds, n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            raise ConfigError(f"{place}.{key} is not a setting.{hint}")
    given = {
        key: type_coercion.from_toml(f"{place}.{key}", kinds[key], value) for key, value in table.items()
    }
    return AlarmLimitSettings(**given)  # type: ignore[arg-type]  # from_toml has seen to each one's type


def faults(exceptions: Sequence[AlarmLimitSettings]) -> Iterator[str]:
    """What cannot work, in sentences."""
    if len(exceptions) > MOST:
        yield f"{SECTION}: {len(exceptions)} of them are more than {MOST}."
    for number, one in enumerate(exceptions, start=1):
        if not one.chemical and not one.recipe:
            yield f"{SECTION}[{number}]: names neither a chemical nor a recipe; [alarms] is for all."
        for name, low, high in LIMITS:
            value = getattr(one, name)
            if value is not None and not low <= value <= high:
                yield f"{SECTION}[{number}].{name}: {value:g} is outside {low:g} to {high:g}."
