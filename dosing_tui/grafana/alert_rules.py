"""Grafana's alert rules: the integration guide's three and those of stock, with the console's conditions.

The database decides each condition with its own limits. Grafana compares only the result, so that a changed
limit needs no new file. A query without rows would be an alert of its own ("no data"): each returns a row.
"""

from datetime import timedelta

from msgspec import Struct

from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarms.catalog import RULES
from dosing_tui.grafana.datasource import DATASOURCE_UID, FOLDER, Json, JsonObject, build_query
from dosing_tui.grafana.sql_macros import build_alert_sql, build_series_sql

_EXPRESSION: Json = {"type": "__expr__", "uid": "__expr__"}
_HOLDS: Json = {"type": "gt", "params": [0.5]}
_HAS_ENDED: Json = {"type": "lt", "params": [-0.5]}
_NUMBERS = (("A", "condition"), ("V", "value"), ("L", "limit_value"))
"""Letter of a query and the number it returns."""


class AlertRule(Struct, frozen=True):
    """``statement``: in ``sql/alerts``; ``alarm``: the console's; ``item``: a label beside the station."""

    statement: str
    alarm: str
    title: str
    item: str
    summary: str
    action: str

    @property
    def uid(self) -> str:
        return f"dosing-{self.statement.replace('_', '-')}"

    @property
    def labels(self) -> tuple[str, ...]:
        return ("device_id", self.item) if self.item else ("device_id",)


ALERT_RULES = (
    AlertRule(
        "low_inventory", "STOCK_LOW", "Low inventory", "chemical",
        '⚠️ Low inventory: {{ $labels.chemical }} at {{ printf "%.1f" $values.W.Value }}%',
        'Station {{ $labels.device_id }}, limit {{ printf "%.1f" $values.M.Value }}%:'
        " refill the tank or change the drum.",
    ),
    AlertRule(
        "critical_inventory", "STOCK_CRITICAL", "Tank nearly empty", "chemical",
        '🔴 Tank nearly empty: {{ $labels.chemical }} at {{ printf "%.1f" $values.W.Value }}%',
        'Station {{ $labels.device_id }}, limit {{ printf "%.1f" $values.M.Value }}%:'
        " start no batch that needs it; refill the tank now.",
    ),
    AlertRule(
        "low_cover", "STOCK_COVER_LOW", "Stock lasts too short", "chemical",
        '⚠️ {{ $labels.chemical }} lasts {{ printf "%.1f" $values.W.Value }} production days',
        "Station {{ $labels.device_id }}: order the chemical, or refill the tank.",
    ),
    AlertRule(
        "high_error", "ERR_MEAN_1H", "High dosing error rate", "pump",
        '⚠️ High dosing error rate: {{ printf "%.2f" $values.W.Value }}g average',
        "Mean absolute error of the last hour, station {{ $labels.device_id }}, {{ $labels.pump }}."
        " Check scale, tubing and pump.",
    ),
    AlertRule(
        "offline", "DEVICE_OFFLINE", "Dosing system offline", "",
        "🔴 Dosing system offline for {{ humanizeDuration $values.W.Value }}",
        "No messages from station {{ $labels.device_id }}; 36525d means never, or a lost connection. "
        "A plant at rest sends none either: mute this rule outside the shifts.",
    ),
)  # fmt: skip


def build_alert_file(settings: Settings) -> JsonObject:
    """The content of the file of alert rules."""
    group: Json = {
        "orgId": 1,
        "name": "Dosing",
        "folder": FOLDER,
        "interval": "1m",
        "rules": [_build_rule(rule, settings) for rule in ALERT_RULES],
    }
    return {"apiVersion": 1, "groups": [group]}


def _build_rule(rule: AlertRule, settings: Settings) -> Json:
    """It fires when its condition is 1, and until it is -1; between them it stays as it was."""
    alarm = RULES[rule.alarm]
    sql = build_alert_sql(rule.statement, site=settings.plant.site, zone=settings.plant.timezone)
    queries = [
        _build_query_step(
            ref, DATASOURCE_UID, build_query(build_series_sql(sql, labels=rule.labels, number=number))
        )
        for ref, number in _NUMBERS
    ]
    condition: Json = {
        "type": "query",
        "evaluator": _HOLDS,
        "unloadEvaluator": _HAS_ENDED,
        "operator": {"type": "and"},
        "query": {"params": ["C"]},
        "reducer": {"type": "last", "params": []},
    }
    return {
        "uid": rule.uid,
        "title": rule.title,
        "condition": "C",
        "for": _format_delay(alarm.on_delay),
        "keepFiringFor": _format_delay(alarm.off_delay),
        "noDataState": "Alerting",
        "execErrState": "Error",
        "labels": {"plant": settings.plant.site, "priority": alarm.priority.value},
        "annotations": {"summary": rule.summary, "description": rule.action},
        "data": [
            *queries,
            *(_build_reduction(ref, of) for ref, of in (("B", "A"), ("W", "V"), ("M", "L"))),
            _build_query_step(
                "C", "__expr__", {"type": "threshold", "expression": "B", "conditions": [condition]}
            ),
        ],
    }


def _format_delay(delay: timedelta) -> str:
    return f"{delay.total_seconds():.0f}s"


def _build_reduction(ref: str, of: str) -> Json:
    return _build_query_step(ref, "__expr__", {"type": "reduce", "expression": of, "reducer": "last"})


def _build_query_step(ref: str, source: str, model: dict[str, Json]) -> Json:
    expression = {"datasource": _EXPRESSION} if source == "__expr__" else {}
    return {
        "refId": ref,
        "datasourceUid": source,
        "relativeTimeRange": {"from": 3600, "to": 0},
        "model": {**model, **expression, "refId": ref, "intervalMs": 1000, "maxDataPoints": 43200},
    }
