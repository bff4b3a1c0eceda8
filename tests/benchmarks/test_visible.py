"""What an operator feels under load, in figures: message to screen, key to answer. Shown with -s.

BENCHMARK_RATE (messages a second, default 200) and BENCHMARK_SECONDS (full size: 15) give the load.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from signal import SIGINT

import pytest

from dosing_tui.config.settings import MqttSettings
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.mqtt.publisher import Publisher
from tests.support.sizes import choose_size
from tests.support.tmux_terminal import FOUND, Terminal, run_program

RATE = int(os.environ.get("BENCHMARK_RATE", "200"))
SECONDS = choose_size("SECONDS", small=4, full=15)
LONGEST_S = 600
CAPACITY_G = 10_000.0

pytestmark = [
    pytest.mark.benchmark,
    pytest.mark.skipif(FOUND is None, reason="tmux is not installed"),
]


def test_message_to_screen_and_key_to_answer(
    mosquitto: EmbeddedBroker,
    own_postgres: EmbeddedPostgres,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    env = {"DOSING_MQTT_PORT": str(mosquitto.port), "DOSING_MQTT_HOST": mosquitto.host,
           "DOSING_DATABASE_DSN": own_postgres.dsn, "XDG_STATE_HOME": str(tmp_path)}  # fmt: skip
    with run_program(tmp_path, env=env) as terminal:
        terminal.wait_for_text("collecting", 60)
        with run_load(mosquitto.settings) as talker:
            seen = _message_to_screen(terminal, mosquitto.settings)
            answered = _key_to_answer(terminal, tmp_path)
            talker.send_signal(SIGINT)
            published = int(talker.communicate(timeout=60)[0])
        terminal.send_keys("7")
        books = terminal.wait_for_text("received")
    with capsys.disabled():
        sys.stdout.write(
            f"\n{RATE} messages/s for {SECONDS:g} s, {published} published"
            f"\n  message to screen  {_format_figures(seen)}"
            f"\n  key to answer      {_format_figures(answered)}\n"
        )
        if os.environ.get("BENCHMARK_SCREEN"):
            sys.stdout.write(books)


@contextmanager
def run_load(mqtt: MqttSettings) -> Iterator[subprocess.Popen[str]]:
    """One station says whole batches, as fast as it is told to."""
    command = [sys.executable, "-m", "tests.benchmarks.load", mqtt.host, str(mqtt.port), str(RATE)]
    command += [str(LONGEST_S), "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _message_to_screen(terminal: Terminal, mqtt: MqttSettings) -> list[float]:
    """Seconds from publishing a tank's level to reading its percentage on the screen."""
    publisher = Publisher(mqtt, client_id="probe")
    publisher.start()
    end, taken, permille = time.monotonic() + SECONDS, [], 501
    while time.monotonic() < end:
        permille = 501 + (permille - 501 + 7) % 490
        level = (
            f'{{"device_id":"dosing_system_01","chemical":"A probe","remaining_g":{permille * 10:.2f},'
            f'"capacity_g":{CAPACITY_G:.2f},"percent_full":{permille / 10:.1f}}}'
        )
        publisher.publish_message(f"{mqtt.prefix}/inventory/levels", level.encode(), 1)
        text = f"{permille / 10:.1f} %"
        taken.append(terminal.seconds_until(lambda screen, text=text: text in screen, every=0.05))  # type: ignore[misc]  # bound now
    publisher.stop()
    return taken


def _key_to_answer(terminal: Terminal, folder: Path) -> list[float]:
    """Seconds from a key that opens a screen until that screen's name is written into the status bar."""
    end, taken = time.monotonic() + SECONDS, []
    with terminal.copy_output(folder / "written") as copy:
        while time.monotonic() < end:
            for key, name in (("6", "Doses"), ("1", "Overview")):
                taken.append(copy.seconds_until(1, name, partial(terminal.send_keys, key)))
    return taken


def _format_figures(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    median, most = statistics.median(ordered) * 1e3, ordered[-1] * 1e3
    return f"median {median:.0f} ms, p99 {p99 * 1e3:.0f} ms, max {most:.0f} ms, n={len(ordered)}"
