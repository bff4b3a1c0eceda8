"""The recipe master in the database: versions are added, never changed; what they say is audited."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from dosing_tui.config.settings import Settings
from dosing_tui.database.audit import audit_trail
from dosing_tui.database.batches.rebuild_span import masters
from dosing_tui.database.connection import Session, connect, target
from dosing_tui.database.error_mapping import rowless_errors
from dosing_tui.database.sql_files import statement
from dosing_tui.domain.batches.master_recipe import (
    MasterRecipe,
    MasterVersion,
    format_definition,
    parse_definition,
)
from dosing_tui.errors import RecipeError

APPLICATION = "recipes"


@dataclass(frozen=True, slots=True)
class Imported:
    """A recipe's version in force after an import; ``new``: it is the import's."""

    recipe: MasterRecipe
    version: int
    new: bool


def versions(settings: Settings) -> tuple[MasterVersion, ...]:
    """Every version of every recipe, by name, mode and version.

    Raises: DatabaseAway, DatabaseRefused.
    """
    with connect(settings, application=APPLICATION) as session, rowless_errors(target(settings)):
        return masters(session)


def import_recipes(
    settings: Settings, recipes: Iterable[MasterRecipe], *, who: str, valid_from: datetime | None = None
) -> list[Imported]:
    """Enter what differs from the newest versions; all or nothing.

    It holds from now on, or from ``valid_from``: batches that began since are judged anew.
    Raises: RecipeError, DatabaseAway, DatabaseRefused.
    """
    with connect(settings, application=APPLICATION) as session, rowless_errors(target(settings)):
        moment = audit_trail.begin(session)
        since = valid_from or moment.at
        done = [_import(session, recipe, who, since, moment) for recipe in recipes]
        if valid_from and any(each.new for each in done):
            session.execute(statement("batches/touch_since"), {"since": valid_from})
        return done


def _import(
    session: Session, recipe: MasterRecipe, who: str, valid_from: datetime, moment: audit_trail.Moment
) -> Imported:
    name, text = {"recipe": recipe.name, "mode": recipe.mode}, format_definition(recipe)
    last = session.execute(statement("batches/master_last"), name).fetchone()
    if last and parse_definition(json.loads(last[1])) == recipe:
        return Imported(recipe, int(last[0]), new=False)
    if not who:
        raise RecipeError(f"{recipe.name}: say who enters it.")
    version = int(last[0]) + 1 if last else 1
    content = audit_trail.recipe_content(recipe.name, recipe.mode, version, valid_from, text)
    seq = audit_trail.append(
        session, moment, action=audit_trail.RECIPE, subject=recipe.name, who=who, content=content
    )
    session.execute(
        statement("batches/master_add"),
        {**name, "version": version, "valid_from": valid_from, "definition": text, "audit_seq": seq},
    )
    return Imported(recipe, version, new=True)
