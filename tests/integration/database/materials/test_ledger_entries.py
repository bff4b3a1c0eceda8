"""A file of entries keeps nobody from the audit trail for long."""

from datetime import UTC, datetime, timedelta

import pytest

from dosing_tui.database.materials.ledger_entries import GROUP_SIZE, enter_materials
from dosing_tui.domain.materials.ledger import EntrySource, MassUnitName, MaterialDraft, MaterialKind
from dosing_tui.errors import MaterialError
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import fetch_rows, fetch_value

AT = datetime(2026, 11, 3, 10, tzinfo=UTC)


def make_draft(number: int, at: datetime = AT, chemical: str = "T-12") -> MaterialDraft:
    return MaterialDraft(
        f"csv:{number}", EntrySource.CSV, at + timedelta(minutes=number), "s1", chemical,
        MaterialKind.DELIVERY, 100.0 + number, MassUnitName.GRAM, "Anna",
    )  # fmt: skip


def test_entries_are_stored_in_order_and_in_small_transactions(migrated: str) -> None:
    drafts = [make_draft(number) for number in range(2 * GROUP_SIZE + 1)]
    numbers = enter_materials(settings_for(migrated), drafts, os_user="anna")
    assert numbers == sorted(number for number in numbers if number is not None)
    stored = fetch_rows(migrated, "SELECT mass_g, xmin::text FROM material_entries ORDER BY entry_id")
    assert [mass_g for mass_g, _ in stored] == [100.0 + number for number in range(len(drafts))]
    assert len({transaction for _, transaction in stored}) == 3
    assert enter_materials(settings_for(migrated), drafts, os_user="anna") == [None] * len(drafts)


def test_what_is_stored_when_the_database_refuses_an_entry_is_said(migrated: str) -> None:
    drafts = [make_draft(number) for number in range(GROUP_SIZE + 2)]
    late = datetime.now(UTC) + timedelta(days=1)
    with pytest.raises(MaterialError, match=f"future. {GROUP_SIZE} entries before it are saved"):
        enter_materials(settings_for(migrated), [*drafts, make_draft(999, late)], os_user="anna")
    assert fetch_value(migrated, "SELECT count(*) FROM material_entries") == GROUP_SIZE
    numbers = enter_materials(settings_for(migrated), drafts, os_user="anna")
    assert numbers.count(None) == GROUP_SIZE
