"""Grafana's tables of lots have the rows of ``trace``, for names that are hostile, too."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from dosing_tui.config.settings import PlantSettings, Settings
from dosing_tui.database.lots.lot_reader import trace_batch, trace_lot
from dosing_tui.grafana.lot_dashboard import build_lot_dashboard
from tests.integration.database.lots.test_batch_lots import HOURS, LATER, at, batch_at
from tests.support.database.ledger_entries import enter_material
from tests.support.database.reading_samples import settings_for
from tests.support.database.stored_batches import store_and_rebuild
from tests.support.grafana.query_interpolation import interpolate_query

BOARD: Any = build_lot_dashboard(Settings(plant=PlantSettings(timezone="Europe/Berlin")))
"""As Grafana would load it."""
OF_LOT, OF_BATCH = (panel["targets"][0]["rawSql"] for panel in BOARD["panels"])
LOTS, BATCHES = (variable["query"] for variable in BOARD["templating"]["list"])
HOSTILE = """A'"17 [/] 龍"""


def fetch_answer(dsn: str, sql: str, **chosen: str) -> list[dict[str, Any]]:
    asked = interpolate_query(
        sql, since=LATER - timedelta(days=2), until=LATER,
        chosen={name: (value,) for name, value in chosen.items()},
    )  # fmt: skip
    with psycopg.connect(dsn, row_factory=dict_row) as session:
        return session.execute(asked.encode()).fetchall()


@pytest.fixture
def traced(migrated: str) -> str:
    enter_material(migrated, at(0.5), "drum_change", 100.0, HOSTILE)
    enter_material(migrated, at(2.5), "delivery", 60.0, "B")
    store_and_rebuild(migrated, *[each for hour in HOURS for each in batch_at(hour)], now=LATER)
    return migrated


def test_a_lot_leads_to_its_batches_and_a_batch_to_its_lots(traced: str) -> None:
    settings = settings_for(traced)
    assert {row["lot_number"] for row in fetch_answer(traced, LOTS)} == {HOSTILE, "B"}
    for lot in (HOSTILE, "B", "no such lot", ""):
        found = [(row["batch_key"], row["share"]) for row in fetch_answer(traced, OF_LOT, lot=lot)]
        assert found == [(row.batch_key, row.share) for row in trace_lot(settings, lot)]
    assert [round(row["share"], 2) for row in fetch_answer(traced, OF_LOT, lot="B")] == [0.75, 0.75]
    batches = fetch_answer(traced, BATCHES)
    assert len(batches) == 4  # that of hour 0 was before lots were kept
    for batch in batches:
        rows = fetch_answer(traced, OF_BATCH, batch=batch["__value"])
        assert {row["batch_id"] for row in rows} == {batch["__text"]}
        assert [(row["lot_number"], row["share"]) for row in rows] == [
            (row.lot_number, row.share) for row in trace_batch(settings, batch["__value"])
        ]
        assert sum(row["share"] for row in rows) == pytest.approx(1)


def test_an_empty_plant_has_empty_tables(migrated: str) -> None:
    assert fetch_answer(migrated, LOTS) == fetch_answer(migrated, BATCHES) == []
    assert fetch_answer(migrated, OF_LOT, lot="") == fetch_answer(migrated, OF_BATCH, batch="") == []


def test_every_column_that_is_placed_is_in_the_rows(traced: str) -> None:
    for panel, chosen in zip(BOARD["panels"], ({"lot": "B"}, {"batch": ""}), strict=True):
        sql = interpolate_query(
            panel["targets"][0]["rawSql"], since=LATER, until=LATER,
            chosen={name: (value,) for name, value in chosen.items()},
        )  # fmt: skip
        with psycopg.connect(traced) as session:
            columns = {each.name for each in session.execute(sql.encode()).description or ()}
        (organized,) = panel["transformations"]
        assert set(organized["options"]["indexByName"]) <= columns
        assert {each["matcher"]["options"] for each in panel["fieldConfig"]["overrides"]} <= columns
