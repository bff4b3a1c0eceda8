"""The integration guide's three alert rules, and that of cover, as Grafana evaluates them: number, threshold.

Each query always returns a row: Grafana reports a query without rows as an alert of its own ("no data").
"""

from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarms.catalog import RULES
from dosing_tui.grafana.datasource import DATASOURCE_UID, FOLDER, Json, JsonObject, build_query
from dosing_tui.grafana.sql_macros import build_alert_sql

_EXPRESSION: Json = {"type": "__expr__", "uid": "__expr__"}


_ALARMS = {
    "low_inventory": "STOCK_LOW",
    "low_cover": "STOCK_COVER_LOW",
    "high_error": "ERR_MEAN_1H",
    "offline": "DEVICE_OFFLINE",
}
"""The console's alarm of the same condition, whose priority the rule has."""


def build_alert_file(settings: Settings) -> JsonObject:
    """The content of the file of alert rules."""
    group: Json = {
        "orgId": 1,
        "name": "Dosing",
        "folder": FOLDER,
        "interval": "1m",
        "rules": _build_rules(settings),
    }
    return {"apiVersion": 1, "groups": [group]}


def _build_rules(settings: Settings) -> list[Json]:
    """The rules, with the limits of the settings."""
    limits, alarms = settings.limits, settings.alarms
    cover = _build_rule(
        settings, "low_cover", "Stock lasts too short", ("lt", alarms.stock_cover_days), ("1m", "5m"),
        '⚠️ {{ $labels.chemical }} lasts {{ printf "%.1f" $values.B.Value }} production days',
        "Station {{ $labels.device_id }}: order the chemical, or refill the tank.",
    )  # fmt: skip
    return [
        *([cover] if alarms.stock_cover_days > 0 else []),
        _build_rule(
            settings, "low_inventory", "Low inventory", ("lt", limits.stock_low_percent), ("1m", "5m"),
            '⚠️ Low inventory: {{ $labels.chemical }} at {{ printf "%.1f" $values.B.Value }}%',
            "Station {{ $labels.device_id }}: refill the tank or change the drum.",
        ),
        _build_rule(
            settings, "high_error", "High dosing error rate", ("gt", alarms.mean_error_g), ("0s", "10m"),
            '⚠️ High dosing error rate: {{ printf "%.2f" $values.B.Value }}g average',
            "Mean absolute error of the last hour. Check scale, tubing and pump of the stations.",
        ),
        _build_rule(
            settings, "offline", "Dosing system offline", ("gt", alarms.offline_minutes * 60), ("0s", "0s"),
            "🔴 Dosing system offline for {{ humanizeDuration $values.B.Value }}",
            "No messages from station {{ $labels.device_id }}; 36525d means never, or a lost connection. "
            "A plant at rest sends none either: mute this rule outside the shifts.",
        ),
    ]  # fmt: skip


def _build_rule(
    settings: Settings, rule: str, title: str, threshold: tuple[str, float], periods: tuple[str, str],
    summary: str, action: str,
) -> Json:  # fmt: skip
    """``sql/alerts/<rule>.sql`` returns one number per row; a query without rows alerts like a failed one.

    ``threshold``: lt or gt, and the limit. ``periods``: how long it is pending and how long it keeps firing.
    """
    pending_period, keep_firing_for = periods
    comparison, limit = threshold
    sql = build_alert_sql(rule, expected=settings.plant.devices, zone=settings.plant.timezone)
    condition: Json = {
        "type": "query",
        "evaluator": {"type": comparison, "params": [limit]},
        "operator": {"type": "and"},
        "query": {"params": ["C"]},
        "reducer": {"type": "last", "params": []},
    }
    return {
        "uid": f"dosing-{rule.replace('_', '-')}",
        "title": title,
        "condition": "C",
        "for": pending_period,
        "keepFiringFor": keep_firing_for,
        "noDataState": "Alerting",
        "execErrState": "Error",
        "labels": {"plant": settings.plant.site, "priority": RULES[_ALARMS[rule]].priority.value},
        "annotations": {"summary": summary, "description": action},
        "data": [
            _build_query_step("A", DATASOURCE_UID, build_query(sql)),
            _build_query_step("B", "__expr__", {"type": "reduce", "expression": "A", "reducer": "last"}),
            _build_query_step(
                "C", "__expr__", {"type": "threshold", "expression": "B", "conditions": [condition]}
            ),
        ],
    }


def _build_query_step(ref: str, source: str, model: dict[str, Json]) -> Json:
    expression = {"datasource": _EXPRESSION} if source == "__expr__" else {}
    return {
        "refId": ref,
        "datasourceUid": source,
        "relativeTimeRange": {"from": 3600, "to": 0},
        "model": {**model, **expression, "refId": ref, "intervalMs": 1000, "maxDataPoints": 43200},
    }
