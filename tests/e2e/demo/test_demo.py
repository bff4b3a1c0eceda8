"""The whole demo as a process: its books, and what is left when it ends in any way there is."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGHUP, SIGINT, SIGKILL, SIGTERM, Signals
from typing import Any

import pytest

from dosing_tui.demo.main import run_demo
from dosing_tui.demo.servers import mqtt_broker
from dosing_tui.demo.servers.child_processes import find_first_account
from tests.support.database_servers import reachable_temp
from tests.support.demo.server_owners import build_environment, python_for
from tests.support.os_processes import is_alive, list_children
from tests.support.polling import wait_until
from tests.support.thorough_tests import keep_plain

HEADLESS = ("-m", "dosing_tui", "demo", "--headless", "--devices", "2")
"""Two stations have a short past, which is soon written."""
BUSY, QUIET = 100.0, 0.05
"""Messages a second: enough for every fault in seconds, or hardly any."""
OWN_SETTINGS = {"PGHOSTADDR": "192.0.2.1", "PGREQUIREAUTH": "scram-sha-256", "PGSERVICE": "no"}
"""Of the user's own databases."""


@contextmanager
def start_demo(folder: Path, *arguments: str, rate: float = QUIET) -> Iterator[subprocess.Popen[str]]:
    """The program as a user starts it; what it says goes to ``folder``'s sibling ``said``."""
    command = [sys.executable, *HEADLESS, "--rate", str(rate), "--folder", str(folder), *arguments]
    with get_output_file(folder).open("w") as said:
        # what a killed demo cannot tidy up is gone with the test's folder
        own = {**os.environ, "TMPDIR": str(folder.parent)}
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, text=True, env=own)
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout
        process.stdout.close()


def get_output_file(folder: Path) -> Path:
    return folder.parent / "said"


def wait_for(folder: Path, words: str) -> None:
    wait_until(lambda: words in get_output_file(folder).read_text(), 60, why=f"never said '{words}'")


def read_final_counts(process: subprocess.Popen[str]) -> dict[str, Any]:
    answer, _ = process.communicate(timeout=90)
    lines = answer.splitlines()
    assert len(lines) == 1, answer
    found: dict[str, Any] = json.loads(lines[0])
    return found


def assert_everything_is_accounted_for(final_report: dict[str, Any]) -> None:
    assert final_report["balanced"] is True
    assert final_report["spooled"] == 0
    assert final_report["received"] == final_report["published"]
    # a repeat without a time of its own is stored: only the protocol could tell it from a new reading
    repeats = final_report["duplicates"] + final_report["possible_repeats"]
    assert {"rejected": final_report["rejected"], "duplicates": repeats} == final_report["expected"]


@pytest.fixture(scope="module")
def final_report() -> Iterator[dict[str, Any]]:
    """What a busy demo on a fresh folder said at its end; it uses none of the user's database settings."""
    with (
        pytest.MonkeyPatch.context() as patch,
        reachable_temp() as folder,
    ):
        for name, value in OWN_SETTINGS.items():
            patch.setenv(name, value)
        with start_demo(folder / "a demo", "--duration", "5", rate=BUSY) as process:
            yield read_final_counts(process)
            assert process.returncode == 0


def test_the_books_balance_and_every_fault_is_found_whatever_the_users_database_settings_are(
    final_report: dict[str, Any],
) -> None:
    assert_everything_is_accounted_for(final_report)
    assert final_report["rejected"]
    assert final_report["duplicates"]


def test_every_row_is_in_the_database_history_included(final_report: dict[str, Any]) -> None:
    rows = final_report["rows"]
    assert isinstance(rows, dict)
    assert rows["rejected_messages"] == final_report["rejected"]
    readings = sum(rows.values()) - rows["rejected_messages"]
    assert readings == final_report["history"] + final_report["stored"]
    assert final_report["history"]


def test_a_second_demo_on_the_same_folder_says_so_in_one_sentence(used_folder: Path) -> None:
    with start_demo(used_folder) as first:
        wait_for(used_folder, "Plant running")
        command = [sys.executable, *HEADLESS, "--folder", str(used_folder)]
        second = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert second.returncode == 2
        assert "already running" in second.stderr
        assert len(second.stderr.splitlines()) == 1
        assert first.poll() is None


@pytest.mark.parametrize("signal", keep_plain([SIGINT, SIGTERM, SIGHUP], SIGINT))
def test_a_signal_ends_it_in_order_with_its_books_and_leaves_nothing(
    used_folder: Path, signal: Signals
) -> None:
    with start_demo(used_folder) as process:
        wait_for(used_folder, "Plant running")
        started = list_children(process.pid)
        assert started
        process.send_signal(signal)
        final_report = read_final_counts(process)
        assert process.returncode == 0
    assert_everything_is_accounted_for(final_report)
    assert not [pid for pid in started if is_alive(pid)]


@pytest.mark.parametrize("words", ["Starting PostgreSQL", "Writing three days"])
def test_a_signal_while_it_is_set_up_leaves_nothing(folder: Path, words: str) -> None:
    with start_demo(folder) as process:
        wait_for(folder, words)
        process.send_signal(SIGTERM)
        process.wait(60)
        assert process.returncode == 130
    assert "Traceback" not in get_output_file(folder).read_text()
    assert servers_on(folder) == []


def test_kill_9_leaves_nothing_and_the_next_demo_goes_on_with_the_data(used_folder: Path) -> None:
    with start_demo(used_folder) as process:
        wait_for(used_folder, "Plant running")
        started = list_children(process.pid)
        process.send_signal(SIGKILL)
        wait_until(lambda: not [pid for pid in started if is_alive(pid)], why="servers outlive the demo")
    with start_demo(used_folder, "--duration", "2", rate=BUSY) as process:
        final_report = read_final_counts(process)
        assert process.returncode == 0
    assert final_report["balanced"] is True
    rows = final_report["rows"]
    assert isinstance(rows, dict)
    assert sum(rows.values()) > 1_000


def servers_on(folder: Path) -> list[int]:
    """Processes whose working folder or command line names the folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(folder) in command and is_alive(int(process.name)):
            found.append(int(process.name))
    return found


def test_amqtt_takes_mosquittos_place_where_there_is_none(
    used_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(mqtt_broker, "find_mosquitto", lambda: None)
    status = run_demo(
        folder=used_folder, headless=True, duration_s=3, devices=2, rate=50, report=lambda sentence: None
    )
    final_report = json.loads(capsys.readouterr().out)
    assert status == 0
    assert "amqtt" in final_report["broker"]
    assert_everything_is_accounted_for(final_report)


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests run as an ordinary user already")
def test_an_ordinary_user_can_run_it(folder: Path) -> None:
    nobody = find_first_account(("nobody",))
    python = python_for(nobody) if nobody else None
    if nobody is None or python is None:
        pytest.skip("no Python of this version that an ordinary user may run")
    os.chown(folder.parent, nobody.uid, nobody.gid)
    done = subprocess.run(
        [python, *HEADLESS, "--rate", str(BUSY), "--folder", str(folder), "--duration", "2"],
        capture_output=True, text=True, timeout=90, cwd="/",
        env=build_environment(nobody), user=nobody.uid, group=nobody.gid, extra_groups=[],
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert_everything_is_accounted_for(json.loads(done.stdout))


def test_a_folder_that_cannot_be_made_is_named_in_one_sentence(folder: Path) -> None:
    folder.write_text("not a folder")
    done = subprocess.run(
        [sys.executable, *HEADLESS, "--folder", str(folder / "x")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert str(folder) in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_full_disk_is_named_before_anything_is_started(folder: Path) -> None:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root can mount a disk")
    try:
        done = subprocess.run(
            [sys.executable, *HEADLESS, "--folder", str(folder)], capture_output=True, text=True, timeout=60
        )
        assert list(folder.iterdir()) == []
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
    assert done.returncode == 2
    assert "needs 300 MB" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_an_unknown_fault_is_named_in_one_sentence(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, *HEADLESS, "--folder", str(folder), "--faults", "gremlins"],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert "gremlins" in done.stderr
    assert not folder.exists()
