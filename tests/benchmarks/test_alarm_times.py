"""From one console to the other, in figures: an alarm is shown, and an acknowledgement. Shown with -s.

A real broker and database, two programs on terminals of their own: the first collects, the second watches.
BENCHMARK_TRIES (full size: 25) is how often each is measured. The aims: 1.5 s and 1 s.
"""

import json
import statistics
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from dosing_tui.config.settings import MqttSettings
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.mqtt.publisher import Publisher
from tests.support.sizes import choose_size
from tests.support.tmux_terminal import FOUND, Terminal, run_program

TRIES = int(choose_size("TRIES", small=5, full=25))

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(FOUND is None, reason="tmux is not installed"),
]


def test_alarm_to_the_other_console_and_acknowledgement_to_it(
    mosquitto: EmbeddedBroker,
    own_postgres: EmbeddedPostgres,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    for folder in (here, there):
        folder.mkdir()
    common = {"DOSING_MQTT_PORT": str(mosquitto.port), "DOSING_MQTT_HOST": mosquitto.host,
              "DOSING_DATABASE_DSN": own_postgres.dsn}  # fmt: skip
    with run_program(here, env={**common, "XDG_STATE_HOME": str(here)}) as one:
        one.wait_for_text("collecting", 60)
        with run_program(there, env={**common, "XDG_STATE_HOME": str(there)}) as other:
            other.wait_for_text("standby", 60)
            shown, acknowledged = _measure_times(one, other, mosquitto.settings)
    with capsys.disabled():
        sys.stdout.write(
            f"\n  message to the other console's banner   {_format_figures(shown)}"
            f"\n  acknowledged to the other console       {_format_figures(acknowledged)}\n"
        )


def _measure_times(one: Terminal, other: Terminal, mqtt: MqttSettings) -> tuple[list[float], list[float]]:
    publisher = Publisher(mqtt, client_id="probe")
    publisher.start()
    one.send_keys("a")
    one.wait_for_text("› Alarms")
    shown, acknowledged = [], []
    for number in range(1, TRIES + 1):
        level = {
            "device_id": "dosing_system_01", "chemical": f"Tank {number}.", "remaining_g": 1_990,
            "capacity_g": 10_000, "percent_full": 19.9, "timestamp": int(time.time()),
        }  # fmt: skip
        assert publisher.publish_message(f"{mqtt.prefix}/inventory/levels", json.dumps(level).encode(), 1)
        shown.append(other.seconds_until(partial(_banner_has, f"Tank {number}. at 19.9 %")))
        one.wait_for_text(f"UNACK 1 of {number}")
        one.send_keys("Home", "Space")
        acknowledged.append(other.seconds_until(partial(_banner_has, f"{number} acknowledged")))
        one.wait_for_text(f"{number} acknowledged")
    publisher.stop()
    return shown, acknowledged


def _banner_has(text: str, screen: str) -> bool:
    return any(text in line for line in screen.splitlines()[1:3])


def _format_figures(seconds: list[float]) -> str:
    return (
        f"median {statistics.median(seconds) * 1e3:.0f} ms, max {max(seconds) * 1e3:.0f} ms, n={len(seconds)}"
    )
