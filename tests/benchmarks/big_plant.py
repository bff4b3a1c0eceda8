"""Fills a database with months of a busy plant, by SQL: as many doses as asked for, rolled up by triggers."""

from collections.abc import Callable
from datetime import datetime, timedelta

import psycopg
from psycopg.rows import TupleRow

DAYS = 90
STATIONS = 20
PUMPS = 8
RECIPES = 8
CHEMICALS = 12

_WEEKS = """
SELECT compat.ensure_partitions(parent, %(since)s, %(until)s)
  FROM unnest(ARRAY['dosing_consumption', 'batch_events', 'inventory_levels']::regclass[]) AS parent
"""

_DOSES = """
INSERT INTO dosing_consumption (time, device_id, pump, chemical, target_g, actual_g, error_g, recipe, mode,
                                duration_ms, dedup, received_at)
SELECT time, 'station-' || station, pump, 'chemical-' || (recipe + pump) %% %(chemicals)s, 50,
       50 + error, error, 'recipe-' || recipe,
       CASE WHEN (extract(epoch FROM time)::bigint / 86400 + station) %% 20 = 0 THEN 'manual' ELSE 'auto' END,
       (3000 + 4000 * random())::bigint, number, time + INTERVAL '1 second'
  FROM (SELECT number, number %% %(stations)s AS station, number / %(stations)s %% %(pumps)s AS pump,
               (number / (%(stations)s * %(pumps)s) * 7 + number %% %(stations)s * 3) %% %(recipes)s
                   AS recipe,
               %(since)s::timestamptz + number * (%(until)s::timestamptz - %(since)s) / %(doses)s AS time,
               0.35 * (random() + random() + random() + random() - 2) + 0.02 AS error
          FROM generate_series(0, %(doses)s - 1) AS number) AS made
"""

_BATCHES = """
INSERT INTO batches (batch_key, batch_id, device_id, recipe, mode, status, reason, begins_at, ends_at,
                     last_at, anchored_at, anchor, pumps, doses, findings, finding_kinds, record_hash,
                     judgement_hash)
SELECT %(day)s || '-' || round || '-' || station, '', 'station-' || station,
       'recipe-' || (round * 7 + station * 3) %% %(recipes)s,
       CASE WHEN (extract(epoch FROM time)::bigint / 86400 + station) %% 20 = 0 THEN 'manual' ELSE 'auto' END,
       CASE WHEN round %% 50 = 0 THEN 'aborted' ELSE 'complete' END, '', time, time + lasts, time + lasts,
       time, 'start',
       %(pumps)s, %(pumps)s, 0, '{}', '', ''
  FROM (SELECT round, station,
               %(since)s::timestamptz + (round * %(stations)s * %(pumps)s + station)
                   * (%(until)s::timestamptz - %(since)s) / %(doses)s AS time,
               (%(until)s::timestamptz - %(since)s) * (%(stations)s * (%(pumps)s - 1))::float8
                   / %(doses)s AS lasts
          FROM generate_series(0, %(doses)s / (%(stations)s * %(pumps)s) - 1) AS round
         CROSS JOIN generate_series(0, %(stations)s - 1) AS station) AS made
"""

_LEVELS = """
INSERT INTO inventory_levels (time, device_id, chemical, remaining_g, capacity_g, percent_full, received_at)
SELECT made.time, 'station-' || station, 'chemical-' || chemical, 10000 - number %% 900 * 10, 10000,
       100 - number %% 900 / 10.0, made.time + INTERVAL '1 second'
  FROM generate_series(0, %(days)s * 1440 / 67) AS number
 CROSS JOIN generate_series(0, %(stations)s - 1) AS station
 CROSS JOIN generate_series(0, %(chemicals)s - 1) AS chemical
 CROSS JOIN LATERAL (SELECT %(until)s - number * INTERVAL '67 minutes' - station * INTERVAL '1 minute')
       AS made (time)
 ORDER BY made.time
"""

_ENTRIES = """
SELECT enter_material(jsonb_build_object(
           'entry_key', 'cli:' || number || '-' || station || '-' || chemical,
           'time', %(until)s - number * INTERVAL '71 hours' - (station * 12 + chemical) * INTERVAL '1 minute',
           'device_id', 'station-' || station, 'chemical', 'chemical-' || chemical,
           'kind', (ARRAY['count', 'delivery', 'refill', 'prime', 'purge', 'drum_change'])
                       [(number + chemical) %% 6 + 1],
           'entered_quantity', 100 + number, 'entered_unit', 'g', 'source', 'cli', 'operator', 'A. Miller'))
  FROM generate_series(29, 0, -1) AS number
 CROSS JOIN generate_series(0, %(stations)s - 1) AS station
 CROSS JOIN generate_series(0, %(chemicals)s - 1) AS chemical
"""

_TUBES = """
SELECT enter_service(gen_random_uuid(), %(until)s - (10 + station * %(pumps)s + pump) * INTERVAL '12 hours',
                     'station-' || station, pump, 'tube change', NULL, '{}', NULL, '', 'A. Miller', '')
  FROM generate_series(0, %(stations)s - 1) AS station
 CROSS JOIN generate_series(1, %(pumps)s - 1) AS pump
"""


def fill_plant(
    connection: psycopg.Connection[TupleRow], *, doses: int, until: datetime, report: Callable[[str], None]
) -> None:
    """``doses`` over 90 days up to ``until``, one batch for every eight, a day per transaction."""
    begin = until - timedelta(days=DAYS)
    if connection.execute("SELECT to_regproc('compat.ensure_partitions')").fetchone() != (None,):
        connection.execute(_WEEKS, {"since": begin, "until": until + timedelta(days=7)})
    for day in range(DAYS):
        since = begin + timedelta(days=day)
        asked = {
            "since": since,
            "until": since + timedelta(days=1),
            "doses": doses // DAYS,
            "stations": STATIONS,
            "pumps": PUMPS,
            "recipes": RECIPES,
            "chemicals": CHEMICALS,
            "day": day,
        }
        connection.execute(_DOSES, asked)
        connection.execute(_BATCHES, asked)
        connection.commit()
        if day % 10 == 9:
            report(f"{day + 1} of {DAYS} days")
    plant = {"until": until, "days": DAYS, "stations": STATIONS, "chemicals": CHEMICALS, "pumps": PUMPS}
    for statement in (_LEVELS, _ENTRIES, _TUBES):
        connection.execute(statement, plant)
        connection.commit()
    connection.execute("DELETE FROM batch_rebuild_queue")  # the batches are there: none is to be rebuilt
    connection.commit()
    connection.autocommit = True
    connection.execute("VACUUM ANALYZE")
    connection.autocommit = False
