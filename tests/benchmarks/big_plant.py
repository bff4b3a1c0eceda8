"""Fills a database with months of a busy plant, by SQL: as many doses as asked for, rolled up by triggers."""

from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
from psycopg.rows import TupleRow

DAYS = 90
STATIONS = 20
PUMPS = 4
TABLES = ("dosing_consumption", "batch_events", "inventory_levels")
ROLLUPS = ("dosing_rollup_15m", "dosing_rollup_1h", "dosing_rollup_6h", "recipe_rollup_15m")

_WEEKS = """
SELECT compat.ensure_partitions(parent, %(since)s, %(until)s)
  FROM unnest(ARRAY['dosing_consumption', 'batch_events', 'inventory_levels']::regclass[]) AS parent
"""

_DOSES = """
INSERT INTO dosing_consumption (time, device_id, pump, chemical, target_g, actual_g, error_g, recipe, mode,
                                duration_ms, dedup, received_at)
SELECT time, 'station-' || station, pump, 'chemical-' || (station + pump) %% 8, 50, 50 + error, error,
       'recipe-' || (extract(epoch FROM time)::bigint / 7200 + station) %% 5, 'auto',
       (3000 + 4000 * random())::bigint, number, time + INTERVAL '1 second'
  FROM (SELECT number, number %% %(stations)s AS station, number / %(stations)s %% %(pumps)s AS pump,
               %(since)s::timestamptz + number * (%(until)s::timestamptz - %(since)s) / %(doses)s AS time,
               0.35 * (random() + random() + random() + random() - 2) + 0.02 AS error
          FROM generate_series(0, %(doses)s - 1) AS number) AS made
"""

_EVENTS = """
INSERT INTO batch_events (time, device_id, event, recipe, pumps, dedup, received_at)
SELECT time + shift, 'station-' || number %% %(stations)s, event,
       'recipe-' || (extract(epoch FROM time)::bigint / 7200 + number %% %(stations)s) %% 5,
       %(pumps)s, number, time + shift
  FROM (SELECT number,
               %(since)s::timestamptz + number * (%(until)s::timestamptz - %(since)s) / %(batches)s AS time
          FROM generate_series(0, %(batches)s - 1) AS number) AS made
 CROSS JOIN (VALUES ('start', INTERVAL '0'),
                    ('complete', INTERVAL '90 seconds')) AS moments (event, shift)
 WHERE time + shift < %(until)s
"""

_LEVELS = """
INSERT INTO inventory_levels (time, device_id, chemical, remaining_g, capacity_g, percent_full, received_at)
SELECT %(until)s - number * INTERVAL '1 hour', 'station-' || station, 'chemical-' || chemical,
       10000 - number, 10000, 100 - number / 100.0, %(until)s - number * INTERVAL '1 hour'
  FROM generate_series(0, 99) AS number
 CROSS JOIN generate_series(0, %(stations)s - 1) AS station
 CROSS JOIN generate_series(0, 7) AS chemical
"""


def fill_plant(
    connection: psycopg.Connection[TupleRow], *, doses: int, until: datetime, report: Callable[[str], None]
) -> None:
    """``doses`` over 90 days up to ``until``, one batch for every four, a day per transaction."""
    begin = until - timedelta(days=DAYS)
    if connection.execute("SELECT to_regproc('compat.ensure_partitions')").fetchone() != (None,):
        connection.execute(_WEEKS, {"since": begin, "until": until + timedelta(days=7)})
    for day in range(DAYS):
        since = begin + timedelta(days=day)
        asked = {
            "since": since,
            "until": since + timedelta(days=1),
            "doses": doses // DAYS,
            "batches": doses // DAYS // PUMPS,
            "stations": STATIONS,
            "pumps": PUMPS,
        }
        connection.execute(_DOSES, asked)
        connection.execute(_EVENTS, asked)
        connection.commit()
        if day % 10 == 9:
            report(f"{day + 1} of {DAYS} days")
    connection.execute(_LEVELS, {"until": until, "stations": STATIONS})
    connection.commit()
    connection.autocommit = True
    for table in (*TABLES, *ROLLUPS):
        connection.execute(psycopg.sql.SQL("VACUUM ANALYZE {}").format(psycopg.sql.Identifier(table)))
    connection.autocommit = False
