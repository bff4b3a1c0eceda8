"""What the console costs, and what an operator waits for, on a real terminal."""

import compileall
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from signal import SIGINT

import dosing_tui
from dosing_tui.config.settings import MqttSettings
from dosing_tui.mqtt.publisher import Publisher
from tests.benchmarks.comparison.process_usage import ProcessTree
from tests.benchmarks.comparison.servers import start_own_broker
from tests.support.database_servers import reachable_temp
from tests.support.tmux_terminal import Terminal, run_program

CALM_PER_S = 3
"""A dose, an event and a level a second."""
SCREEN_PER_S, KEYS_PER_S = 200, 5_000
SETTLE_S = 5.0
CALM_PROCESSES, CALM_TIMEOUT_S = 2, 180.0
"""The console and its collector process."""
LONGEST_S = 3_600
CAPACITY_G = 10_000.0
EMPTY = ("waiting for", "no database", "Panel error", "loading")
"""What a tile says that has no data."""
HELP_STARTS = 5


def measure_console(dsn: str, seconds: float, first: int) -> dict[str, float]:
    """A console that collects, at 120x40.

    ``seconds`` for each of the measurements. ``first``: number of the first station; 1,000 are used.
    """
    # as pip leaves it: where Python may not write, each start would compile the program, three times its cost
    compileall.compile_dir(Path(dosing_tui.__file__).parent, quiet=1)
    with start_own_broker() as broker, reachable_temp(durable=True) as folder:
        env = {
            "DOSING_MQTT_HOST": broker.host, "DOSING_MQTT_PORT": str(broker.port),
            "DOSING_DATABASE_DSN": dsn, "XDG_STATE_HOME": str(folder),
        }  # fmt: skip
        with _run_load(broker.settings, CALM_PER_S, first), run_program(folder, env=env) as terminal:
            figures = _measure_start(terminal)
            terminal.wait_for_text("collecting", 60)
            _wait_for_calm(ProcessTree(terminal.get_pid()))
            figures |= _measure_cost(terminal, folder, seconds)
            with _run_load(broker.settings, SCREEN_PER_S, first + 100):
                figures |= _list_percentiles(
                    f"published to screen at {SCREEN_PER_S}/s",
                    _time_screen(terminal, broker.settings, seconds),
                )
            with _run_load(broker.settings, KEYS_PER_S, first + 200):
                figures |= _list_percentiles(
                    f"key to answer at {KEYS_PER_S:,}/s", _time_keys(terminal, folder, seconds)
                )
    return figures


def measure_help() -> dict[str, float]:
    """Median seconds of ``--help``, and of loading the library that every command needs."""
    return {
        "--help, s": _time_command("-m", "dosing_tui", "--help"),
        "import click, s": _time_command("-c", "import click"),
    }


def _time_command(*arguments: str) -> float:
    taken = []
    for _ in range(HELP_STARTS):
        began = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


@contextmanager
def _run_load(mqtt: MqttSettings, per_s: int, first: int) -> Iterator[None]:
    """Each load's stations are others: one station cannot publish two stocks of one tank."""
    what = (mqtt.host, mqtt.port, per_s, LONGEST_S, 0, first)
    command = (sys.executable, "-m", "tests.benchmarks.load", *map(str, what))
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            yield
        finally:
            process.send_signal(SIGINT)


def _measure_start(terminal: Terminal) -> dict[str, float]:
    tree = ProcessTree(terminal.get_pid())
    frame_s = terminal.seconds_until(lambda screen: "Overview" in screen)
    frame_cpu_s = tree.count_cpu_seconds()
    waiting = _count_empty_tiles(terminal.read_screen())
    first_s = frame_s + terminal.seconds_until(lambda screen: _count_empty_tiles(screen) < max(waiting, 1))
    filled_s = first_s + terminal.seconds_until(lambda screen: not _count_empty_tiles(screen))
    return {
        "first frame, s": frame_s,
        "first data, s": first_s,
        "all data, s": filled_s,
        "CPU until first frame, s": frame_cpu_s,
        "CPU until all data, s": tree.count_cpu_seconds(),
    }


def _count_empty_tiles(screen: str) -> int:
    return sum(screen.count(word) for word in EMPTY)


def _wait_for_calm(tree: ProcessTree) -> None:
    """What the plant's months leave to do is done first, by a process that ends when it is not needed."""
    until = time.monotonic() + CALM_TIMEOUT_S
    time.sleep(SETTLE_S)
    while tree.count_processes() > CALM_PROCESSES and time.monotonic() < until:
        time.sleep(1)


def _measure_cost(terminal: Terminal, folder: Path, seconds: float) -> dict[str, float]:
    tree, output = ProcessTree(terminal.get_pid()), folder / "output"
    with terminal.copy_output(output):
        began, used = time.monotonic(), tree.count_cpu_seconds()
        time.sleep(seconds)
        took, used = time.monotonic() - began, tree.count_cpu_seconds() - used
    return {
        "CPU at 1 dose/s, % of a core": 100 * used / took,
        "PSS at 1 dose/s, MB": tree.measure_pss_mb(),
        "processes that this PSS is of": tree.count_processes(),  # three while batches are rebuilt
        "terminal at 1 dose/s, bytes/s": output.stat().st_size / took,
    }


def _time_screen(terminal: Terminal, mqtt: MqttSettings, seconds: float) -> list[float]:
    """Seconds from publishing a tank's level to reading its percentage on the screen."""
    publisher = Publisher(mqtt, client_id="probe")
    publisher.start()
    end, taken, permille = time.monotonic() + seconds, [], 501
    while time.monotonic() < end:
        permille = 501 + (permille - 501 + 7) % 390  # less than the tanks of the load: shown first
        level = (
            f'{{"device_id":"dosing_system_00","chemical":"A probe","remaining_g":{permille * 10:.2f},'
            f'"capacity_g":{CAPACITY_G:.2f},"percent_full":{permille / 10:.1f}}}'
        )
        publisher.publish_message(f"{mqtt.prefix}/inventory/levels", level.encode(), 1)
        text = f"{permille / 10:.1f} %"
        taken.append(terminal.seconds_until(lambda screen, text=text: text in screen, every=0.05))  # type: ignore[misc]  # bound now
    publisher.stop()
    return taken


def _time_keys(terminal: Terminal, folder: Path, seconds: float) -> list[float]:
    """Seconds from a key that opens a screen until that screen's name is written into the status bar."""
    end, taken = time.monotonic() + seconds, []
    with terminal.copy_output(folder / "written") as copy:
        while time.monotonic() < end:
            for key, name in (("6", "Doses"), ("1", "Overview")):
                taken.append(copy.seconds_until(1, name, partial(terminal.send_keys, key)))
    return taken


def _list_percentiles(name: str, seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    p99 = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return {f"{name}, p50, ms": 1000 * statistics.median(ordered), f"{name}, p99, ms": 1000 * p99}
