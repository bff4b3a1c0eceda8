"""Rollups and last values are what the raw rows say, whoever writes them and in whatever order."""

import random
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from dosing_tui.database.batches.incremental_rebuild import rebuild_changed_days
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value
from tests.support.database_servers import Server, new_name

START = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
DOSE_COLUMNS = (
    *("time", "device_id", "pump", "chemical", "target_g", "actual_g"),
    *("error_g", "recipe", "mode", "duration_ms", "dedup", "received_at"),
)
LEVEL_COLUMNS = ["time", "device_id", "chemical", "percent_full", "dedup", "received_at"]

# Whole numbers of 1/8 g add up exactly, in any order.
SUMS: LiteralString = """
       count(*), coalesce(sum(actual_g), 0), count(actual_g), coalesce(sum(error_g), 0),
       coalesce(sum(abs(error_g)), 0), coalesce(sum(error_g * error_g), 0), count(error_g),
       count(*) FILTER (WHERE abs(error_g) > 0.5), coalesce(sum(duration_ms), 0)::bigint, count(duration_ms)
  FROM dosing_consumption
"""
BINS_KEPT: LiteralString = (
    "sum(bin_count(bins, 0)), sum(bin_count(bins, 6)), sum(bin_count(bins, 11)), sum(bin_count(bins, 13)),"
    " sum(bin_count(bins, 21)), sum((SELECT sum(bin_count(bins, k)) FROM generate_series(0, 21) AS k))"
)
BINS: LiteralString = (
    "count(*) FILTER (WHERE error_g < -2),"
    " count(*) FILTER (WHERE error_g >= -1 AND error_g < -0.8),"
    " count(*) FILTER (WHERE error_g >= 0 AND error_g < 0.2),"
    " count(*) FILTER (WHERE error_g >= 0.4 AND error_g < 0.6),"
    " count(*) FILTER (WHERE error_g >= 2), count(error_g)"
)
SUM_COLUMNS: LiteralString = (
    "doses, sum_actual_g, n_actual, sum_error_g, sum_abs_error_g, sum_sq_error_g, n_error, n_out_of_tol,"
    " sum_duration_ms, n_duration"
)
# of each grain of plant_rollup: the length of its buckets in s, and what it is by
GRAINS: tuple[tuple[LiteralString, LiteralString, LiteralString, LiteralString], ...] = (
    ("1", "900", "''", "chemical"),
    ("2", "3600", "''", "chemical"),
    ("3", "21600", "''", "chemical"),
    ("4", "3600", "device_id", "''"),
    ("5", "3600", "''", "''"),
)
RECOMPUTED: dict[LiteralString, LiteralString] = {
    "SELECT * FROM dosing_rollup_15m ORDER BY 1, 2, 3, 4, 5": (
        "SELECT to_timestamp(floor(extract(epoch FROM time) / 900) * 900), device_id, chemical, recipe, mode,"
        + SUMS
        + "GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"
    ),
    "SELECT bucket, device_id, chemical, recipe, mode, doses, sum_actual_g, n_actual, sum_error_g,"
    " sum_abs_error_g, sum_sq_error_g, n_error, n_out_of_tol, sum_duration_ms, n_duration"
    " FROM dosing_rollup_6h ORDER BY 1, 2, 3, 4, 5": (
        "SELECT to_timestamp(floor(extract(epoch FROM time) / 21600) * 21600),"
        " device_id, chemical, recipe, mode," + SUMS + "GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"
    ),
    f"SELECT {BINS_KEPT} FROM dosing_rollup_6h": f"SELECT {BINS} FROM dosing_consumption",
    "SELECT device_id, last_time FROM device_last_seen ORDER BY 1": (
        "SELECT device_id, max(time) FROM dosing_consumption GROUP BY 1 ORDER BY 1"
    ),
    "SELECT * FROM dosing_consumption_hourly ORDER BY 1, 2, 3, 4, 5": (
        "SELECT date_trunc('hour', time), device_id, chemical, recipe, mode, count(*), sum(actual_g),"
        " sum(actual_g) / count(actual_g), sum(error_g) / nullif(count(error_g), 0), avg(duration_ms)"
        " FROM dosing_consumption GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"
    ),
}
RECOMPUTED[
    "SELECT device_id, pump, chemical, bucket, doses, sum_error_g, sum_range_g, first_at, last_at,"
    " first_error_g, last_error_g, is_late FROM pump_rollup ORDER BY 1, 2, 3, 4"
] = """
SELECT device_id, pump, chemical, bucket, count(*), sum(error_g), coalesce(sum(abs(error_g - before)), 0),
       min(time), max(time), (array_agg(error_g ORDER BY time, received_at, dedup))[1],
       (array_agg(error_g ORDER BY time DESC, received_at DESC, dedup DESC))[1], false
  FROM (SELECT *, lag(error_g) OVER (PARTITION BY device_id, pump, chemical, bucket
                                         ORDER BY time, received_at, dedup) AS before
          FROM (SELECT *, to_timestamp(floor(extract(epoch FROM time) / 21600) * 21600) AS bucket
                  FROM dosing_consumption WHERE error_g IS NOT NULL) AS measured) AS ordered
 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4"""
RECOMPUTED["SELECT sum(doses)::bigint, max(last_at) FROM pump_targets"] = (
    "SELECT count(error_g), max(time) FILTER (WHERE error_g IS NOT NULL) FROM dosing_consumption"
)
RECOMPUTED["SELECT device_id, pump, bucket, sum_actual_g, run_ms FROM pump_use ORDER BY 1, 2, 3"] = (
    "SELECT device_id, pump, to_timestamp(floor(extract(epoch FROM time) / 21600) * 21600),"
    " coalesce(sum(actual_g), 0), coalesce(sum(duration_ms), 0)::bigint"
    " FROM dosing_consumption GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
)
for grain, seconds, station, name in GRAINS:
    RECOMPUTED[
        f"SELECT bucket, device_id, chemical, recipe, mode, {SUM_COLUMNS}"
        f" FROM plant_rollup WHERE grain = {grain} ORDER BY 1, 2, 3, 4, 5"
    ] = (
        f"SELECT to_timestamp(floor(extract(epoch FROM time) / {seconds}) * {seconds}), {station}, {name},"
        f" recipe, mode, {SUMS} GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"
    )
    if name == "chemical" and seconds != "3600":
        RECOMPUTED[f"SELECT {BINS_KEPT} FROM plant_rollup WHERE grain = {grain}"] = (
            f"SELECT {BINS} FROM dosing_consumption"
        )


def a_dose(chance: random.Random) -> tuple[Any, ...]:
    """Few stations, pumps and seconds, so that copies are common."""
    error = chance.choice([None, 0.5, -0.5, chance.randint(-20, 20) / 8])
    return (
        START + timedelta(seconds=60 * chance.randint(0, 300)),
        f"station-{chance.randint(1, 3)}",
        chance.randint(1, 2),
        chance.choice(["BDO", "T-12"]),
        50.0,
        chance.choice([50.0, 50.25]),
        error,
        chance.choice(["", "CU-65/75"]),
        "auto",
        chance.choice([None, 4000, 4200]),
        chance.randint(0, 2),
        START + timedelta(hours=6, seconds=chance.randint(0, 5)),
    )


def insert_chunks(
    dsn: str, table: str, columns: Iterable[str], batches: Iterable[list[tuple[Any, ...]]]
) -> None:
    """Each batch by one statement, as the collector does it: a dose that is there already is left out."""
    names = [sql.Identifier(column) for column in columns]
    with psycopg.connect(dsn, autocommit=True) as session:
        for batch in batches:
            values = sql.SQL(", ").join(
                sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Literal, row))) for row in batch
            )
            session.execute(
                sql.SQL("INSERT INTO {} ({}) VALUES {} ON CONFLICT DO NOTHING").format(
                    sql.Identifier(table), sql.SQL(", ").join(names), values
                )
            )


@pytest.mark.parametrize("seed", range(3))
def test_rollups_are_what_the_raw_rows_say(flavour: Server, migrated: str, seed: int) -> None:
    chance = random.Random(seed)
    drawn = [[a_dose(chance) for _ in range(chance.randint(1, 60))] for _ in range(20)]
    insert_chunks(migrated, "dosing_consumption", DOSE_COLUMNS, drawn + drawn[:7])
    assert fetch_value(migrated, "SELECT count(*) FROM dosing_consumption") < sum(
        len(batch) for batch in drawn
    )
    for kept, recomputed in RECOMPUTED.items():
        assert fetch_rows(migrated, kept) == fetch_rows(migrated, recomputed)


def test_a_late_dose_of_a_dense_station_is_put_in_order_by_the_next_rebuild(
    flavour: Server, migrated: str
) -> None:
    """Counted again with each chunk, the doses of six hours would cost more than all else."""
    pumps, kept = "SELECT is_late FROM pump_rollup", next(name for name in RECOMPUTED if "is_late" in name)
    dense = [
        (START + timedelta(seconds=2 * n), "d", 1, "BDO", 50.0, 50.0, n % 5 / 8, "", "auto", 4000, n, START)
        for n in range(1, 2_500)
    ]
    late = (START + timedelta(seconds=1), "d", 1, "BDO", 50.0, 50.0, 1.0, "", "auto", 4000, 0, START)
    insert_chunks(migrated, "dosing_consumption", DOSE_COLUMNS, [dense, [late]])
    assert fetch_rows(migrated, pumps) == [(True,)]
    rebuild_changed_days(settings_for(migrated), now=START + timedelta(hours=6))
    assert fetch_rows(migrated, pumps) == [(False,)]
    assert fetch_rows(migrated, kept) == fetch_rows(migrated, RECOMPUTED[kept])


def test_doses_of_one_second_are_in_the_order_of_their_receipt_and_not_late(
    flavour: Server, migrated: str
) -> None:
    """Their numbers are hashes: half of them would be late, and each chunk would count six hours again."""
    pumps, kept = (
        "SELECT DISTINCT is_late FROM pump_rollup",
        next(name for name in RECOMPUTED if "is_late" in name),
    )
    measured = ("d", 1, "BDO", 50.0, 50.0)
    doses = [
        (
            START + timedelta(seconds=n // 3),
            *measured,
            n % 5 / 8,
            "",
            "auto",
            4000,
            -n,
            START + timedelta(seconds=n),
        )
        for n in range(2_320)
    ]
    chunks = [doses[:2_300], *([dose] for dose in doses[2_300:])]
    insert_chunks(migrated, "dosing_consumption", DOSE_COLUMNS, chunks)
    assert fetch_rows(migrated, pumps) == [(False,)]
    assert fetch_rows(migrated, kept) == fetch_rows(migrated, RECOMPUTED[kept])


def test_copy_feeds_the_rollups_too(flavour: Server, migrated: str) -> None:
    copying: LiteralString = "COPY dosing_consumption (time, device_id, pump, chemical, actual_g) FROM STDIN"
    with psycopg.connect(migrated) as session, session.cursor() as cursor, cursor.copy(copying) as copy:
        for second in range(10):
            copy.write_row((START + timedelta(seconds=second), "d", 1, "BDO", 2.5))
    assert fetch_rows(migrated, "SELECT doses, sum_actual_g FROM plant_rollup WHERE grain = 2") == [
        (10, 25.0)
    ]


def test_what_the_guides_telegraf_inserts_feeds_everything(flavour: Server, migrated: str) -> None:
    execute_statements(
        migrated,
        "INSERT INTO dosing_consumption (time, device_id, pump, chemical, target_g, actual_g, error_g,"
        " recipe, mode, duration_ms) VALUES (now(), 'a', 1, 'BDO', 50, 50.25, 0.25, 'CU', 'auto', 4000)",
        "INSERT INTO batch_events (time, device_id, event, recipe, pumps)"
        " VALUES (now(), 'b', 'start', 'CU', 2)",
        "INSERT INTO inventory_levels (time, device_id, chemical, remaining_g, capacity_g, percent_full)"
        " VALUES (now(), 'c', 'BDO', 750, 1000, 75)",
    )
    seen = fetch_rows(migrated, "SELECT device_id FROM device_last_seen ORDER BY 1")
    assert seen == [("a",), ("b",), ("c",)]
    assert fetch_rows(migrated, "SELECT percent_full FROM latest_inventory") == [(75.0,)]
    assert fetch_value(migrated, "SELECT sum(doses) FROM dosing_rollup_15m") == 1


def test_a_role_that_may_only_insert_doses_needs_no_right_on_what_is_kept_of_them(
    flavour: Server, migrated: str
) -> None:
    name = sql.Identifier(new_name("role"))
    with psycopg.connect(migrated, autocommit=True) as session:
        session.execute(sql.SQL("CREATE ROLE {} LOGIN").format(name))
        session.execute(sql.SQL("GRANT INSERT ON dosing_consumption TO {}").format(name))
        writer = make_conninfo(migrated, user=name.as_string().strip('"'))
        execute_statements(
            writer,
            "INSERT INTO dosing_consumption (time, device_id, pump, chemical) VALUES (now(), 'd', 1, 'c')",
        )
        session.execute(sql.SQL("DROP OWNED BY {0}").format(name))
        session.execute(sql.SQL("DROP ROLE {0}").format(name))
    assert fetch_value(migrated, "SELECT sum(doses) FROM plant_rollup WHERE grain = 5") == 1


def a_level(chance: random.Random, dedup: int) -> tuple[Any, ...]:
    time = START + timedelta(seconds=chance.randint(0, 5))
    delay = chance.choice([-600, 0, 0, 1, 900])
    return (time, "d", chance.choice(["BDO", "T-12"]), 12.5 * dedup, dedup, time + timedelta(seconds=delay))


@pytest.mark.parametrize("seed", range(3))
def test_the_newest_level_does_not_depend_on_the_order_of_arrival(
    flavour: Server, migrated: str, seed: int
) -> None:
    chance = random.Random(seed)
    levels = [a_level(chance, dedup) for dedup in range(40)]
    chance.shuffle(levels)
    insert_chunks(migrated, "inventory_levels", LEVEL_COLUMNS, [levels[i : i + 7] for i in range(0, 40, 7)])
    newest: dict[str, tuple[Any, ...]] = {}
    for level in sorted(levels, key=lambda row: (min(row[0], row[5]), row[5], row[4])):
        newest[level[2]] = level
    found = fetch_rows(migrated, "SELECT chemical, percent_full FROM latest_inventory ORDER BY 1")
    assert found == [(chemical, newest[chemical][3]) for chemical in sorted(newest)]


def test_a_clock_that_runs_ahead_does_not_hide_the_levels_that_follow(flavour: Server, migrated: str) -> None:
    now = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    ahead = (now + timedelta(days=3000), "d", "BDO", 90.0, 1, now)
    later = (now + timedelta(minutes=1), "d", "BDO", 5.0, 2, now + timedelta(minutes=1))
    insert_chunks(migrated, "inventory_levels", LEVEL_COLUMNS, [[ahead], [later]])
    assert fetch_rows(migrated, "SELECT percent_full FROM latest_inventory") == [(5.0,)]
    assert fetch_value(migrated, "SELECT last_time FROM device_last_seen") == now + timedelta(minutes=1)
