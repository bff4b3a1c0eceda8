"""Which migrations a database of the development schema still gets."""

import pytest

from dosing_tui.database.schema.migration_history import (
    LAST_BASELINE_NUMBER,
    LAST_DEVELOPMENT_MIGRATION,
    TAKEOVER,
    AppliedMigration,
    list_migrations,
    list_pending,
)
from dosing_tui.database.server_flavour import ServerFlavour
from dosing_tui.errors import DatabaseAccessError

APPLIED = ("any/0001_tables", "any/0012_operator_notes", LAST_DEVELOPMENT_MIGRATION)


def plan(flavour: ServerFlavour, *applied: str) -> list[str]:
    rows = [AppliedMigration(name, "", flavour.value) for name in applied]
    return [migration.name for migration in list_pending(list_migrations(flavour), rows)]


def test_the_takeover_covers_the_baseline_and_the_policies_it_has_had() -> None:
    for flavour, policies in (
        (ServerFlavour.COMMUNITY, ["community/0050_policies"]),
        (ServerFlavour.PLAIN, []),
    ):
        later = [m.name for m in list_migrations(flavour) if LAST_BASELINE_NUMBER < m.number < 50]
        assert plan(flavour, *APPLIED, *policies) == [TAKEOVER, *later]


def test_policies_follow_where_the_import_of_rows_was_not_finished() -> None:
    names = plan(ServerFlavour.COMMUNITY, *APPLIED)
    assert (names[0], names[-1]) == (TAKEOVER, "community/0050_policies")


def test_an_older_development_schema_is_refused() -> None:
    with pytest.raises(DatabaseAccessError, match="older than migration 27"):
        plan(ServerFlavour.PLAIN, "any/0001_tables", "any/0026_review_policy")
