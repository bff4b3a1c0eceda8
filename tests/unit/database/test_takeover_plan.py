"""Which migrations a database of the development schema still gets."""

import pytest

from dosing_tui.database.schema.migration_history import (
    FIRST_AFTER_IMPORT,
    LAST_BASELINE,
    LAST_DEVELOPMENT_MIGRATION,
    TAKEOVER,
    AppliedMigration,
    list_migrations,
    list_pending,
)
from dosing_tui.database.server_flavour import ServerFlavour
from dosing_tui.errors import DatabaseAccessError

APPLIED = ("any/0001_tables", "any/0012_operator_notes", LAST_DEVELOPMENT_MIGRATION)

POLICIES = f"community/{FIRST_AFTER_IMPORT:04}_policies"


def read_number(name: str) -> str:
    return name.partition("/")[2]


def plan(flavour: ServerFlavour, *applied: str) -> list[str]:
    rows = [AppliedMigration(name, "", flavour.value) for name in applied]
    return [migration.name for migration in list_pending(list_migrations(flavour), rows)]


def list_later(flavour: ServerFlavour) -> list[str]:
    """What came after the baseline, without the policies that it has had from the first."""
    return [
        migration.name
        for migration in list_migrations(flavour)
        if migration.number > LAST_BASELINE and migration.name != POLICIES
    ]


def test_the_takeover_covers_the_baseline_and_the_policies_it_has_had() -> None:
    for flavour, had in ((ServerFlavour.COMMUNITY, [POLICIES]), (ServerFlavour.PLAIN, [])):
        assert plan(flavour, *APPLIED, *had) == [TAKEOVER, *list_later(flavour)]


def test_policies_follow_where_the_import_of_rows_was_not_finished() -> None:
    asked = plan(ServerFlavour.COMMUNITY, *APPLIED)
    assert asked == [TAKEOVER, *sorted([*list_later(ServerFlavour.COMMUNITY), POLICIES], key=read_number)]


def test_an_older_development_schema_is_refused() -> None:
    with pytest.raises(DatabaseAccessError, match="older than migration 27"):
        plan(ServerFlavour.PLAIN, "any/0001_tables", "any/0026_review_policy")
