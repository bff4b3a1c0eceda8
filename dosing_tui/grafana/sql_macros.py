"""The SQL files with Grafana's macros and variables in place of the parameters.

The statement itself is unchanged, so that Grafana and the console show the same numbers.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta

from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.messages.tank_level import LevelBand
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.domain.panels.panel_catalog import (
    BUCKET_WIDTHS,
    SHORT_WINDOW,
    ErrorBin,
    LabeledTotal,
    Panel,
    PlantLimit,
    ProductionDay,
    RecipeDay,
    RowT,
    SeriesPoint,
    TankLevel,
)

LOWEST = -1e9
"""Below every value of a panel with a limit."""
TIME_FROM = "$__timeFrom()"
TIME_TO = (
    "greatest($__timeTo()::timestamptz,"
    " date_trunc('second', $__timeTo()::timestamptz + INTERVAL '1 millisecond'))"
)
"""Grafana ends a day at 23:59:59.999; our ranges are half open and end at midnight."""
ALL_VALUES = "NULL"
"""Value of a variable without a selection: Grafana inserts a custom 'all' unquoted."""
_PARAMETER = re.compile(r"%\((\w+)\)s")
GRAMS_PER_KILOGRAM = 1000
COLUMN_NAMES = {"dosed_g": "dosed_kg"}
"""Column in Grafana by ours. Grafana's own unit of mass turns 1,230 kg into 1.23 Mg: masses are in kg."""
_SERIES_WRAPPER = (
    "WITH panel AS (\n{sql}\n)\nSELECT steps.at AS time, names.series AS metric,\n"
    "       panel.value{scale} AS value\n"
    "  FROM (SELECT generate_series(min(at), max(at), {step}) FROM panel) AS steps (at)\n"
    " CROSS JOIN (SELECT DISTINCT series FROM panel) AS names\n"
    "  LEFT JOIN panel ON panel.at = steps.at AND panel.series = names.series\n ORDER BY time, metric"
)
"""A step without a row is NULL: Grafana joins neighbouring steps, whatever their width, and no others."""
_TOTALS_WRAPPER = (
    "SELECT label, value{scale} AS value\n  FROM (\n{sql}\n) AS panel\n"
    " ORDER BY panel.value DESC NULLS LAST, label"
)
_PRODUCTION_WRAPPER = (
    "SELECT day, batches, doses, dosed_g / 1000 AS dosed_kg, avg_duration_s, out_percent, aborted\n"
    "  FROM (\n{sql}\n) AS panel\n ORDER BY day"
)
_TANKS_WRAPPER = (
    "SELECT device_id, chemical, remaining_g, capacity_g,\n"
    "       floor(percent_full * 10 + 1e-9) / 10 AS percent_full, time, received_at\n"
    "  FROM (\n{sql}\n) AS panel\n CROSS JOIN LATERAL find_stock_limits(panel.chemical) AS own\n"
    " WHERE {band}\n ORDER BY panel.percent_full NULLS FIRST, device_id, chemical"
)
"""Rounded down, as on the console: 19.96 % is below a limit of 20."""
TANK_BANDS = {
    LevelBand.LOW: "panel.percent_full < own.low_percent",
    LevelBand.WARN: "panel.percent_full >= own.low_percent AND panel.percent_full <= own.warn_percent",
    LevelBand.NORMAL: "panel.percent_full >= own.low_percent AND panel.percent_full > own.warn_percent",
    LevelBand.UNKNOWN: "panel.percent_full IS NULL",
}
"""A tank's band by the limits of its chemical: ``classify_level`` as SQL."""
_BINS_WRAPPER = (
    "SELECT CASE WHEN lower_g IS NULL THEN 'below ' || round(upper_g::numeric, 1)\n"
    "            WHEN upper_g IS NULL THEN round(lower_g::numeric, 1) || ' and more'\n"
    "            ELSE round(lower_g::numeric, 1) || ' to ' || round(upper_g::numeric, 1) END AS bin,\n"
    "       lower_g, upper_g, doses\n  FROM (\n{sql}\n) AS panel\n ORDER BY lower_g NULLS FIRST"
)
_DAYS_WRAPPER = (
    "SELECT to_char(day, 'YYYY-MM-DD') AS day, recipe, mode, batches, aborted, doses,"
    " dosed_g / 1000 AS dosed_kg, mean_error_g, mean_duration_s\n"
    "  FROM (\n{sql}\n) AS panel\n ORDER BY panel.day DESC, recipe, mode"
)
"""Grafana reads a date as midnight in UTC, which is the day before west of Greenwich."""
_WRAPPERS: Mapping[type[object], str] = {
    SeriesPoint: _SERIES_WRAPPER,
    LabeledTotal: _TOTALS_WRAPPER,
    ProductionDay: _PRODUCTION_WRAPPER,
    TankLevel: _TANKS_WRAPPER,
    ErrorBin: _BINS_WRAPPER,
    RecipeDay: _DAYS_WRAPPER,
}


def build_panel_sql(panel: Panel[RowT], *, zone: str, site: str, band: LevelBand | None = None) -> str:
    """The panel's statement. Series get the columns time, metric and value, bins a name, days a text.

    Dosed masses are in kg. ``band``: only tanks in this band; None: all.
    """
    sql = substitute_parameters(
        f"panels/{panel.id}",
        _build_parameters(zone=zone, bucket=panel.bucket_width, dimensions=panel.dimensions)
        | {"site": _quote_literal(site)},
    )
    step = "NULL" if panel.bucket_width is None else build_bucket_sql(panel.bucket_width)
    scale = f" / {GRAMS_PER_KILOGRAM}" if is_dosed_mass(panel) else ""
    tanks = "true" if band is None else TANK_BANDS[band]
    return _WRAPPERS.get(panel.row_type, "{sql}").format(sql=sql, step=step, scale=scale, band=tanks)


def build_limit_sql(limit: PlantLimit) -> str:
    """The limit in force: ``high``, its negative as ``low``, and a ``base`` below all values."""
    return f"SELECT {LOWEST:g}::float8 AS base, -{limit} AS low, {limit} AS high\n  FROM alarm_limits"


def is_dosed_mass(panel: Panel[RowT]) -> bool:
    """Its values are dosed masses, not errors of doses."""
    return panel.unit in ("g", "g/h")


def build_annotations_sql(*, zone: str) -> str:
    """Batches and notes of the dashboard's range, by its variables."""
    return substitute_parameters(
        "reads/select_annotations", _build_parameters(zone=zone, bucket=None, dimensions=Dimension)
    )


def build_variable_sql(dimension: Dimension) -> str:
    """The values of a dimension, for a dashboard variable."""
    return substitute_parameters(f"reads/select_{dimension.value}_names", {"since": TIME_FROM})


def build_alert_sql(name: str, *, site: str, zone: str = "UTC") -> str:
    """An alert rule's statement: no macro, no variable. ``zone``: of the plant's days.

    Each row is a series with its labels, value, limit_value and condition: 1 if it is an alarm, -1 if not, 0
    if it stays as it is.
    """
    every = dict.fromkeys((dimension.value for dimension in Dimension), ALL_VALUES)
    values = {"now": "now()", "tz": _quote_literal(zone), "site": _quote_literal(site), **every}
    return substitute_parameters(f"alerts/{name}", values)


def build_series_sql(sql: str, *, labels: Iterable[str], number: str) -> str:
    """One number of an alert rule's statement: Grafana takes no second one beside it."""
    return (
        f"SELECT {', '.join(labels)}, {number}::float8 AS {number}\n"
        f"  FROM (\n{sql}\n) AS alarm\n WHERE {number} IS NOT NULL"
    )


def build_bucket_sql(bucket: timedelta) -> str:
    """Bucket width in the dashboard's range: ``Panel.get_bucket_width`` as SQL."""
    rungs = [(SHORT_WINDOW, bucket), *((longest, max(bucket, width)) for longest, width in BUCKET_WIDTHS)]
    *shorter, (_, widest) = rungs
    length = f"{TIME_TO} - {TIME_FROM}::timestamptz"
    cases = "".join(
        f" WHEN {length} <= {_format_interval(longest)} THEN {_format_interval(w)}" for longest, w in shorter
    )
    return f"(CASE{cases} ELSE {_format_interval(widest)} END)"


def _build_parameters(
    *, zone: str, bucket: timedelta | None, dimensions: Iterable[Dimension]
) -> dict[str, str]:
    chosen = frozenset(dimensions)
    return {
        "from": TIME_FROM,
        "to": TIME_TO,
        "now": "now()",
        "tz": _quote_literal(zone),
        "step": ALL_VALUES if bucket is None else build_bucket_sql(bucket),
        **{name.value: build_selection_sql(name) if name in chosen else ALL_VALUES for name in Dimension},
    }


def build_selection_sql(dimension: Dimension) -> str:
    """The selected values as an array; NULL for all values."""
    return f"unescape_grafana_names(ARRAY[${{{dimension.value}:sqlstring}}]::text[])"


def build_chosen_text_sql(variable: str) -> str:
    """The value of a variable with one value; '' where there is none to choose."""
    return f"(unescape_grafana_names(ARRAY[${{{variable}:sqlstring}}]::text[]))[1]"


def substitute_parameters(name: str, values: Mapping[str, str]) -> str:
    """The statement ``sql/<name>.sql`` with these texts for its parameters. Raises: KeyError."""
    text = _PARAMETER.sub(lambda parameter: values[parameter[1]], read_statement(name))
    return text.replace("%%", "%").strip()


def _format_interval(length: timedelta) -> str:
    return f"INTERVAL '{length // timedelta(minutes=1)} minutes'"


def _quote_literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
