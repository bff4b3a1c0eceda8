"""A database as the guide's SQL leaves it, and what has happened to its rows since."""

from dataclasses import dataclass
from pathlib import Path
from typing import LiteralString

import psycopg

from tests.support.database.schema_inspection import execute_statements, fetch_value

_GUIDE = Path(__file__).with_name("guide.sql")

DOSES: LiteralString = """
    INSERT INTO dosing_consumption (time, device_id, pump, chemical, target_g, actual_g, error_g, recipe,
                                    mode, duration_ms)
    SELECT date_trunc('hour', now()) - i * INTERVAL '17 minutes', 'station-' || i % 3, i % 4,
           CASE i % 2 WHEN 0 THEN 'BDO' ELSE 'T-12' END, 50, 50 + i % 16 / 8.0, i % 16 / 8.0 - 1,
           CASE i % 7 WHEN 0 THEN NULL ELSE 'CU-65/75' END, CASE i % 11 WHEN 0 THEN NULL ELSE 'auto' END,
           4000 + i % 100
      FROM generate_series(1, 5000) AS i
"""
EVENTS: LiteralString = """
    INSERT INTO batch_events (time, device_id, event, recipe, pumps)
    SELECT date_trunc('hour', now()) - i * INTERVAL '1 hour', 'station-' || i % 3,
           CASE i % 2 WHEN 0 THEN 'start' ELSE 'complete' END, CASE i % 5 WHEN 0 THEN NULL ELSE 'CU-80' END, 4
      FROM generate_series(1, 500) AS i
"""
LEVELS: LiteralString = """
    INSERT INTO inventory_levels (time, device_id, chemical, remaining_g, capacity_g, percent_full)
    SELECT date_trunc('hour', now()) - i * INTERVAL '30 minutes', 'station-' || i % 3,
           CASE i % 2 WHEN 0 THEN 'BDO' ELSE 'T-12' END, i, 1000, i / 10.0
      FROM generate_series(1, 1000) AS i
"""
COPIES: tuple[LiteralString, ...] = (
    "INSERT INTO dosing_consumption SELECT * FROM dosing_consumption WHERE pump = 3 AND duration_ms < 4040",
    "INSERT INTO batch_events SELECT * FROM batch_events WHERE recipe IS NULL",
    "INSERT INTO inventory_levels SELECT * FROM inventory_levels WHERE remaining_g <= 10",
)
"""QoS 1 delivered these a second time."""
SPOILT: tuple[LiteralString, ...] = (
    "INSERT INTO dosing_consumption SELECT now(), 'd', 1, 'c', 50, 'NaN', 'NaN', 'r', 'auto', 1",
    "INSERT INTO dosing_consumption SELECT to_timestamp(i), 'd', 1, 'c', 50, 50, 0, 'r', 'auto', 1"
    " FROM generate_series(1, 3) AS i",
    "INSERT INTO batch_events VALUES ('2106-02-07 06:28:15+00', 'd', 'start', 'r', 1)",
    "INSERT INTO inventory_levels VALUES (now() + INTERVAL '1 day', 'd', 'c', 1, 1, 1)",
    "INSERT INTO inventory_levels VALUES (now(), repeat('x', 600), 'c', 1, 1, 1)",
    "INSERT INTO inventory_levels VALUES (now(), 'd', 'c', 'Infinity', 1, 1)",
)


@dataclass(frozen=True, slots=True)
class FilledTables:
    """How many rows the old tables held, and how many of them have no place in the new ones."""

    doses: int
    events: int
    levels: int
    spoilt: int
    copies: int


def guide_database(dsn: str, *, extension: bool = True) -> None:
    """The guide's SQL as far as it runs here: a refused statement is passed over, as psql does it."""
    with psycopg.connect(dsn, autocommit=True) as session:
        offered = session.execute(
            "SELECT 1 FROM pg_settings WHERE name = 'timescaledb.max_background_workers'"
        ).fetchone()
        if offered and extension:
            session.execute("CREATE EXTENSION IF NOT EXISTS timescaledb")
            # its retention must not drop the rows of 1970 before they are adopted
            session.execute("SELECT _timescaledb_functions.stop_background_workers()")
        for statement in _GUIDE.read_text().partition("\n")[2].split(";\n"):
            try:
                session.execute(statement.encode())
            except psycopg.Error:
                continue


def lived_in(dsn: str) -> FilledTables:
    """Fill it with two months of a plant, redelivered messages and wrong clocks included."""
    execute_statements(dsn, DOSES, EVENTS, LEVELS)
    before = _count_rows(dsn)
    execute_statements(dsn, *COPIES)
    copies = _count_rows(dsn) - before
    execute_statements(dsn, *SPOILT)
    counts = [fetch_value(dsn, f"SELECT count(*) FROM {table}") for table in _TABLES]
    doses, events, levels = counts
    return FilledTables(doses, events, levels, spoilt=sum(counts) - before - copies, copies=copies)


_TABLES: tuple[LiteralString, ...] = ("dosing_consumption", "batch_events", "inventory_levels")


def _count_rows(dsn: str) -> int:
    return sum(fetch_value(dsn, f"SELECT count(*) FROM {table}") for table in _TABLES)
