"""A collector under load, scraped: its counts balance, its links are true, systemd hears of it."""

import shutil
import socket
import subprocess
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from dosing_tui.config.settings import MqttSettings
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker, find_free_port
from tests.support.collector.numbered_messages import (
    CollectorProcess,
    plant_settings,
    publish_numbered,
    run_collector,
)
from tests.support.collector.running_collector import number_messages
from tests.support.polling import wait_until

COUNT = 2_000
PROMTOOL = shutil.which("promtool")


class Monitored:
    """What the collector's port answers."""

    def __init__(self, port: int) -> None:
        self._port = port

    def request(self, path: str, method: str = "GET") -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=10)
        try:
            connection.request(method, path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except ConnectionRefusedError:
            return 0, ""
        finally:
            connection.close()

    def scrape(self) -> dict[str, float]:
        """Sample with its labels -> value."""
        families = text_string_to_metric_families(self.request("/metrics")[1])
        return {
            f"{sample.name}{sorted(sample.labels.values()) or ''}": sample.value
            for family in families
            for sample in family.samples
        }


def test_scrapes_of_a_collector(
    mosquitto: EmbeddedBroker,
    own_postgres: EmbeddedPostgres,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monitored = Monitored(port := find_free_port())
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        monkeypatch.setenv("WATCHDOG_USEC", "500000")
        monkeypatch.setenv("DOSING_MONITORING_LISTEN", f"127.0.0.1:{port}")
        settings = plant_settings(mosquitto.settings, own_postgres.dsn, tmp_path)
        with run_collector(settings, tmp_path) as collector:
            assert manager.recv(1024).startswith(b"READY=1\nSTATUS=")
            assert manager.recv(1024).startswith(b"WATCHDOG=1\nSTATUS=")
            wait_until(lambda: monitored.request("/readyz") == (200, "ok\n"), why=lambda: collector.log)
            publish_numbered(settings.mqtt, number_messages(0, COUNT))
            expect_balance(monitored)
            expect_read_only(monitored)
            expect_outage(monitored, own_postgres)
            expect_end(collector, manager)


def expect_balance(monitored: Monitored) -> None:
    def is_stored() -> bool:
        found = monitored.scrape()
        results = [found[f"dosing_readings_{name}_total"] for name in ("stored", "duplicates", "rejected")]
        assert found["dosing_readings_received_total"] == sum(results) + found["dosing_readings_spooled"]
        return found["dosing_readings_stored_total"] == COUNT

    wait_until(is_stored)
    found = monitored.scrape()
    assert found["dosing_storage_latency_seconds_count"] == COUNT
    assert found["dosing_storage_latency_seconds_bucket['+Inf']"] == COUNT
    assert found["dosing_database_up"] == found["dosing_broker_up"] == found["dosing_role['collecting']"] == 1
    assert found["dosing_spool_limit_bytes"] > 0
    assert "dosing_last_message_timestamp_seconds['levels']" in found
    wait_until(lambda: monitored.scrape().get("dosing_jobs_failed") == 0)


def expect_read_only(monitored: Monitored) -> None:
    """Also: no name from the plant, and Prometheus' own tool has no complaint."""
    status, text = monitored.request("/metrics")
    assert status == 200
    assert "dosing_system_0" not in text
    assert "T-12" not in text
    assert monitored.request("/healthz") == (200, "ok\n")
    assert monitored.request("/")[0] == 404
    assert monitored.request("/metrics", "POST")[0] == 501
    if PROMTOOL:
        checked = subprocess.run(
            [PROMTOOL, "check", "metrics"], input=text, capture_output=True, text=True, check=False
        )
        assert (checked.returncode, checked.stderr + checked.stdout) == (0, "")


def expect_outage(monitored: Monitored, server: EmbeddedPostgres) -> None:
    server.stop()
    wait_until(lambda: monitored.scrape()["dosing_database_up"] == 0)
    assert monitored.request("/readyz") == (503, "database down\n")
    assert monitored.request("/healthz")[0] == 200


def expect_end(collector: CollectorProcess, manager: socket.socket) -> None:
    """Nobody read the queue of the manager meanwhile: that stops no collector."""
    manager.setblocking(False)
    with suppress(BlockingIOError):
        while manager.recv(1024):
            pass
    assert collector.end_gracefully() == 0
    states = []
    with suppress(BlockingIOError):
        while state := manager.recv(1024):
            states.append(state)
    assert states[-1] == b"STOPPING=1"


def test_a_port_in_use_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("DOSING_MONITORING_LISTEN", f"127.0.0.1:{taken.getsockname()[1]}")
        settings = plant_settings(MqttSettings(), "host=/nowhere", tmp_path)
        with run_collector(settings, tmp_path) as collector:
            assert collector.wait_for_exit() == 2
            assert collector.log_lines[-1].startswith("dosing-tui: monitoring.listen: 127.0.0.1:")
