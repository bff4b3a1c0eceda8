"""Limits per chemical and recipe, and of every tank by them, also as the database has them."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from dosing_tui.domain.messages import default_limits
from dosing_tui.domain.messages.chemical_names import fold_name
from dosing_tui.domain.messages.tank_level import StockLimits


class IngredientLimits(Struct, frozen=True):
    """Limits per chemical and recipe, besides the tolerance. Masses in g."""

    stock_low_percent: float = default_limits.STOCK_LOW_PERCENT
    stock_critical_percent: float = 5.0
    gross_error_g: float = 2.0


class LimitOverride(Struct, frozen=True):
    """Limits for a chemical, a recipe, or a chemical in a recipe; '' matches all."""

    chemical: str = ""
    recipe: str = ""
    changes: Mapping[str, float] = field(default_factory=dict)
    """Field names of IngredientLimits with their values."""


def apply_overrides(
    limits: IngredientLimits, overrides: Iterable[LimitOverride], *, chemical: str = "", recipe: str = ""
) -> IngredientLimits:
    """The limits for a chemical and recipe; later overrides take precedence."""
    for override in overrides:
        pairs = ((override.chemical, chemical), (override.recipe, recipe))
        if all(not own or fold_name(own) == fold_name(other) for own, other in pairs):
            limits = replace(limits, **override.changes)
    return limits


def build_stock_limits(
    limits: IngredientLimits, overrides: Iterable[LimitOverride], warn_percent: float
) -> StockLimits:
    """The limits of every tank by its chemical: recipes have none of their own."""
    overrides = tuple(overrides)
    names = {one.chemical for one in overrides if one.chemical and not one.recipe}
    own = {
        fold_name(name): apply_overrides(limits, overrides, chemical=name).stock_low_percent for name in names
    }
    return StockLimits(limits.stock_low_percent, warn_percent, own)


def parse_stock_limits(definition: str, stock_low_percent: float) -> StockLimits:
    """The limits of every tank in a ``definition`` made by ``format_limits``.

    Raises: ValueError, KeyError or TypeError if the text holds no limits.
    """
    data = json.loads(definition)
    return build_stock_limits(
        parse_ingredients(data, stock_low_percent), parse_overrides(data), data["stock_warn_percent"]
    )


def parse_ingredients(data: Mapping[str, Any], stock_low_percent: float) -> IngredientLimits:
    """The plant's limits in a parsed definition. Raises: KeyError."""
    return IngredientLimits(stock_low_percent, data["stock_critical_percent"], data["gross_error_g"])


def parse_overrides(data: Mapping[str, Any]) -> tuple[LimitOverride, ...]:
    """The overrides in a parsed definition. Raises: ValueError, KeyError or TypeError."""
    return tuple(_build_override(each) for each in data["overrides"])


def _build_override(data: Mapping[str, object]) -> LimitOverride:
    changes = {name: float(str(data[name])) for name in IngredientLimits.__struct_fields__ if name in data}
    return LimitOverride(str(data["chemical"]), str(data["recipe"]), changes)
