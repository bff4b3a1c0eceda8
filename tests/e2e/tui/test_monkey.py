"""The real console under a monkey's fingers: live data, alarm floods, a database that comes and goes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dosing_tui.config.settings import MqttSettings
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.mqtt.publisher import Publisher
from tests.support.sizes import choose_size
from tests.support.tmux_terminal import FOUND, run_program
from tests.support.tui.monkey import Monkey

KEYS = int(choose_size("MONKEY_KEYS", small=1_300, full=20_000))
"""``BENCHMARK_MONKEY_KEYS=1000000`` for a million."""
SEED = int(choose_size("MONKEY_SEED", small=7, full=7))
ROUND_KEYS = 225
"""Keys until the database goes, or comes back, and the alarms with it."""
ALARMS = 300

pytestmark = pytest.mark.skipif(FOUND is None, reason="tmux is not installed")


@contextmanager
def simulate_plant(mqtt: MqttSettings) -> Iterator[None]:
    """Three stations that dose all the time, with everything that can be wrong with a message."""
    command = ["simulate", "--broker", f"{mqtt.host}:{mqtt.port}", "--devices", "3", "--speed", "60",
               "--faults", "all"]  # fmt: skip
    with subprocess.Popen(
        [sys.executable, "-m", "dosing_tui", *command], stdout=subprocess.DEVNULL
    ) as stations:
        try:
            yield
        finally:
            stations.terminate()


def publish_levels(publisher: Publisher, prefix: str, *, are_low: bool) -> None:
    """Of as many tanks as the flood has alarms."""
    for number in range(ALARMS):
        level = {
            "device_id": f"dosing_system_{number % 20:02}", "chemical": f"C-{number}", "capacity_g": 10_000,
            "remaining_g": 1_900 if are_low else 9_000,
        }  # fmt: skip
        publisher.publish_message(f"{prefix}/inventory/levels", json.dumps(level).encode(), 1)


def test_no_keys_clicks_or_sizes_blank_end_or_deafen_the_console(
    mosquitto: EmbeddedBroker,
    own_postgres: EmbeddedPostgres,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    log_file = tmp_path / "console.log"
    env = {
        "DOSING_MQTT_HOST": mosquitto.host, "DOSING_MQTT_PORT": str(mosquitto.port),
        "DOSING_DATABASE_DSN": own_postgres.dsn, "DOSING_LOG_FILE": str(log_file),
        "DOSING_COLLECTOR_SPOOL_DIR": str(tmp_path / "spool"), "DOSING_PLANT_NAME": "Plant 1",
        "DOSING_CONSOLE_EXPORT_DIR": str(tmp_path / "exports"), "XDG_STATE_HOME": str(tmp_path),
    }  # fmt: skip
    publisher = Publisher(mosquitto.settings, client_id="flood")
    publisher.start()
    with simulate_plant(mosquitto.settings), run_program(tmp_path, env=env, stays=True) as terminal:
        terminal.wait_for_text("collecting", 60)
        monkey = Monkey(terminal, SEED)
        while monkey.typed < KEYS:
            publish_levels(publisher, mosquitto.settings.prefix, are_low=True)
            monkey.type_keys(ROUND_KEYS)
            own_postgres.stop()
            monkey.type_keys(ROUND_KEYS)
            own_postgres.start()
            publish_levels(publisher, mosquitto.settings.prefix, are_low=False)
            monkey.type_keys(ROUND_KEYS)
    publisher.stop()
    assert log_file.read_text(encoding="utf-8").partition("Traceback")[2][:4000] == ""
    with capsys.disabled():
        sys.stdout.write(
            f"\n  {monkey.typed} keys by seed {SEED}, {monkey.restarts} times quit and restarted\n"
        )
