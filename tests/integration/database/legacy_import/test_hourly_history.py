"""What only the guide's hourly aggregate still knows outlives its adoption."""

from typing import LiteralString

import pytest

from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.database.server_flavour import ServerFlavour
from dosing_tui.errors import DatabaseAccessError
from tests.support.database.guide_database import guide_database
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value, flavour_of
from tests.support.database_servers import Server

# 2001 hours, one dose each, of 2.5 g in 4 s
DOSES: LiteralString = """
    INSERT INTO dosing_consumption
    SELECT date_trunc('hour', now()) - i * INTERVAL '1 hour' - INTERVAL '1 minute', 'd', 1, 'BDO',
           2.5, 2.5, 0, CASE i % 2 WHEN 0 THEN NULL ELSE 'CU' END, 'auto', 4000
      FROM generate_series(0, 2000) AS i
"""
# What the aggregate of a server without continuous aggregates becomes when somebody builds it by hand.
BY_HAND: LiteralString = """
    CREATE TABLE dosing_consumption_hourly AS
    SELECT date_trunc('hour', time) AS bucket, device_id, chemical, recipe, mode, count(*) AS dose_count,
           sum(actual_g) AS total_grams, avg(actual_g) AS avg_grams, avg(error_g) AS avg_error,
           avg(duration_ms) AS avg_duration_ms
      FROM dosing_consumption GROUP BY 1, 2, 3, 4, 5
"""
DROP_RAW: LiteralString = "DELETE FROM dosing_consumption WHERE time < now() - INTERVAL '30 days'"


def adopt_database(dsn: str) -> list[str]:
    return migrate_schema(settings_for(dsn), report=lambda line: None)


@pytest.fixture
def aggregated(flavour: Server, database: str) -> str:
    """A guide database whose retention has dropped doses that its aggregate still knows."""
    guide_database(database)
    execute_statements(database, DOSES)
    if flavour_of(database) is ServerFlavour.COMMUNITY:
        execute_statements(
            database,
            "CALL refresh_continuous_aggregate('dosing_consumption_hourly', NULL, now())",
            "SELECT drop_chunks('dosing_consumption', INTERVAL '30 days')",
            "SELECT compress_chunk(c) FROM show_chunks('dosing_consumption', INTERVAL '8 days') AS c",
        )
    else:
        execute_statements(database, BY_HAND, DROP_RAW)
    return database


def test_hours_without_doses_are_kept_and_folded_into_the_rollups(aggregated: str) -> None:
    left = fetch_value(aggregated, "SELECT count(*) FROM dosing_consumption")
    adopt_database(aggregated)
    assert fetch_value(aggregated, "SELECT count(*) FROM dosing_consumption") == left
    history = fetch_rows(
        aggregated, "SELECT sum(dose_count)::int, sum(total_grams) FROM dosing_hourly_history"
    )
    assert history == [(2001 - left, 2.5 * (2001 - left))]
    sums: LiteralString = "SELECT sum(doses)::int, sum(sum_actual_g), sum(sum_duration_ms)::int FROM {}"
    for table in (
        "dosing_rollup_15m",
        "dosing_rollup_6h",
        *(f"plant_rollup WHERE grain = {grain}" for grain in range(1, 6)),
    ):
        assert fetch_rows(aggregated, sums.format(table)) == [(2001, 2.5 * 2001, 4000 * 2001)]


def test_the_guides_aggregate_still_shows_all_of_it(aggregated: str) -> None:
    adopt_database(aggregated)
    total: LiteralString = "SELECT sum(dose_count)::int, sum(total_grams) FROM dosing_consumption_hourly"
    assert fetch_rows(aggregated, total) == [(2001, 2.5 * 2001)]
    if flavour_of(aggregated) is ServerFlavour.COMMUNITY:
        jobs = fetch_rows(aggregated, "SELECT job_id FROM timescaledb_information.jobs WHERE job_id >= 1000")
        assert jobs
        for (job,) in jobs:
            execute_statements(aggregated, f"CALL run_job({job})")
        assert fetch_rows(aggregated, total) == [(2001, 2.5 * 2001)]


def test_a_materialized_view_in_the_aggregates_place_is_adopted(database: str) -> None:
    guide_database(database, extension=False)
    execute_statements(database, DOSES, BY_HAND.replace("CREATE TABLE", "CREATE MATERIALIZED VIEW"), DROP_RAW)
    adopt_database(database)
    assert fetch_value(database, "SELECT sum(doses)::int FROM plant_rollup WHERE grain = 2") == 2001


def test_a_view_in_the_aggregates_place_holds_nothing(database: str) -> None:
    guide_database(database, extension=False)
    execute_statements(database, DOSES, BY_HAND.replace("CREATE TABLE", "CREATE VIEW"))
    adopt_database(database)
    assert fetch_value(database, "SELECT sum(dose_count)::int FROM dosing_consumption_hourly") == 2001
    assert fetch_value(database, "SELECT count(*) FROM dosing_hourly_history") == 0


def test_an_aggregate_of_another_shape_is_refused(database: str) -> None:
    guide_database(database, extension=False)
    execute_statements(database, "CREATE TABLE dosing_consumption_hourly (bucket timestamptz, grams float8)")
    with pytest.raises(DatabaseAccessError, match="dosing_consumption_hourly has no column avg_duration_ms"):
        adopt_database(database)


def test_another_continuous_aggregate_is_named_and_refused(aggregated: str) -> None:
    if flavour_of(aggregated) is not ServerFlavour.COMMUNITY:
        adopt_database(aggregated)  # the other flavours know no such thing
        return
    execute_statements(
        aggregated,
        "CREATE MATERIALIZED VIEW daily WITH (timescaledb.continuous) AS"
        " SELECT time_bucket('1 day', bucket) AS day, sum(total_grams) AS grams"
        " FROM dosing_consumption_hourly GROUP BY 1 WITH NO DATA",
    )
    with pytest.raises(DatabaseAccessError, match=r"continuous aggregate public\.daily"):
        adopt_database(aggregated)
    execute_statements(aggregated, "SELECT 1 FROM daily", "SELECT 1 FROM dosing_consumption_hourly")
