"""The limits that the database has for the console's alarms, for Grafana's rules and its panels, as JSON."""

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from msgspec.structs import asdict, replace

from dosing_tui.domain.alarm_rules.shared.ingredient_limits import parse_ingredients, parse_overrides
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.batches.canonical_json import to_canonical_json
from dosing_tui.domain.capability.service_state import (
    PlantServiceLimits,
    ServiceLimitOverride,
    ServiceLimits,
)

_PLAIN_FIELDS = (
    "stock_deadband_percent", "stock_cover_days", "mean_error_g", "mean_error_doses", "error_rate_percent",
    "error_rate_doses", "stock_warn_percent", "cpk_low",
)  # fmt: skip
"""Fields of AlarmLimits that are stored as they are."""


def format_limits(limits: AlarmLimits) -> str:
    """Format limits as canonical JSON, without that of low stock."""
    return to_canonical_json(
        {
            **{name: getattr(limits, name) for name in _PLAIN_FIELDS},
            "stations": limits.expected_stations,
            "stock_critical_percent": limits.ingredients.stock_critical_percent,
            "gross_error_g": limits.ingredients.gross_error_g,
            "offline_s": limits.offline_after.total_seconds(),
            "overrides": [
                {"chemical": each.chemical, "recipe": each.recipe, **each.changes}
                for each in limits.overrides
                if each.changes
            ],
            "service": asdict(limits.service.plant),
            "service_overrides": [asdict(each) for each in limits.service.overrides],
        }
    )


def replace_limits(limits: AlarmLimits, definition: str, stock_low_percent: float) -> AlarmLimits:
    """The limits with those of the database in their place; a ``definition`` is made by ``format_limits``.

    Raises: ValueError, KeyError or TypeError if the text holds no limits.
    """
    data = json.loads(definition)
    service = limits.service
    if "service" in data:  # not as entered by earlier versions
        service = _build_service_limits(data["service"], data["service_overrides"])
    return replace(
        limits,
        ingredients=parse_ingredients(data, stock_low_percent),
        overrides=parse_overrides(data),
        expected_stations=tuple(data["stations"]),
        offline_after=timedelta(seconds=data["offline_s"]),
        service=service,
        **{name: data[name] for name in _PLAIN_FIELDS},
    )


def _build_service_limits(
    plant: Mapping[str, float], overrides: Iterable[Mapping[str, Any]]
) -> PlantServiceLimits:
    return PlantServiceLimits(
        ServiceLimits(**plant), tuple(ServiceLimitOverride(**each) for each in overrides)
    )
