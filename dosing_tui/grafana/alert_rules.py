"""The guide's three alert rules, in a form Grafana can evaluate: always a number, and a threshold beside it.

A query that returns rows only when something is wrong is 'no data' when all is well, which Grafana reports as
an alert of its own.
"""

from dataclasses import dataclass

from dosing_tui.config.settings import Settings
from dosing_tui.grafana.datasource import DATASOURCE_UID, FOLDER, Json, JsonObject, build_query
from dosing_tui.grafana.sql_macros import build_alert_sql

_EXPRESSION: Json = {"type": "__expr__", "uid": "__expr__"}


@dataclass(frozen=True, slots=True)
class GrafanaAlertRule:
    """``sql/alerts/<id>.sql`` gives one number per row; ``pending_period`` and ``keep_firing_for`` are durations like 5m."""

    id: str
    title: str
    comparison: str
    limit: float
    pending_period: str
    keep_firing_for: str
    summary: str
    action: str


def list_alert_rules(settings: Settings) -> tuple[GrafanaAlertRule, ...]:
    """With the limits of the console. ``comparison`` is lt or gt, beyond the limit."""
    limits, alarms = settings.limits, settings.alarms
    return (
        GrafanaAlertRule(
            "low_inventory", "Low inventory", "lt", limits.stock_low_percent, "1m", "5m",
            '⚠️ Low inventory: {{ $labels.chemical }} at {{ printf "%.1f" $values.B.Value }}%',
            "Station {{ $labels.device_id }}: refill the tank or change the drum.",
        ),
        GrafanaAlertRule(
            "high_error", "High dosing error rate", "gt", alarms.mean_error_g, "0s", "10m",
            '⚠️ High dosing error rate: {{ printf "%.2f" $values.B.Value }}g average',
            "Mean absolute error of the last hour. Check scale, tubing and pump of the stations.",
        ),
        GrafanaAlertRule(
            "offline", "Dosing system offline", "gt", alarms.offline_minutes * 60, "0s", "0s",
            "🔴 Dosing system offline for {{ humanizeDuration $values.B.Value }}",
            "Station {{ $labels.device_id }} has sent nothing; 36525d means never. "
            "A plant at rest is silent, too: mute this rule outside the shifts.",
        ),
    )  # fmt: skip


def build_alert_file(settings: Settings) -> JsonObject:
    """The file of alert rules."""
    group: Json = {
        "orgId": 1,
        "name": "Dosing",
        "folder": FOLDER,
        "interval": "1m",
        "rules": [_build_rule(rule, settings) for rule in list_alert_rules(settings)],
    }
    return {"apiVersion": 1, "groups": [group]}


def _build_rule(rule: GrafanaAlertRule, settings: Settings) -> Json:
    """No row at all can only mean that the query is not ours any more, and is told like a failed one."""
    return {
        "uid": f"dosing-{rule.id.replace('_', '-')}",
        "title": rule.title,
        "condition": "C",
        "for": rule.pending_period,
        "keepFiringFor": rule.keep_firing_for,
        "noDataState": "Alerting",
        "execErrState": "Error",
        "labels": {"plant": settings.plant.site},
        "annotations": {"summary": rule.summary, "description": rule.action},
        "data": [
            _build_query_step(
                "A", DATASOURCE_UID, build_query(build_alert_sql(rule.id, expected=settings.plant.devices))
            ),
            _build_query_step("B", "__expr__", {"type": "reduce", "expression": "A", "reducer": "last"}),
            _build_query_step(
                "C",
                "__expr__",
                {"type": "threshold", "expression": "B", "conditions": [_build_condition(rule)]},
            ),
        ],
    }


def _build_condition(rule: GrafanaAlertRule) -> Json:
    return {
        "type": "query",
        "evaluator": {"type": rule.comparison, "params": [rule.limit]},
        "operator": {"type": "and"},
        "query": {"params": ["C"]},
        "reducer": {"type": "last", "params": []},
    }


def _build_query_step(ref: str, source: str, model: dict[str, Json]) -> Json:
    expression = {"datasource": _EXPRESSION} if source == "__expr__" else {}
    return {
        "refId": ref,
        "datasourceUid": source,
        "relativeTimeRange": {"from": 3600, "to": 0},
        "model": {**model, **expression, "refId": ref, "intervalMs": 1000, "maxDataPoints": 43200},
    }
