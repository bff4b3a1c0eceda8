"""Master recipes in the database: versions are append-only and audited."""

import json
from collections.abc import Iterable
from datetime import datetime

from msgspec import Struct

from dosing_tui.config.settings import Settings
from dosing_tui.database.audit import audit_trail
from dosing_tui.database.batches.rebuild_span import select_master_versions
from dosing_tui.database.connection import Session, StatementTimeouts, fetch_row, use_session
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.batches.master_recipe import (
    MasterRecipe,
    MasterVersion,
    format_definition,
    parse_definition,
)
from dosing_tui.errors import RecipeError

APPLICATION_NAME = "recipes"
IMPORT_TIMEOUTS = StatementTimeouts(statement_s=600.0, lock_s=60.0, idle_s=60.0)
"""Doses since the start of a backdated version are counted again."""


class RecipeImport(Struct, frozen=True):
    """The version in force after an import; ``is_new``: this import added it."""

    recipe: MasterRecipe
    version: int
    is_new: bool


def list_recipe_versions(settings: Settings) -> tuple[MasterVersion, ...]:
    """Every version of every recipe, by name, mode and version.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    with use_session(settings, application=APPLICATION_NAME, autocommit=False) as session:
        return select_master_versions(session)


def import_recipes(
    settings: Settings, recipes: Iterable[MasterRecipe], *, who: str, valid_from: datetime | None = None
) -> list[RecipeImport]:
    """Add recipes that differ from their newest versions, all or none.

    A version is valid from now on, or from ``valid_from``: later batches are reassessed, later doses
    recounted.
    Raises: RecipeError, DatabaseUnavailableError, DatabaseAccessError.
    """
    with use_session(
        settings, application=APPLICATION_NAME, autocommit=False, timeouts=IMPORT_TIMEOUTS
    ) as session:
        audit_trail.lock_trail(session)
        done = [_import_recipe(session, recipe, who, valid_from) for recipe in recipes]
        if valid_from and any(each.is_new for each in done):
            session.execute(read_statement("batches/queue_batches_since"), {"since": valid_from})
        return done


def _import_recipe(
    session: Session, recipe: MasterRecipe, who: str, valid_from: datetime | None
) -> RecipeImport:
    name, text = {"recipe": recipe.name, "mode": recipe.mode}, format_definition(recipe)
    last = session.execute(read_statement("batches/select_last_recipe"), name).fetchone()
    if last and parse_definition(json.loads(last[1])) == recipe:
        return RecipeImport(recipe, int(last[0]), is_new=False)
    if not who:
        raise RecipeError(f"{recipe.name}: enter your name.")
    parameters = {**name, "valid_from": valid_from, "definition": text, "who": who}
    (version,) = fetch_row(session.execute(read_statement("batches/insert_recipe"), parameters))
    return RecipeImport(recipe, version, is_new=True)
