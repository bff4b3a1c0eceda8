"""Master recipes (ISA-88): ingredients, pumps, targets and tolerances; read and written as TOML.

They are optional. Without one, the targets and the number of pumps that the station publishes are the
reference.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct
from msgspec.structs import asdict

from dosing_tui.domain.batches.canonical_json import to_canonical_json
from dosing_tui.domain.batches.models import is_same_name
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.errors import RecipeError


class MasterIngredient(Struct, frozen=True):
    """One ingredient of a recipe, masses in g; None if the recipe does not specify the value."""

    chemical: str
    pump: int | None = None
    target_g: float | None = None
    tolerance_g: float | None = None
    tolerance_percent: float | None = None
    g_per_lb: float | None = None
    """In BDO mode: grams of it to a pound of BDO, by which the station works out the target."""


class MasterRecipe(Struct, frozen=True):
    """Master recipe ``name``; ``mode`` '' matches all modes. Each ingredient is one dose."""

    name: str
    ingredients: tuple[MasterIngredient, ...]
    mode: str = ""
    ordered: bool = False
    """The ingredients must be dosed in their order."""

    @property
    def title(self) -> str:
        return f"{self.name} ({self.mode})" if self.mode else self.name

    @property
    def repeated_chemicals(self) -> tuple[str, ...]:
        """Chemicals with more than one dose."""
        names = [each.chemical for each in self.ingredients]
        return tuple(dict.fromkeys(name for name in names if len(self.list_portions(name)) > 1))

    def find_ingredient(self, chemical: str) -> MasterIngredient | None:
        """Return the first ingredient of a chemical."""
        return next(iter(self.list_portions(chemical)), None)

    def list_portions(self, chemical: str) -> tuple[MasterIngredient, ...]:
        """List the doses of a chemical, in order."""
        return tuple(each for each in self.ingredients if is_same_name(each.chemical, chemical))


class MasterVersion(Struct, frozen=True):
    """Version of a master recipe, for batches that start at or after ``valid_from``, until the next one."""

    recipe: MasterRecipe
    version: int
    valid_from: datetime


def select_version(
    masters: Iterable[MasterVersion], *, recipe: str, mode: str, at: datetime
) -> MasterVersion | None:
    """Select the version for a batch that starts at ``at``; one of its mode precedes one of all modes."""
    fitting = [
        each
        for each in masters
        if each.valid_from <= at and recipe and is_same_name(each.recipe.name, recipe)
        and each.recipe.mode in ("", mode)
    ]  # fmt: skip
    return max(fitting, key=lambda e: (bool(e.recipe.mode), e.valid_from, e.version), default=None)


def list_current_versions(masters: Iterable[MasterVersion], *, at: datetime) -> list[MasterVersion]:
    """List the version valid at ``at`` of each recipe and mode, by name and mode."""
    found: dict[tuple[str, str], MasterVersion] = {}
    for each in sorted(masters, key=lambda e: (e.recipe.name, e.recipe.mode, e.valid_from, e.version)):
        if each.valid_from <= at:
            found[each.recipe.name, each.recipe.mode] = each
    return list(found.values())


def format_definition(recipe: MasterRecipe) -> str:
    """Format a recipe as canonical JSON for storage; equal recipes give equal text."""
    return to_canonical_json(_recipe_to_dict(recipe))


def parse_definition(stored: Mapping[str, object]) -> MasterRecipe:
    """Parse a stored recipe. Raises: RecipeError if it is invalid."""
    return _parse_recipe(stored, str(stored.get("name", "?")))


def parse_recipes(text: str) -> tuple[MasterRecipe, ...]:
    """Parse all ``[[recipe]]`` tables of a TOML text.

    Raises: RecipeError, naming recipe and value, if the text is invalid.
    """
    import tomllib  # not by the process that rebuilds batches

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
    """Format recipes as TOML; ``parse_recipes`` is the inverse."""
    blocks = []
    for recipe in recipes:
        lines = ["[[recipe]]", *_format_lines(recipe, ("name", "mode", "ordered"))]
        for ingredient in recipe.ingredients:
            lines += ["", "[[recipe.ingredient]]", *_format_lines(ingredient, ingredient.__struct_fields__)]
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
            # omitted if missing: recipes that were stored before keep their text
            {name: value for name, value in asdict(each).items() if name != "g_per_lb" or value is not None}
            for each in recipe.ingredients
        ],
    }


def _parse_recipe(table: object, place: str) -> MasterRecipe:
    known = _check_table(table, place, {"name", "mode", "ordered", "ingredient"})
    name = _read_text(known, "name", place)
    mode = _read_text({"mode": "", **known}, "mode", place, may_lack=True)
    ordered, parts = known.get("ordered", False), known.get("ingredient")
    if not isinstance(ordered, bool):
        raise RecipeError(f"{name}: ordered is {ordered!r}, neither true nor false.")
    if not isinstance(parts, list) or not parts:
        raise RecipeError(f"{name}: it has no [[recipe.ingredient]].")
    return MasterRecipe(name, tuple(_parse_ingredient(part, name) for part in parts), mode.upper(), ordered)


def _parse_ingredient(table: object, recipe: str) -> MasterIngredient:
    known = _check_table(table, recipe, set(MasterIngredient.__struct_fields__))
    chemical = _read_text(known, "chemical", recipe)
    numbers = {name: _read_number(known, name, f"{recipe}, {chemical}") for name in _NUMBERS}
    pump = numbers.pop("pump")
    return MasterIngredient(chemical, None if pump is None else int(pump), **numbers)


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


_NUMBERS = {
    "pump": (int, 1, 999, "a pump's number"),
    "target_g": (int | float, 0, 1e9, "a number from 0 on"),
    "tolerance_g": (int | float, 0, 1e9, "a number from 0 on"),
    "tolerance_percent": (int | float, 0, 1e9, "a number from 0 on"),
    "g_per_lb": (int | float, 1e-6, 1e6, "a number above 0"),
}
"""Type, smallest and largest value of an ingredient's numbers, and what they are called in an error."""


def _read_number(table: Mapping[str, object], name: str, place: str) -> float | None:
    value, (kind, least, most, meaning) = table.get(name), _NUMBERS[name]
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, kind) or not least <= value <= most:
        raise RecipeError(f"{place}: {name} is {value!r}, not {meaning}.")
    return float(value)
