"""Dashboard and alerts of the collector itself, on what ``/metrics`` gives Prometheus.

The same conditions are written as rules for Grafana and for Prometheus with an Alertmanager of its own.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarms.catalog import RULES
from dosing_tui.grafana.datasource import FILE_HEADER, FOLDER, TAG, Json, JsonObject

SCHEMA_VERSION = 41
DATASOURCE_UID = "dosing-prometheus"
_DATASOURCE: JsonObject = {"type": "prometheus", "uid": DATASOURCE_UID}
_EXPRESSION: JsonObject = {"type": "__expr__", "uid": "__expr__"}
FIGURE = "$figure"
"""In a template of an alert's summary: the value of its expression, which each program names differently."""


class MetricPanel(Struct, frozen=True):
    """``queries``: legend -> PromQL. ``width`` in Grafana's grid of 24 columns."""

    title: str
    kind: str
    unit: str
    queries: dict[str, str]
    width: int = 12
    height: int = 8


class CollectorAlert(Struct, frozen=True):
    """Firing when ``expression`` has had a result for ``pending``, whatever its value.

    ``summary`` is a template of labels and of FIGURE.
    """

    id: str
    title: str
    expression: str
    pending: str
    priority: str
    summary: str
    action: str

    def build_annotations(self, figure: str) -> JsonObject:
        """``figure``: the value of the expression in the templates of the program that evaluates it."""
        return {"summary": self.summary.replace(FIGURE, figure), "description": self.action}


PANELS = (
    MetricPanel("Database", "stat", "bool_on_off", {"database": "min(dosing_database_up)"}, 4, 4),
    MetricPanel("Broker", "stat", "bool_on_off", {"broker": "min(dosing_broker_up)"}, 4, 4),
    MetricPanel("Collectors", "stat", "none", {"collecting": 'sum(dosing_role{role="collecting"})'}, 4, 4),
    MetricPanel("Readings in the spool", "stat", "none", {"spooled": "sum(dosing_readings_spooled)"}, 4, 4),
    MetricPanel("Oldest in the spool", "stat", "s", {"age": "max(dosing_spool_oldest_seconds)"}, 4, 4),
    MetricPanel("Failed database jobs", "stat", "none", {"failed": "max(dosing_jobs_failed)"}, 4, 4),
    MetricPanel(
        "Readings per second", "timeseries", "none",
        {
            "received": "sum(rate(dosing_readings_received_total[5m]))",
            "stored": "sum(rate(dosing_readings_stored_total[5m]))",
            "duplicates": "sum(rate(dosing_readings_duplicates_total[5m]))",
            "rejected": "sum(rate(dosing_readings_rejected_total[5m]))",
        },
    ),
    MetricPanel(
        "Time from receipt to COMMIT", "timeseries", "s",
        {
            name: f"histogram_quantile({share}, sum by (le)"
                  " (rate(dosing_storage_latency_seconds_bucket[5m])))"
            for name, share in (("median", 0.5), ("95 %", 0.95), ("99 %", 0.99))
        },
    ),
    MetricPanel(
        "Spool", "timeseries", "bytes",
        {"size": "sum(dosing_spool_bytes)", "limit": "sum(dosing_spool_limit_bytes)"},
    ),
    MetricPanel(
        "Alarms that are not normal", "timeseries", "none",
        {"{{priority}}": "sum by (priority) (dosing_alarms)"},
    ),
    MetricPanel(
        "Parts of the database that fail", "timeseries", "none",
        {"{{part}}": "max by (part) (dosing_database_fault)"},
    ),
    MetricPanel(
        "Memory of the process", "timeseries", "bytes",
        {"{{instance}}": "process_resident_memory_bytes and on (instance) dosing_database_up"},
    ),
)  # fmt: skip


def list_alerts() -> tuple[CollectorAlert, ...]:
    """Conditions of metrics alone: where there is a limit, the collector gives it beside the figure."""
    return (*_list_link_alerts(), *_list_storage_alerts())


def _list_link_alerts() -> Iterator[CollectorAlert]:
    look = "Run dosing-tui doctor on the collector's machine."
    yield CollectorAlert(
        "collector-absent", "No collector", 'absent(dosing_role{role="collecting"} == 1)', "1m", "high",
        "No process collects for the site.", "Start it: systemctl start dosing-tui",
    )  # fmt: skip
    yield CollectorAlert(
        "database-down", "Database unavailable",
        "dosing_database_down_seconds > dosing_link_down_limit_seconds", "0s", _get_priority("DB_DOWN"),
        "The collector cannot store readings; they wait in its spool.", look,
    )  # fmt: skip
    yield CollectorAlert(
        "broker-down", "Broker unavailable",
        "dosing_broker_down_seconds > dosing_link_down_limit_seconds", "0s", _get_priority("BROKER_DOWN"),
        "The collector receives nothing.", look,
    )  # fmt: skip
    yield CollectorAlert(
        "database-partial", "Part of the database fails", "dosing_database_fault == 1", "1m",
        _get_priority("DB_PARTIAL"), "{{ $labels.part }} fails while readings are stored.", look,
    )  # fmt: skip


def _list_storage_alerts() -> Iterator[CollectorAlert]:
    yield CollectorAlert(
        "spool-fill", "Spool nearly full",
        "dosing_spool_bytes / dosing_spool_limit_bytes > dosing_spool_fill_limit_ratio", "1m",
        _get_priority("SPOOL_HIGH"),
        f"{{{{ humanizePercentage {FIGURE} }}}} of the spool is in use: collecting stops when it is full.",
        "Bring the database back.",
    )  # fmt: skip
    yield CollectorAlert(
        "spool-age", "Readings wait for long",
        "dosing_spool_oldest_seconds > dosing_spool_age_limit_seconds", "1m",
        _get_priority("SPOOL_HIGH"),
        f"A reading has waited in the spool for {{{{ humanizeDuration {FIGURE} }}}}.",
        "Bring the database back.",
    )  # fmt: skip
    yield CollectorAlert(
        "jobs-failed", "Database job failed", "dosing_jobs_failed > 0", "5m", "medium",
        f"Background jobs of the database that failed: {{{{ {FIGURE} }}}}.", "dosing-tui doctor names them.",
    )  # fmt: skip
    yield CollectorAlert(
        "counts-apart", "Readings unaccounted for",
        "dosing_readings_received_total != dosing_readings_stored_total + dosing_readings_duplicates_total"
        " + dosing_readings_rejected_total + dosing_readings_spooled", "5m", "high",
        "The collector's message counts do not balance.", "Keep the log and the spool, and report it.",
    )  # fmt: skip


def build_datasource_file(url: str) -> JsonObject:
    source: Json = {
        "name": "Dosing collector",
        "uid": DATASOURCE_UID,
        "type": "prometheus",
        "access": "proxy",
        "url": url,
        "isDefault": False,
        "editable": False,
    }
    return {"apiVersion": 1, "datasources": [source]}


def build_collector_dashboard(zone: str) -> JsonObject:
    return {
        "uid": "dosing-collector",
        "title": "Dosing: collector",
        "description": FILE_HEADER,
        "tags": [TAG],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": False,
        "timezone": zone,
        "time": {"from": "now-6h", "to": "now"},
        "refresh": "30s",
        "panels": _build_panels(PANELS),
    }


def build_prometheus_rules(settings: Settings) -> JsonObject:
    """The content of a rule file of Prometheus."""
    rules: list[Json] = [
        {
            "alert": "".join(word.title() for word in f"dosing-{alert.id}".split("-")),
            "expr": alert.expression,
            "for": alert.pending,
            "labels": {"plant": settings.plant.site, "priority": alert.priority},
            "annotations": alert.build_annotations("$value"),
        }
        for alert in list_alerts()
    ]
    return {"groups": [{"name": "dosing-collector", "rules": rules}]}


def build_collector_alerts(settings: Settings) -> JsonObject:
    """The content of a file of Grafana's alert rules."""
    group: Json = {
        "orgId": 1,
        "name": "Dosing collector",
        "folder": FOLDER,
        "interval": "1m",
        "rules": [_build_grafana_rule(alert, settings.plant.site) for alert in list_alerts()],
    }
    return {"apiVersion": 1, "groups": [group]}


def _build_grafana_rule(alert: CollectorAlert, site: str) -> Json:
    """An expression without a result raises no alert: only a fault has one, even if its value is 0.

    Grafana's own $value is a text with every label and step.
    """
    steps: list[Json] = [
        {
            "refId": "A",
            "datasourceUid": DATASOURCE_UID,
            "relativeTimeRange": {"from": 600, "to": 0},
            "model": {"refId": "A", "datasource": _DATASOURCE, "expr": alert.expression, "instant": True},
        },
        {
            "refId": "B",
            "datasourceUid": "__expr__",
            "relativeTimeRange": {"from": 600, "to": 0},
            "model": {"refId": "B", "datasource": _EXPRESSION, "type": "math", "expression": "is_number($A)"},
        },
    ]  # fmt: skip
    return {
        "uid": f"dosing-{alert.id}",
        "title": alert.title,
        "condition": "B",
        "for": alert.pending,
        "noDataState": "OK",
        "execErrState": "Error",
        "labels": {"plant": site, "priority": alert.priority},
        "annotations": alert.build_annotations("$values.A.Value"),
        "data": steps,
    }


def _build_panels(panels: Sequence[MetricPanel]) -> list[Json]:
    """From left to right, row below row."""
    column = row = 0
    built: list[Json] = []
    for number, panel in enumerate(panels, start=1):
        if column + panel.width > 24:
            column, row = 0, row + panels[number - 2].height
        built.append(_build_panel(panel, number, column, row))
        column += panel.width
    return built


def _build_panel(panel: MetricPanel, number: int, column: int, row: int) -> Json:
    targets: list[Json] = [
        {"refId": chr(ord("A") + index), "datasource": _DATASOURCE, "expr": query, "legendFormat": legend}
        for index, (legend, query) in enumerate(panel.queries.items())
    ]
    return {
        "id": number,
        "title": panel.title,
        "type": panel.kind,
        "gridPos": {"h": panel.height, "w": panel.width, "x": column, "y": row},
        "datasource": _DATASOURCE,
        "fieldConfig": {"defaults": {"unit": panel.unit}, "overrides": []},
        "targets": targets,
    }


def _get_priority(rule: str) -> str:
    return RULES[rule].priority.value
