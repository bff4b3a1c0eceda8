"""Doses in the layouts in which Telegraf's PostgreSQL output makes its tables by itself."""

from typing import LiteralString

_SOURCE: LiteralString = (
    "(SELECT timestamp '2026-11-01 10:00' + i * INTERVAL '1 minute' AS at, i, 'd' || i % 2 AS device,"
    " i % 4 AS pump, i + 0.25 AS grams FROM generate_series(1, 500) AS i) AS s"
)

Layout = tuple[tuple[LiteralString, ...], LiteralString]

LAYOUTS: dict[str, Layout] = {
    "text numbers": (
        (
            "CREATE TABLE dosing_consumption (time timestamp, device_id text, pump text, chemical text,"
            " actual_g text, recipe text, duration_ms text, host text)",
            "INSERT INTO dosing_consumption SELECT at, device, pump, 'BDO', grams, NULL, i, 'gw' FROM "
            + _SOURCE,
        ),
        "SELECT * FROM dosing_consumption",
    ),
    "jsonb tags and fields": (
        (
            "CREATE TABLE dosing_consumption (time timestamp, tags jsonb, fields jsonb)",
            "INSERT INTO dosing_consumption SELECT at, jsonb_build_object('device_id', device, 'chemical',"
            " 'BDO', 'pump', pump::text, 'host', 'gw'), jsonb_build_object('actual_g', grams,"
            " 'duration_ms', i) FROM " + _SOURCE,
        ),
        "SELECT time, tags->>'device_id' AS device_id, tags->>'pump' AS pump, tags->>'chemical' AS chemical,"
        " fields->>'actual_g' AS actual_g, NULL AS recipe, fields->>'duration_ms' AS duration_ms"
        " FROM dosing_consumption",
    ),
    "tag table": (
        (
            "CREATE TABLE dosing_consumption_tag (tag_id bigint PRIMARY KEY, device_id text, chemical text,"
            " host text)",
            "INSERT INTO dosing_consumption_tag VALUES (0, 'd0', 'BDO', 'gw'), (1, 'd1', 'BDO', 'gw')",
            "CREATE TABLE dosing_consumption (time timestamptz, pump bigint, actual_g double precision,"
            " tag_id bigint REFERENCES dosing_consumption_tag, duration_ms double precision)",
            "INSERT INTO dosing_consumption SELECT at, pump, grams, i % 2, i FROM " + _SOURCE,
        ),
        "SELECT time AT TIME ZONE 'UTC' AS time, device_id, pump, chemical, actual_g, NULL AS recipe,"
        " duration_ms FROM dosing_consumption JOIN dosing_consumption_tag USING (tag_id)",
    ),
    "tag table with jsonb": (
        (
            "CREATE TABLE dosing_consumption_tag (tag_id bigint PRIMARY KEY, tags jsonb)",
            "INSERT INTO dosing_consumption_tag SELECT i, jsonb_build_object('device_id', 'd' || i,"
            " 'chemical', 'BDO', 'host', 'gw') FROM generate_series(0, 1) AS i",
            "CREATE TABLE dosing_consumption (time timestamp, tag_id bigint, fields jsonb)",
            "INSERT INTO dosing_consumption SELECT at, i % 2, jsonb_build_object('pump', pump, 'actual_g',"
            " grams, 'duration_ms', i) FROM " + _SOURCE,
        ),
        "SELECT time, tags->>'device_id' AS device_id, fields->>'pump' AS pump,"
        " tags->>'chemical' AS chemical, fields->>'actual_g' AS actual_g, NULL AS recipe,"
        " fields->>'duration_ms' AS duration_ms"
        " FROM dosing_consumption JOIN dosing_consumption_tag USING (tag_id)",
    ),
}
"""Layout -> statements that create it, and the query of its rows with the guide's columns."""

TYPED: LiteralString = """
    SELECT time AT TIME ZONE 'UTC' AS time, device_id, pump::int, chemical, actual_g::float8,
           coalesce(recipe, ''), duration_ms::bigint FROM ({}) AS old
"""
"""Such a query's rows as the schema stores them."""
