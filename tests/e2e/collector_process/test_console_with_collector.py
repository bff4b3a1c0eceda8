"""The real console on a real terminal, its collector's process beside it: each dies, and nothing is lost."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from signal import SIGKILL

import pytest

from dosing_tui.config.settings import Settings
from tests.support import tmux_terminal
from tests.support.collector.numbered_messages import publish_numbered, stored_numbers
from tests.support.collector.running_collector import number_messages
from tests.support.collector_process.supervised_collector import supervise_collector
from tests.support.database_servers import skip_absent
from tests.support.os_processes import is_alive, list_children
from tests.support.polling import wait_until
from tests.support.tmux_terminal import Terminal


@pytest.fixture
def console(settings: Settings, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    if tmux_terminal.FOUND is None:
        skip_absent(request, "tmux is not installed")
    environment = {
        "DOSING_MQTT_HOST": settings.mqtt.host, "DOSING_MQTT_PORT": str(settings.mqtt.port),
        "DOSING_DATABASE_DSN": settings.database.dsn, "DOSING_LOG_FILE": str(tmp_path / "console.log"),
        "DOSING_COLLECTOR_SPOOL_DIR": settings.collector.spool_dir,
    }  # fmt: skip
    with tmux_terminal.run_program(tmp_path, env=environment) as window:
        window.wait_for_text("collecting")
        yield window


def test_a_killed_console_takes_its_collector_along_which_loses_nothing(
    settings: Settings, console: Terminal
) -> None:
    count = 800
    program, (collector,) = console.get_pid(), list_children(console.get_pid())
    said = threading.Thread(
        target=publish_numbered, args=(settings.mqtt, number_messages(0, count)), kwargs={"per_s": count}
    )
    said.start()
    wait_until(lambda: len(stored_numbers(settings.database.dsn)) > count // 4)
    os.kill(program, SIGKILL)
    wait_until(lambda: not is_alive(collector), why="the collector outlives the console")
    said.join()
    with supervise_collector(settings) as next_one:
        wait_until(lambda: len(stored_numbers(settings.database.dsn)) == count)
        wait_until(lambda: next_one.ready and not next_one.picture.message_counts.spooled)
        assert next_one.picture.message_counts.is_reconciled
    assert set(stored_numbers(settings.database.dsn).values()) == {1}


def test_a_killed_collector_comes_back_and_ends_before_the_terminal_is_given_back(
    console: Terminal, tmp_path: Path
) -> None:
    (killed,) = list_children(console.get_pid())
    os.kill(killed, SIGKILL)
    console.wait_for_text("The collector process was ended by signal SIGKILL. It is started again")
    console.wait_for_text("collecting")
    (collector,) = list_children(console.get_pid())
    assert collector != killed
    console.send_keys("C-q")
    console.wait_for_text("Quit the console?")
    console.send_keys("C-q")
    wait_until(lambda: "console ends with status 0" in (tmp_path / "console.log").read_text(encoding="utf-8"))
    assert not is_alive(collector)
