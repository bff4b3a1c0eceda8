"""What the plant's own rules and its retention do to the panels."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from msgspec import structs
from msgspec.structs import replace

from dosing_tui.collector.dependencies import build_database
from dosing_tui.config.settings import Settings
from dosing_tui.database.batches.incremental_rebuild import rebuild_batches
from dosing_tui.database.batches.queries import list_batches, read_batch
from dosing_tui.database.reading_writer import ReadingWriter
from dosing_tui.database.schema.migrate import list_pending_steps, migrate_schema
from dosing_tui.database.schema.plant_limits import LIMIT_NAMES
from dosing_tui.domain.batch_review.query_models import BatchFilter
from dosing_tui.domain.panels import panel_catalog
from dosing_tui.domain.panels.panel_catalog import PanelQuery
from dosing_tui.errors import DatabaseAccessError
from tests.integration.database.test_panels import read_one_panel
from tests.support.database.reading_samples import DOSE, EVENT, NOW, number_rows, settings_for
from tests.support.database.schema_inspection import fetch_rows
from tests.support.database.stored_batches import store_and_rebuild
from tests.support.domain.batch_messages import MUCH_LATER, NOON, make_level, normal_batch


def test_batches_of_days_whose_events_are_gone_are_unknown_and_not_none(migrated: str) -> None:
    since, day = NOW.replace(hour=0), timedelta(days=1)
    writer = ReadingWriter(settings_for(migrated))
    doses = [structs.replace(DOSE, time=since + day / 2 + number * day) for number in range(3)]
    started = structs.replace(EVENT, time=since + 1.5 * day - timedelta(minutes=2), event="start")
    writer.write(uuid4(), number_rows(started, *doses, structs.replace(EVENT, time=since + 1.51 * day)))
    writer.close()
    span = {"since": since + day, "until": since + 3 * day, "now": since + 3 * day}
    rebuild_batches(settings_for(migrated), **span, report=print)
    rows = read_one_panel(
        migrated, panel_catalog.DAILY_SUMMARY, PanelQuery(since, since + 3 * day, since + 3 * day)
    )
    assert [(row.day.day, row.doses, row.batches) for row in rows] == [(25, 1, 0), (24, 1, 1), (23, 1, None)]


def test_other_limits_are_told_where_migrating_is_not_allowed_and_nothing_is_held_up(migrated: str) -> None:
    told: list[str] = []
    settings = settings_for(migrated, tolerance_g=0.25)
    own = replace(
        settings,
        database=replace(settings.database, migrate=False),
        limits=replace(settings.limits, stock_low_percent=15.0, reorder_lead_days=3.0),
        retention=replace(settings.retention, readings_days=400),
        alarms=replace(settings.alarms, mean_error_g=1.5),
    )
    build_database(own).prepare_schema(told.append)
    owner = ": the database's owner must run dosing-tui migrate."
    assert told == [
        f"The tolerances in these settings differ from the database's, which count{owner}",
        f"The low-stock limit in the database differs from the settings' 15 %{owner}",
        "The reorder point's lead time (3 d) or z (1.65) in these settings differs from the database's, which"
        f" counts{owner}",
        f"The alarm limits in these settings differ from the database's, which count{owner}",
        f"The retention in these settings differs from the database's, which counts{owner}",
    ]
    missing = list_pending_steps(own)
    assert {step for step in missing if not step.startswith("retention/")} == LIMIT_NAMES


def test_a_new_database_has_every_limit_of_the_settings_at_once(database: str) -> None:
    settings = settings_for(database)
    own = replace(
        settings,
        limits=replace(settings.limits, class_="X(0.2)", stock_low_percent=15.0, reorder_lead_days=3.0),
        alarms=replace(settings.alarms, mean_error_g=1.5),
    )
    migrate_schema(own, report=print)
    assert list_pending_steps(own) == []
    since = fetch_rows(database, "SELECT valid_from FROM tolerance_rules WHERE class_factor = 0.2")
    assert since == [(datetime(2000, 1, 1, tzinfo=UTC),)]
    assert migrate_schema(own, report=print) == []


def test_batches_are_judged_by_the_databases_level_of_low_stock_whoever_rebuilds(migrated: str) -> None:
    ours, elsewhere = settings_for(migrated), settings_for(migrated)
    elsewhere = replace(elsewhere, limits=replace(elsewhere.limits, stock_low_percent=60.0))
    made = [*normal_batch(), make_level(61.1, "T-9", 5500.0)]
    assert store_and_rebuild(migrated, *made, now=MUCH_LATER) == ["complete CU-85 2"]
    told: list[str] = []

    def findings(settings: Settings) -> list[str]:
        span = (NOON - timedelta(hours=1), MUCH_LATER)
        rebuild_batches(settings, since=span[0], until=span[1], now=MUCH_LATER, report=told.append)
        (row,) = list_batches(settings, BatchFilter())
        detail = read_batch(settings, row.batch_key)
        assert detail is not None
        return [remark.kind.value for remark in detail.assessment.remarks]

    assert findings(ours) == findings(elsewhere) == []
    assert told[0] == "Limits in the database: tolerance ±0.5 g, low stock below 20 %."
    assert list_pending_steps(elsewhere) == ["limits/stock_low"]
    own = replace(elsewhere, database=replace(elsewhere.database, migrate=False))
    build_database(own).prepare_schema(told.append)
    assert "low-stock limit in the database differs from the settings' 60 %" in told[-1]
    assert migrate_schema(elsewhere, report=told.append) == ["limits/stock_low"]
    assert findings(ours) == findings(elsewhere) == ["low stock"]


def test_a_schema_that_is_missing_holds_everything_up_where_migrating_is_not_allowed(database: str) -> None:
    settings = settings_for(database, tolerance_g=0.25)
    own = replace(settings, database=replace(settings.database, migrate=False))
    with pytest.raises(DatabaseAccessError, match=r"not up to date \(.*any/0001_readings.* missing\)"):
        build_database(own).prepare_schema(print)
