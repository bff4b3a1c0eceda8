"""What an operator feels while 500 alarms come at once: key to answer on a real console. Shown with -s."""

import json
import statistics
import sys
from pathlib import Path

import pytest

from dosing_tui.config.settings import MqttSettings
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.mqtt.publisher import Publisher
from tests.support.sizes import choose_size
from tests.support.tmux_terminal import FOUND, run_program

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(FOUND is None, reason="tmux is not installed"),
]
ALARMS = 500
ROUNDS = int(choose_size("ROUNDS", small=4, full=15))
SCREENS = (("a", "› Alarms"), ("6", "› Doses"), ("4", "› Quality"), ("1", "› Overview"))


def test_keys_are_answered_during_a_flood_and_it_is_said_to_be_one(
    mosquitto: EmbeddedBroker,
    own_postgres: EmbeddedPostgres,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    env = {"DOSING_MQTT_PORT": str(mosquitto.port), "DOSING_MQTT_HOST": mosquitto.host,
           "DOSING_DATABASE_DSN": own_postgres.dsn, "XDG_STATE_HOME": str(tmp_path)}  # fmt: skip
    with run_program(tmp_path, env=env) as terminal:
        terminal.wait_for_text("collecting", 60)
        _publish_flood(mosquitto.settings)
        answered = []
        for _ in range(ROUNDS):
            for key, name in SCREENS:
                terminal.send_keys(key)
                answered.append(terminal.seconds_until(lambda screen, name=name: name in screen))  # type: ignore[misc]  # bound now
        flooded = terminal.wait_for_text(f"UNACK {ALARMS} of {ALARMS}")
        assert f"FLOOD {ALARMS} in 10 min" in flooded, flooded
    with capsys.disabled():
        sys.stdout.write(
            f"\n  key to answer, {ALARMS} alarms at once: median {statistics.median(answered) * 1e3:.0f} ms, "
            f"max {max(answered) * 1e3:.0f} ms, n={len(answered)}\n"
        )


def _publish_flood(mqtt: MqttSettings) -> None:
    publisher = Publisher(mqtt, client_id="flood")
    publisher.start()
    for number in range(ALARMS):
        level = {
            "device_id": f"dosing_system_{number % 20:02}", "chemical": f"C-{number}", "remaining_g": 1_900,
            "capacity_g": 10_000,
        }  # fmt: skip
        assert publisher.publish_message(f"{mqtt.prefix}/inventory/levels", json.dumps(level).encode(), 1)
    assert publisher.wait_for_publish(60)
    publisher.stop()
