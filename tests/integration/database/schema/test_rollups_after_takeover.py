"""A database that is taken over keeps its rollups, also of doses that are gone, and the rights on them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.domain.panels import panel_catalog
from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.panels.panel_catalog import PANELS, PanelQuery
from dosing_tui.errors import DatabaseAccessError
from tests.integration.database.schema.test_rollups import RECOMPUTED
from tests.support.database.development_schema import create_development_schema
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows
from tests.support.database_servers import Server, new_name
from tests.support.polling import wait_until

SINCE, UNTIL = datetime(2026, 10, 1, tzinfo=UTC), datetime(2026, 11, 20, tzinfo=UTC)
NOW = UNTIL + timedelta(days=1)
# whole numbers of 1/8 g add up exactly; some doses tell no error
DOSES: LiteralString = """
    INSERT INTO dosing_consumption (time, device_id, pump, chemical, target_g, actual_g, error_g, recipe,
                                    mode, duration_ms)
    SELECT timestamptz '2026-10-01 00:00:00+00' + i * INTERVAL '24 minutes', 'station-' || i % 3, i % 4,
           CASE i % 2 WHEN 0 THEN 'BDO' ELSE 'T-12' END, 50, 50 + i % 16 / 8.0,
           CASE WHEN i % 13 > 0 THEN i % 48 / 8.0 - 3 END, 'recipe-' || i % 2, 'auto', 4000 + i % 100
      FROM generate_series(0, 2999) AS i
"""
EVENTS: LiteralString = """
    INSERT INTO batch_events (time, device_id, event, recipe, dedup)
    SELECT timestamptz '2026-10-01 00:00:00+00' + i * INTERVAL '5 hours', 'station-0',
           CASE i % 3 WHEN 0 THEN 'start' WHEN 1 THEN 'complete' ELSE 'abort' END, 'recipe-0', told
      FROM generate_series(0, 239) AS i CROSS JOIN generate_series(1, 2) AS told
"""
ERRORS: LiteralString = "SELECT error_g FROM dosing_consumption WHERE error_g IS NOT NULL"
OLDER: LiteralString = "DELETE FROM dosing_consumption WHERE time < '2026-11-02 09:10:00+00'"
ALL: LiteralString = "DELETE FROM dosing_consumption"


@pytest.fixture
def old(flavour: Server, database: str) -> str:
    """A database at migration 27 with fifty days of doses; ``migrate_schema`` takes it over."""
    create_development_schema(database)
    execute_statements(database, DOSES, EVENTS)
    return database


@pytest.fixture
def viewer(old: str) -> Iterator[str]:
    """A role that may read what the panels read before the takeover."""
    name = new_name("role")
    with psycopg.connect(old, autocommit=True) as session:
        role = sql.Identifier(name)
        session.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        wait_until(lambda: _grant_reading(session, role))
        yield make_conninfo(old, user=name)
        session.execute(sql.SQL("DROP OWNED BY {}").format(role))
        session.execute(sql.SQL("DROP ROLE {}").format(role))


def _grant_reading(session: psycopg.Connection, role: sql.Identifier) -> bool:
    """False if a job of TimescaleDB has changed a table's entry in the catalogue at that moment."""
    try:
        session.execute(sql.SQL("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {}").format(role))
    except psycopg.errors.InternalError_:  # "tuple concurrently updated"
        return False
    return True


def read_one_panel(
    dsn: str, panel: panel_catalog.Panel[panel_catalog.RowT], selection: Selection
) -> list[panel_catalog.RowT]:
    reader = PanelReader(settings_for(dsn))
    reader.open()
    try:
        return reader.read_panel(panel, PanelQuery(SINCE, UNTIL, NOW, selection))
    finally:
        reader.close()


def test_sums_are_those_of_the_doses(old: str) -> None:
    migrate_schema(settings_for(old), report=print)
    for kept, recomputed in RECOMPUTED.items():
        assert fetch_rows(old, kept) == fetch_rows(old, recomputed)


@pytest.mark.parametrize("dropped", [OLDER, ALL], ids=["older ones", "all"])
def test_doses_that_are_gone_still_count(old: str, dropped: LiteralString) -> None:
    errors = [error for (error,) in fetch_rows(old, ERRORS)]
    execute_statements(old, dropped)
    migrate_schema(settings_for(old), report=print)
    whole = read_one_panel(old, panel_catalog.ACCURACY_HISTOGRAM, Selection())
    assert [bin_.doses for bin_ in whole] == [
        sum((bin_.lower_g is None or bin_.lower_g <= error) and (bin_.upper_g is None or error < bin_.upper_g)
            for error in errors)
        for bin_ in whole
    ]  # fmt: skip
    assert sum(row.doses for row in read_one_panel(old, panel_catalog.DAILY_SUMMARY, Selection())) == 3000
    assert [row.label for row in read_one_panel(old, panel_catalog.CONSUMPTION_TODAY, Selection())] == [
        "T-12",
        "BDO",
    ]
    assert {
        point.series for point in read_one_panel(old, panel_catalog.CONSUMPTION_BY_CHEMICAL, Selection())
    } == {
        "BDO",
        "T-12",
    }
    assert (
        sum(
            row.doses
            for row in read_one_panel(old, panel_catalog.DAILY_SUMMARY, Selection(device=("station-0",)))
        )
        == 1000
    )


def test_who_could_read_the_panels_still_can(old: str, viewer: str) -> None:
    migrate_schema(settings_for(old), report=print)
    for panel in PANELS.values():
        assert read_one_panel(viewer, panel, Selection()) is not None


def test_who_may_not_read_a_table_of_the_panels_is_told_which_and_as_whom(old: str, viewer: str) -> None:
    migrate_schema(settings_for(old), report=print)
    user = str(conninfo_to_dict(viewer)["user"])
    with psycopg.connect(old) as session:
        session.execute(sql.SQL("REVOKE SELECT ON plant_rollup FROM {}").format(sql.Identifier(user)))
    with pytest.raises(
        DatabaseAccessError, match=f"User {user} lacks a right .* denied for table plant_rollup"
    ):
        read_one_panel(viewer, panel_catalog.CONSUMPTION_TODAY, Selection())


IMPOSSIBLE: LiteralString = """
    INSERT INTO dosing_consumption (time, device_id, pump, chemical, actual_g, recipe, mode,
                                    duration_ms, dedup)
    SELECT timestamptz '2026-11-05 10:00:00+00' + i * INTERVAL '1 minute', 'station-0', 1, 'DMDEE', 40,
           'CU-85', 'auto', CASE i % 2 WHEN 0 THEN 60000 ELSE 4294966296 END, i
      FROM generate_series(1, 40) AS i
"""
DURATIONS: LiteralString = """
    SELECT sum(sum_duration_ms), sum(n_duration), sum(doses) FROM dosing_rollup_15m WHERE chemical = 'DMDEE'
     UNION ALL
    SELECT sum(sum_duration_ms), sum(n_duration), sum(doses) FROM plant_rollup
     WHERE grain = 2 AND chemical = 'DMDEE'
     UNION ALL
    SELECT sum(sum_duration_ms), sum(n_duration), sum(doses) FROM dosing_rollup_6h WHERE chemical = 'DMDEE'
     UNION ALL
    SELECT sum(sum_duration_ms), sum(n_duration), sum(doses) FROM plant_rollup
     WHERE grain = 5 AND recipe = 'CU-85'
"""


def test_durations_that_no_dose_can_have_are_taken_out_of_earlier_sums(old: str) -> None:
    execute_statements(old, IMPOSSIBLE)
    migrate_schema(settings_for(old), report=print)
    assert fetch_rows(old, DURATIONS) == [(20 * 60_000, 20, 40)] * 4
