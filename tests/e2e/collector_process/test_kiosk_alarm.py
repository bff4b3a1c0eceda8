"""The wall mode beside a real broker and database: a station's message brings its alarm to the wall.

``pytest -s`` prints how long that took.
"""

import json
import sys
import time
from pathlib import Path

import pytest

from dosing_tui.config.settings import Settings
from tests.support import tmux_terminal
from tests.support.collector_process.supervised_collector import supervise_collector
from tests.support.database_servers import skip_absent
from tests.support.mqtt.publishers import publish_payloads
from tests.support.polling import wait_until


def make_gross_dose(chemical: str) -> bytes:
    """30 g more than its target: an alarm of high priority."""
    said = {
        "device_id": "dosing_system_01", "timestamp": int(time.time()), "pump": 2, "chemical": chemical,
        "target_g": 40.0, "actual_g": 70.0, "error_g": 30.0, "recipe": "CU-85", "mode": "CATALYST",
        "duration_ms": 58_000,
    }  # fmt: skip
    return json.dumps(said).encode()


def test_a_grossly_wrong_dose_brings_its_alarm_to_the_wall(
    settings: Settings, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if tmux_terminal.FOUND is None:
        skip_absent(request, "tmux is not installed")
    environment = {
        "DOSING_MQTT_HOST": settings.mqtt.host, "DOSING_MQTT_PORT": str(settings.mqtt.port),
        "DOSING_DATABASE_DSN": settings.database.dsn, "DOSING_LOG_FILE": str(tmp_path / "console.log"),
        "DOSING_COLLECTOR_SPOOL_DIR": settings.collector.spool_dir,
    }  # fmt: skip
    with (
        supervise_collector(settings) as collector,
        tmux_terminal.run_program(tmp_path, "--kiosk", "--rotate", "1h", env=environment) as wall,
    ):
        wall.wait_for_text("Wall mode")
        wait_until(lambda: collector.ready, why="the collector does not start")
        assert "Gross dosing error" not in wall.read_screen()
        for chemical in ("T-12", "T-9"):  # while the wall may still start, and after that
            text = f"Gross dosing error: {chemical} +30.00 g of 40.00 g (pump 2, dosing_system_01)"
            publish_payloads(settings.mqtt, make_gross_dose(chemical))
            seconds = wall.seconds_until(lambda screen, text=text: text in screen)  # type: ignore[misc]
            sys.stdout.write(f"\n{seconds:.2f} s from the broker's receipt to the wall\n")
        # no key acknowledges it here, and nothing else takes its place
        wall.send_keys("space")
        wall.wait_for_text(text)
