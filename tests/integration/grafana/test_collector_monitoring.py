"""Dashboard and alerts of the collector name only metrics that it has, and Prometheus can read them."""

import re
import shutil
import subprocess
from pathlib import Path

import yaml
from prometheus_client import CollectorRegistry, generate_latest

from dosing_tui.collector.spool_reading import SpoolAge
from dosing_tui.config.settings import MqttSettings, Settings
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot
from dosing_tui.grafana.collector_monitoring import PANELS, list_alerts
from dosing_tui.grafana.provisioning import GrafanaOptions, build_provisioning_files
from dosing_tui.live_state import LiveState
from dosing_tui.monitoring.metric_families import BackgroundFigures, PlantMetrics
from tests.support.domain.alarm_entries import NOW

OPTIONS = GrafanaOptions(
    user="dosing_viewer", password="$X", sslmode="disable", dashboards="/boards", prometheus="http://p:9090"
)


def list_metric_names() -> set[str]:
    live = LiveState()
    live.set_alarms(AlarmSnapshot(NOW))
    live.count_messages([MqttSettings().topics[0]], NOW)
    figures = BackgroundFigures(SpoolAge(1, NOW, is_known=True), 1, 0)
    registry = CollectorRegistry()
    registry.register(
        PlantMetrics(
            live, lambda: figures, version="1", schema="1", spool_max_bytes=1, topics=MqttSettings().topics
        )
    )
    return set(re.findall(r"^([a-z_]+)[{ ]", generate_latest(registry).decode(), re.MULTILINE))


def test_every_metric_of_dashboard_and_alerts_exists() -> None:
    queries = [query for panel in PANELS for query in panel.queries.values()]
    queries += [alert.expression for alert in list_alerts(Settings())]
    used = {name for query in queries for name in re.findall(r"\bdosing_[a-z_]+", query)}
    assert used - list_metric_names() == set()


def test_prometheus_reads_the_rules(tmp_path: Path) -> None:
    files = build_provisioning_files(Settings(), OPTIONS)
    rules = tmp_path / "rules.yaml"
    rules.write_text(files["prometheus/dosing-rules.yaml"])
    assert len(yaml.safe_load(rules.read_text())["groups"][0]["rules"]) == len(list_alerts(Settings()))
    if promtool := shutil.which("promtool"):
        checked = subprocess.run([promtool, "check", "rules", str(rules)], capture_output=True, check=False)
        assert checked.returncode == 0, checked.stderr
