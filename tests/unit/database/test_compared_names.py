"""Chemicals and lots are compared by what all their spellings share: fold_name, in every statement."""

import pytest

from dosing_tui.database import sql_files
from tests.support.database.bare_names import find_bare_names

AS_SENT = "shows, groups and filters doses and levels by the names as they were sent"
ONE_NAME = "is about one name that was read from the rows it looks for"
STORED = "is the identity of a stored row"
ALARMED = "tells alarms apart by the names of tanks as they were sent"
EXCEPTIONS = {
    "alerts/critical_inventory": ALARMED,
    "alerts/low_cover": ALARMED,
    "alerts/low_inventory": ALARMED,
    "batches/select_doses_before": ONE_NAME,
    "batches/select_levels_before": ONE_NAME,
    "doctor/count_stations": ALARMED,
    "lots/replace_batch_lots": STORED,
    "lots/select_tank_lots": ALARMED,
    "lots/trace_batch": STORED,
    "lots/trace_lot": STORED,
    "maintenance/delete_old_rollups": STORED,
    "materials/is_in_service": ALARMED,
    "panels/accuracy_histogram": AS_SENT,
    "panels/accuracy_summary": AS_SENT,
    "panels/batches_left": ALARMED,
    "panels/consumption_by_chemical": AS_SENT,
    "panels/consumption_over_time": AS_SENT,
    "panels/daily_summary": AS_SENT,
    "panels/doses": AS_SENT,
    "panels/dosing_duration": AS_SENT,
    "panels/error_rate": AS_SENT,
    "panels/inventory": AS_SENT,
    "panels/material_book": ALARMED,
    "panels/production_today": AS_SENT,
    "panels/pump_capability": STORED,
    "panels/stock_outlook": ALARMED,
    "panels/today_by_chemical": AS_SENT,
    "reads/select_chart_doses": ONE_NAME,
    "reads/select_stock_levels": ALARMED,
    "reads/select_usual_durations": AS_SENT,
    "reports/count_doses_without_mass": AS_SENT,
    "reports/select_shift_stock": "looks for levels by each spelling of the tank, for the index",
    "trends/dose_errors": ONE_NAME,
    "trends/tank_mass": ONE_NAME,
    "trends/tank_percent": ONE_NAME,
    "writes/insert_inventory_levels": STORED,
}
"""Statements that compare bare names, and why they may."""
FOLDERS = sorted(
    each.name for each in sql_files.find_sql_folder().iterdir() if each.is_dir() and each.name != "schema"
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("WHERE e.lot_number = m.lot_number", True),
        ("WHERE d.chemical = ANY (names)", True),
        ("JOIN tanks USING (device_id, chemical)", True),
        ("GROUP BY device_id, m.lot_number", True),
        ("WHERE lower(r.chemical) = lower(k.chemical)", True),
        ("WHERE (a.device_id, a.chemical) = (b.device_id, b.chemical)", True),
        ("SELECT DISTINCT ON (device_id, chemical) time", True),
        (
            "WHERE fold_name(e.lot_number) = fold_name(m.lot_number) AND e.chemical_key = m.chemical_key",
            False,
        ),
        ("WHERE m.lot_number <> '' GROUP BY device_id, fold_name(chemical)", False),
        ("SELECT device_id, chemical FROM tanks ORDER BY chemical -- of chemical = lot", False),
    ],
)
def test_a_comparison_of_bare_names_is_found(text: str, *, found: bool) -> None:
    assert any(find_bare_names(text)) is found


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_statement_compares_bare_names_of_chemicals_or_lots(folder: str) -> None:
    bare = {
        name: sorted(set(find_bare_names(sql_files.read_statement(name))))
        for name in sql_files.list_statements(folder)
        if name not in EXCEPTIONS
    }
    assert {name: found for name, found in bare.items() if found} == {}


def test_every_exception_is_one() -> None:
    assert [name for name in EXCEPTIONS if not any(find_bare_names(sql_files.read_statement(name)))] == []
