"""The book of a tank and the use of a tube stay what they were when retention drops their doses."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import LiteralString
from uuid import uuid4

import pytest

from dosing_tui.database.connection import use_session
from dosing_tui.database.lots.tank_mixes import update_tank_mixes
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.pumps.service_log import enter_service, read_service_states
from dosing_tui.domain.capability.service_log import ServiceDraft, ServiceKind
from dosing_tui.domain.panels.panel_catalog import PANELS, PanelQuery
from tests.integration.database.schema.test_dropped_readings import apply_retention, import_batches
from tests.support.database.ledger_entries import enter_material
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows
from tests.support.database_servers import Server

NOW = datetime.now(UTC)
FIRST = (NOW - timedelta(days=160)).replace(hour=10, minute=0, second=0, microsecond=0)
STARTS = [FIRST + timedelta(days=day, minutes=minute) for day in range(160) for minute in (1, 5, 9, 25)]
MIXES: LiteralString = "SELECT entry_id, book_g, lots FROM tank_mixes ORDER BY 1"


def read_book(dsn: str) -> tuple[float | None, float | None, str]:
    """Book, difference of the last count, remark."""
    reader = PanelReader(settings_for(dsn))
    reader.open()
    try:
        now = datetime.now(UTC)
        (row,) = reader.read_panel(PANELS["material_book"], PanelQuery(now - timedelta(days=1), now, now))
    finally:
        reader.close()
    return row.book_g, row.count_gap_g, row.remark


def compute_mixes(dsn: str) -> list[tuple[object, ...]]:
    with use_session(settings_for(dsn), application="test") as session:
        update_tank_mixes(session, "s1", since=FIRST - timedelta(days=1), queued_from=NOW)
    return fetch_rows(dsn, MIXES)


@pytest.fixture
def counted(flavour: Server, migrated: str, tmp_path: Path) -> str:
    """Two counts and a drum change between doses of one quarter of an hour; a new tube."""
    import_batches(migrated, tmp_path, STARTS, "dosing_consumption")
    at = {"device_id": "s1"}
    enter_material(migrated, FIRST + timedelta(minutes=7), "count", 100_000.0, **at)
    enter_material(migrated, FIRST + timedelta(days=1, minutes=4), "drum_change", 50_000.0, "L1", **at)
    enter_material(migrated, FIRST + timedelta(days=3, minutes=6, seconds=30), "count", 49_000.0, **at)
    tube = ServiceDraft(uuid4(), FIRST + timedelta(days=2, minutes=7), "s1", 1, ServiceKind.TUBE, "Anna")
    enter_service(settings_for(migrated), tube, os_user="anna")
    return migrated


def test_book_contents_and_tube_are_the_same_after_retention(counted: str) -> None:
    book, mixes = read_book(counted), compute_mixes(counted)
    (tube,) = read_service_states(settings_for(counted), NOW)
    # doses since the last count: two of its day, and four of each day after it
    assert book == pytest.approx((49_000.0 - 40 * (2 + 4 * 156), 49_000.0 - 50_000.0 + 40 * (3 + 4 + 2), ""))
    assert tube.tube_g == 40 * (2 + 4 * 157)
    apply_retention(counted)
    assert read_book(counted) == pytest.approx(book)
    assert compute_mixes(counted) == mixes
    (after,) = read_service_states(settings_for(counted), NOW)
    assert (after.tube_g, after.tube_run_s) == (tube.tube_g, tube.tube_run_s)


def test_a_book_whose_doses_are_not_known_any_more_is_none(counted: str) -> None:
    apply_retention(counted)
    gone = "UPDATE dropped_readings SET spans = '{(,2026-07-01)}' WHERE table_name = 'sums'"
    execute_statements(counted, gone.replace("2026-07-01", f"{NOW - timedelta(days=150):%Y-%m-%d}"))
    book_g, gap_g, remark = read_book(counted)
    assert (book_g, gap_g) == (None, None)
    assert remark == "doses since then are no longer stored: count again"
