"""Dashboard and alerts of the collector name only metrics that it has, and Prometheus can read them."""

import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest

from dosing_tui.collector.spool.spool_reading import SpoolAge
from dosing_tui.config.alarm_limits import build_alarm_limits
from dosing_tui.config.settings import AlarmSettings, MqttSettings, Settings
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot
from dosing_tui.grafana.collector_monitoring import FIGURE, PANELS, list_alerts
from dosing_tui.grafana.provisioning import GrafanaOptions, build_provisioning_files
from dosing_tui.live_snapshot import LinkState, LinkStatus
from dosing_tui.live_state import LiveState
from dosing_tui.monitoring.metric_families import BackgroundFigures, PlantMetrics
from tests.support.domain.alarm_entries import NOW
from tests.support.plant_metrics import register_metrics

OPTIONS = GrafanaOptions(
    user="dosing_viewer", password="$X", sslmode="disable", dashboards="/boards", prometheus="http://p:9090"
)


def list_metric_names() -> set[str]:
    live = LiveState()
    live.set_alarms(AlarmSnapshot(NOW))
    live.count_messages([MqttSettings().topics[0]], NOW)
    figures = BackgroundFigures(SpoolAge(1, NOW, is_known=True), 1, 0)
    registry = register_metrics(live, lambda: figures)
    return set(re.findall(r"^([a-z_]+)[{ ]", generate_latest(registry).decode(), re.MULTILINE))


def test_every_metric_of_dashboard_and_alerts_exists() -> None:
    queries = [query for panel in PANELS for query in panel.queries.values()]
    queries += [alert.expression for alert in list_alerts()]
    used = {name for query in queries for name in re.findall(r"\bdosing_[a-z_]+", query)}
    assert used - list_metric_names() == set()


def test_prometheus_reads_the_rules(tmp_path: Path) -> None:
    files = build_provisioning_files(Settings(), OPTIONS)
    rules = tmp_path / "rules.yaml"
    rules.write_text(files["prometheus/dosing-rules.yaml"])
    assert len(yaml.safe_load(rules.read_text())["groups"][0]["rules"]) == len(list_alerts())
    if promtool := shutil.which("promtool"):
        checked = subprocess.run([promtool, "check", "rules", str(rules)], capture_output=True, check=False)
        assert checked.returncode == 0, checked.stderr


def test_grafanas_annotations_have_the_figure_of_the_condition() -> None:
    files = build_provisioning_files(Settings(), OPTIONS)
    rules = yaml.safe_load(files["alerting/dosing-collector.yaml"])["groups"][0]["rules"]
    assert len(rules) == len(list_alerts())
    for rule, alert in zip(rules, list_alerts(), strict=True):
        asked, condition = rule["data"]
        assert (asked["refId"], asked["model"]["expr"]) == ("A", alert.expression)
        # fires for a value of 0, too: a link that is down has it
        assert condition["model"]["expression"] == "is_number($A)"
        summary = rule["annotations"]["summary"]
        assert "$value " not in summary
        assert ("$values.A.Value" in summary) is (FIGURE in alert.summary)
    assert any(FIGURE in alert.summary for alert in list_alerts())


LIMITS = {"dosing_link_down_limit_seconds": 10, "dosing_spool_fill_limit_ratio": 0.8,
          "dosing_spool_age_limit_seconds": 3600}  # fmt: skip


@pytest.mark.parametrize("name", ["prometheus/dosing-rules.yaml", "alerting/dosing-collector.yaml"])
def test_a_changed_limit_needs_no_new_rules(name: str) -> None:
    alarms = AlarmSettings(link_down_s=77, spool_percent=66, spool_age_minutes=55)
    changed = build_provisioning_files(Settings(alarms=alarms), OPTIONS)
    assert changed[name] == build_provisioning_files(Settings(), OPTIONS)[name]
    registry = CollectorRegistry()
    registry.register(
        PlantMetrics(
            LiveState(), BackgroundFigures, version="1", schema="1", spool_max_bytes=1,
            topics=MqttSettings().topics, limits=build_alarm_limits(Settings(alarms=alarms)),
        )
    )  # fmt: skip
    assert [registry.get_sample_value(limit) for limit in LIMITS] == [77, 0.66, 3300]


@pytest.mark.parametrize("status", LinkStatus)
def test_an_outage_has_its_length(status: LinkStatus) -> None:
    live = LiveState()
    since = datetime.now(UTC) - timedelta(hours=1)
    live.set_broker(LinkState(status, since))
    live.set_database(LinkState(status))
    registry = CollectorRegistry()
    registry.register(
        PlantMetrics(
            live, BackgroundFigures, version="1", schema="1", spool_max_bytes=1,
            topics=MqttSettings().topics, limits=AlarmLimits(),
        )
    )  # fmt: skip
    up, down_s = (registry.get_sample_value(f"dosing_broker_{name}") for name in ("up", "down_seconds"))
    assert ((up or 0) == 1) is (down_s == 0)
    assert down_s is not None
    assert down_s == 0 or down_s >= 3600
    # of unknown beginning: since the program's start
    assert (registry.get_sample_value("dosing_database_down_seconds") or 0) < 3600


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is missing")
def test_prometheus_writes_the_figure_into_the_annotations(tmp_path: Path) -> None:
    series = {"dosing_jobs_failed": 3, "dosing_spool_bytes": 95, "dosing_spool_limit_bytes": 100,
              "dosing_spool_oldest_seconds": 7200, "dosing_database_down_seconds": 11,
              "dosing_broker_down_seconds": 10, **LIMITS}  # fmt: skip
    expected = {
        "DosingJobsFailed": "Background jobs of the database that failed: 3.",
        "DosingSpoolFill": "95% of the spool is in use: collecting stops when it is full.",
        "DosingSpoolAge": "A reading has waited in the spool for 2h 0m 0s.",
        "DosingDatabaseDown": "The collector cannot store readings; they wait in its spool.",
    }
    text = build_provisioning_files(Settings(), OPTIONS)["prometheus/dosing-rules.yaml"]
    (tmp_path / "rules.yaml").write_text(text)
    rules = {rule["alert"]: rule for rule in yaml.safe_load(text)["groups"][0]["rules"]}
    cases = [
        {
            "eval_time": "20m", "alertname": name,
            "exp_alerts": [{"exp_labels": rules[name]["labels"], "exp_annotations": {
                "summary": summary, "description": rules[name]["annotations"]["description"]}}],
        }
        for name, summary in expected.items()
    ]  # fmt: skip
    tests = {
        "rule_files": ["rules.yaml"],
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": f"{value}x30"} for name, value in series.items()],
                "alert_rule_test": cases,
            }
        ],
    }
    (tmp_path / "tests.yaml").write_text(yaml.safe_dump(tests))
    done = subprocess.run(
        ["promtool", "test", "rules", "tests.yaml"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
