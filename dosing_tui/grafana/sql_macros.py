"""The SQL files as Grafana wants them: its macros and variables in place of the parameters.

The statement itself is not touched, so that Grafana and the console cannot tell different numbers.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta

from dosing_tui.database.sql_files import statement
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.domain.panels.panel_catalog import (
    LADDER,
    SHORT_WINDOW,
    DayOfRecipe,
    ErrorBin,
    Panel,
    Row,
    SeriesPoint,
)

FROM = "$__timeFrom()"
TO = (
    "greatest($__timeTo()::timestamptz,"
    " date_trunc('second', $__timeTo()::timestamptz + INTERVAL '1 millisecond'))"
)
"""Grafana ends a whole day at 23:59:59.999; ours is half open and ends at midnight."""
ALL = "NULL"
"""What a variable stands for while nothing is chosen: Grafana puts a custom 'all' in without quoting it."""
_PARAMETER = re.compile(r"%\((\w+)\)s")
_SERIES = "SELECT at AS time, series AS metric, value\n  FROM (\n{sql}\n) AS panel\n ORDER BY time, metric"
_BINS = (
    "SELECT CASE WHEN lower_g IS NULL THEN 'below ' || round(upper_g::numeric, 1)\n"
    "            WHEN upper_g IS NULL THEN round(lower_g::numeric, 1) || ' and more'\n"
    "            ELSE round(lower_g::numeric, 1) || ' to ' || round(upper_g::numeric, 1) END AS bin,\n"
    "       lower_g, upper_g, doses\n  FROM (\n{sql}\n) AS panel\n ORDER BY lower_g NULLS FIRST"
)
_DAYS = (
    "SELECT to_char(day, 'YYYY-MM-DD') AS day, recipe, mode, batches, doses, dosed_g, mean_error_g,"
    " mean_duration_s\n  FROM (\n{sql}\n) AS panel\n ORDER BY panel.day DESC, recipe, mode"
)
"""A date would be midnight in UTC to Grafana, and west of Greenwich the day before."""
_WRAPPED: Mapping[type[object], str] = {SeriesPoint: _SERIES, ErrorBin: _BINS, DayOfRecipe: _DAYS}


def panel_sql(panel: Panel[Row], *, zone: str) -> str:
    """The panel's statement; a series has time, metric and value, bins have a name, days are text."""
    sql = _filled(f"panels/{panel.id}", _values(zone=zone, bucket=panel.bucket, dimensions=panel.dimensions))
    return _WRAPPED.get(panel.row, "{sql}").format(sql=sql)


def annotations_sql(*, zone: str) -> str:
    """Batches and notes of the dashboard's range, by its variables."""
    return _filled("reads/annotations", _values(zone=zone, bucket=None, dimensions=Dimension))


def variable_sql(dimension: Dimension) -> str:
    """What can be chosen of a dimension."""
    return _filled(f"reads/known_{dimension.value}", {"since": FROM})


def alert_sql(name: str, *, expected: Iterable[str]) -> str:
    """An alert rule's statement: no macro, no variable."""
    return _filled(f"alerts/{name}", {"expected": f"ARRAY[{', '.join(map(_quoted, expected))}]"})


def step(bucket: timedelta) -> str:
    """How wide buckets are in the dashboard's range: Panel.bucket_in, as SQL."""
    rungs = [(SHORT_WINDOW, bucket), *((longest, max(bucket, width)) for longest, width in LADDER)]
    *shorter, (_, widest) = rungs
    length = f"{TO} - {FROM}::timestamptz"
    cases = "".join(f" WHEN {length} <= {_interval(longest)} THEN {_interval(w)}" for longest, w in shorter)
    return f"(CASE{cases} ELSE {_interval(widest)} END)"


def _values(*, zone: str, bucket: timedelta | None, dimensions: Iterable[Dimension]) -> dict[str, str]:
    chosen = frozenset(dimensions)
    return {
        "from": FROM,
        "to": TO,
        "now": "now()",
        "tz": _quoted(zone),
        "step": ALL if bucket is None else step(bucket),
        **{name.value: _chosen(name) if name in chosen else ALL for name in Dimension},
    }


def _chosen(dimension: Dimension) -> str:
    """The chosen values as an array, NULL for all of them."""
    return f"nullif(array_remove(ARRAY[${{{dimension.value}:sqlstring}}]::text[], NULL), '{{}}')"


def _filled(name: str, values: Mapping[str, str]) -> str:
    text = _PARAMETER.sub(lambda found: values[found[1]], statement(name))
    return text.replace("%%", "%").strip()


def _interval(length: timedelta) -> str:
    return f"INTERVAL '{length // timedelta(minutes=1)} minutes'"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
