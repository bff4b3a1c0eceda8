"""``dosing-tui recipes``: import and export of the master recipes as TOML (ISA-88)."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from dosing_tui.cli.context import get_os_user, get_settings, parse_time, write_line, write_stdout
from dosing_tui.errors import RecipeError, describe_file_error

if TYPE_CHECKING:
    from dosing_tui.domain.batches.master_recipe import MasterIngredient, MasterVersion


@click.group()
def recipes() -> None:
    """Master recipes, with which batches are compared. They are optional."""


@recipes.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--as", "who", default=get_os_user, show_default="the account", help="Author of the entry.")
@click.option("--valid-from", help="Date or time from which it is valid; default: now.")
@click.pass_context
def import_recipe_file(ctx: click.Context, file: Path, who: str, valid_from: str | None) -> None:
    """Import the recipes of FILE; a recipe that differs from its newest version becomes a new version.

    An ingredient is one dose: list a chemical twice if it is dosed twice, each time with its target.
    A recipe of the mode BDO has g_per_lb in place of a target: the grams to a pound of BDO.
    """
    from dosing_tui.database.batches.master_recipes import import_recipes
    from dosing_tui.domain.batches.master_recipe import parse_recipes

    settings = get_settings(ctx)
    try:
        file_recipes = parse_recipes(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"{file} cannot be read: {describe_file_error(error)}.") from error
    since = parse_time(valid_from, settings.plant.timezone) if valid_from else None
    for entry in import_recipes(settings, file_recipes, who=who, valid_from=since):
        status = "is new" if entry.is_new else "exists already"
        write_line(f"{entry.recipe.title}: version {entry.version} {status}")


@recipes.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.pass_context
def export(ctx: click.Context, file: Path | None) -> None:
    """Write the recipes in force as TOML to FILE; default: stdout."""
    from dosing_tui.domain.batches.master_recipe import format_recipes

    text = format_recipes(each.recipe for each in _load_active_recipes(ctx))
    if file is None:
        write_stdout(text)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise RecipeError(f"{file} cannot be written: {error.strerror}.") from error


@recipes.command()
@click.pass_context
def show(ctx: click.Context) -> None:
    """List the recipes in force, with their versions."""
    versions = _load_active_recipes(ctx)
    for each in versions:
        recipe = each.recipe
        order = ", in this order" if recipe.ordered else ""
        write_line(f"{recipe.title}, version {each.version} from {each.valid_from:%Y-%m-%d %H:%M %Z}{order}")
        for ingredient in recipe.ingredients:
            write_line(f"  {_format_ingredient(ingredient)}")
    if not versions:
        write_line("No master recipes: batches are compared with the stations' own targets.")


def _load_active_recipes(ctx: click.Context) -> "list[MasterVersion]":
    from dosing_tui.database.batches.master_recipes import list_recipe_versions
    from dosing_tui.domain.batches.master_recipe import list_current_versions

    return list_current_versions(list_recipe_versions(get_settings(ctx)), at=datetime.now(UTC))


def _format_ingredient(ingredient: "MasterIngredient") -> str:
    parts = (
        (ingredient.pump, "pump {}"),
        (ingredient.target_g, "{:g} g"),
        (ingredient.tolerance_g, "± {:g} g"),
        (ingredient.tolerance_percent, "± {:g} %"),
        (ingredient.g_per_lb, "{:g} g per lb of BDO"),
    )
    return ", ".join(
        [ingredient.chemical, *(form.format(value) for value, form in parts if value is not None)]
    )
