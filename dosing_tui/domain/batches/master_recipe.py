"""The recipe master: what a recipe should hold, by which pumps, how exactly; written and read as TOML.

It is optional. Without one, the targets that the station says and its number of pumps are the reference.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from dosing_tui.domain.batches.canonical_json import to_canonical_json
from dosing_tui.domain.batches.models import is_same_name
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.errors import RecipeError


@dataclass(frozen=True, slots=True)
class MasterIngredient:
    """One chemical of a recipe; None where the recipe leaves it open."""

    chemical: str
    pump: int | None = None
    target_g: float | None = None
    tolerance_g: float | None = None
    tolerance_percent: float | None = None


@dataclass(frozen=True, slots=True)
class MasterRecipe:
    """What a batch of ``name`` should be like; ``mode`` '' is any. An ingredient is one dose."""

    name: str
    ingredients: tuple[MasterIngredient, ...]
    mode: str = ""
    ordered: bool = False
    """Whether the ingredients have to be dosed in their order."""

    @property
    def title(self) -> str:
        return f"{self.name} ({self.mode})" if self.mode else self.name

    @property
    def repeated_chemicals(self) -> tuple[str, ...]:
        """Chemicals that are dosed more than once, each time for itself."""
        names = [each.chemical for each in self.ingredients]
        return tuple(dict.fromkeys(name for name in names if len(self.list_portions(name)) > 1))

    def find_ingredient(self, chemical: str) -> MasterIngredient | None:
        """The first of that chemical."""
        return next(iter(self.list_portions(chemical)), None)

    def list_portions(self, chemical: str) -> tuple[MasterIngredient, ...]:
        """Each dose that there should be of it, in their order."""
        return tuple(each for each in self.ingredients if is_same_name(each.chemical, chemical))


@dataclass(frozen=True, slots=True)
class MasterVersion:
    """One version of a recipe; it holds for what begins at or after ``valid_from``, until the next."""

    recipe: MasterRecipe
    version: int
    valid_from: datetime


def select_version(
    masters: Iterable[MasterVersion], *, recipe: str, mode: str, at: datetime
) -> MasterVersion | None:
    """The version for a batch that begins at ``at``; one of its very mode comes before one of any mode."""
    fitting = [
        each
        for each in masters
        if each.valid_from <= at and recipe and is_same_name(each.recipe.name, recipe)
        and each.recipe.mode in ("", mode)
    ]  # fmt: skip
    return max(fitting, key=lambda e: (bool(e.recipe.mode), e.valid_from, e.version), default=None)


def list_current_versions(masters: Iterable[MasterVersion], *, at: datetime) -> list[MasterVersion]:
    """Of every recipe and mode the version that holds at the moment, by name and mode."""
    found: dict[tuple[str, str], MasterVersion] = {}
    for each in sorted(masters, key=lambda e: (e.recipe.name, e.recipe.mode, e.valid_from, e.version)):
        if each.valid_from <= at:
            found[each.recipe.name, each.recipe.mode] = each
    return list(found.values())


def format_definition(recipe: MasterRecipe) -> str:
    """Canonical JSON, as it is stored: equal recipes are equal text."""
    return to_canonical_json(_recipe_to_dict(recipe))


def parse_definition(stored: Mapping[str, object]) -> MasterRecipe:
    """Raises: RecipeError."""
    return _parse_recipe(stored, str(stored.get("name", "?")))


def parse_recipes(text: str) -> tuple[MasterRecipe, ...]:
    """Every ``[[recipe]]`` of a file. Raises: RecipeError, with the recipe and the value."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise RecipeError(f"The recipes are not valid TOML: {error}.") from error
    if unknown := sorted(set(document) - {"recipe"}):
        raise RecipeError(f"'{clean_text(unknown[0])}' is not known; recipes begin with [[recipe]].")
    tables = document.get("recipe")
    if not isinstance(tables, list) or not tables:
        raise RecipeError("There is no [[recipe]] in the file.")
    found = tuple(_parse_recipe(table, f"recipe {number}") for number, table in enumerate(tables, start=1))
    names = [(recipe.name.casefold(), recipe.mode) for recipe in found]
    for recipe, name in zip(found, names, strict=True):
        if names.count(name) > 1:
            raise RecipeError(f"{recipe.title} is in the file more than once.")
    return found


def format_recipes(recipes: Iterable[MasterRecipe]) -> str:
    """What ``parse_recipes`` reads back as the same recipes."""
    blocks = []
    for recipe in recipes:
        lines = ["[[recipe]]", *_format_lines(recipe, ("name", "mode", "ordered"))]
        for ingredient in recipe.ingredients:
            names = tuple(field.name for field in fields(MasterIngredient))
            lines += ["", "[[recipe.ingredient]]", *_format_lines(ingredient, names)]
        blocks.append("\n".join(lines) + "\n")
    return "\n".join(blocks)


def _format_lines(what: MasterRecipe | MasterIngredient, names: tuple[str, ...]) -> list[str]:
    values = ((name, getattr(what, name)) for name in names)
    return [
        f"{name} = {to_canonical_json(value)}"
        for name, value in values
        if not (value is None or value is False or value == "")
    ]


def _recipe_to_dict(recipe: MasterRecipe) -> dict[str, object]:
    return {
        "name": recipe.name,
        "mode": recipe.mode,
        "ordered": recipe.ordered,
        "ingredient": [
            {field.name: getattr(each, field.name) for field in fields(MasterIngredient)}
            for each in recipe.ingredients
        ],
    }


def _parse_recipe(table: object, place: str) -> MasterRecipe:
    known = _check_table(table, place, {"name", "mode", "ordered", "ingredient"})
    name, mode = (
        _read_text(known, "name", place),
        _read_text({"mode": "", **known}, "mode", place, may_lack=True),
    )
    ordered, parts = known.get("ordered", False), known.get("ingredient")
    if not isinstance(ordered, bool):
        raise RecipeError(f"{name}: ordered is {ordered!r}, neither true nor false.")
    if not isinstance(parts, list) or not parts:
        raise RecipeError(f"{name}: it has no [[recipe.ingredient]].")
    ingredients = tuple(_parse_ingredient(part, name) for part in parts)
    return MasterRecipe(name, ingredients, mode.upper(), ordered)


def _parse_ingredient(table: object, recipe: str) -> MasterIngredient:
    known = _check_table(table, recipe, {field.name for field in fields(MasterIngredient)})
    chemical = _read_text(known, "chemical", recipe)
    place = f"{recipe}, {chemical}"
    pump = known.get("pump")
    if pump is not None and (isinstance(pump, bool) or not isinstance(pump, int) or not 1 <= pump <= 999):
        raise RecipeError(f"{place}: pump is {pump!r}, not a pump's number.")
    return MasterIngredient(
        chemical,
        pump,
        *(_read_mass(known, name, place) for name in ("target_g", "tolerance_g", "tolerance_percent")),
    )


def _check_table(table: object, place: str, names: set[str]) -> Mapping[str, object]:
    if not isinstance(table, Mapping):
        raise RecipeError(f"{place}: is {table!r}, not a table of settings.")
    if unknown := sorted(set(table) - names):
        raise RecipeError(f"{place}: '{clean_text(str(unknown[0]))}' is not known.")
    return table


def _read_text(table: Mapping[str, object], name: str, place: str, *, may_lack: bool = False) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not (value.strip() or may_lack):
        raise RecipeError(f"{place}: {name} is missing, or not a text.")
    return clean_text(value)


def _read_mass(table: Mapping[str, object], name: str, place: str) -> float | None:
    value = table.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e9:
        raise RecipeError(f"{place}: {name} is {value!r}, not a number from 0 on.")
    return float(value)
