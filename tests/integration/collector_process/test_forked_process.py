"""The first collector process is a copy of the console's; what it has of that one, and how both end."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.os_processes import is_alive
from tests.support.polling import wait_until

SERVED = """
import json, os, signal, subprocess, sys, threading, time
from dosing_tui.collector_process.forked_process import ForkedProcess, can_fork
from dosing_tui.ipc.pipe import MessagePipe

def answer(channel):
    pipe = MessagePipe(channel)
    print("on stdout", flush=True)
    print("on stderr", file=sys.stderr)
    files = [os.path.join("/proc/self/fd", number) for number in os.listdir("/proc/self/fd")]
    opened = {os.path.basename(file): os.readlink(file) for file in files if os.path.exists(file)}
    pipe.send([os.getpid(), os.getsid(0), opened])
    try:
        return pipe.receive_message()
    except EOFError:
        return 7

assert can_fork()
child = ForkedProcess(answer)
pipe = MessagePipe(child.channel)
"""

ENDS = {
    "its exit status": ("pipe.send(3)", 3),
    "the end of the channel": ("pipe.close()", 7),
    "an exception": ("pipe.send('no status'); pipe.close()", 1),
    "a signal": ("child.kill()", -signal.SIGKILL),
}

SUPERVISOR = """
import json, os, sys, time
from datetime import UTC, datetime
from functools import partial
from dosing_tui.collector_process.remote_live_state import RemoteLiveState
from dosing_tui.collector_process.supervisor import CollectorSupervisor, SupervisorTimeouts
from dosing_tui.config.settings import CollectorSettings, DatabaseSettings, MqttSettings, Settings
from dosing_tui.ipc.supervised_thread import RetryDelay

now, mirror = partial(datetime.now, UTC), RemoteLiveState()
settings = Settings(
    mqtt=MqttSettings(host="127.0.0.1", port=1), database=DatabaseSettings(dsn="host=127.0.0.1 port=1"),
    collector=CollectorSettings(spool_dir=sys.argv[1]),
)
supervisor = CollectorSupervisor(
    settings, mirror, clock=now, timeouts=SupervisorTimeouts(restart=RetryDelay(0.1, 30, 0))
)
supervisor.fork_process()
supervisor.start()
told = None
while not os.path.exists(os.path.join(sys.argv[1], "stop")):
    seen = mirror.get_snapshot(now())
    if "connection refused" in seen.broker.reason and seen.process_number != told:
        told = seen.process_number
        print(told, flush=True)
    time.sleep(0.05)
supervisor.stop()
print("stopped", flush=True)
"""


@dataclass
class OwnerProcess:
    """Prints the number of each collector process that works."""

    process: "subprocess.Popen[str]"
    folder: Path

    def read_line(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()


@contextmanager
def run_owner(folder: Path) -> Iterator[OwnerProcess]:
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(folder)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield OwnerProcess(process, folder)
        finally:
            process.kill()


def run_script(text: str) -> list[object]:
    done = subprocess.run([sys.executable, "-c", text], check=True, capture_output=True, text=True)
    assert done.stderr == ""
    found: list[object] = json.loads(done.stdout)
    return found


def test_it_has_a_session_and_streams_of_its_own_and_nothing_of_its_owner() -> None:
    told = """
wait = child.stdout.read
number, session, opened = pipe.receive_message()
pipe.send(0)
print(json.dumps([number == session == child.pid, opened, wait().decode(), child.wait()]))
"""
    is_apart, opened, output, status = run_script(SERVED + told)
    assert (is_apart, output, status) == (True, "on stdout\non stderr\n", 0)
    assert isinstance(opened, dict)
    assert opened["0"].startswith("socket:")
    assert opened["1"] == opened["2"]
    assert opened["1"].startswith("pipe:")
    rest = [target.split(":")[0] for number, target in opened.items() if number not in ("0", "1", "2")]
    assert sorted(rest) == ["/dev/null", "pipe", "pipe"]  # stdin; and how either learns of the other's end


@pytest.mark.parametrize("how", ENDS)
def test_its_owner_learns_how_it_ended(how: str) -> None:
    action, status = ENDS[how]
    answer = f"pipe.receive_message()\n{action}\nprint(json.dumps([child.wait()]))"
    assert run_script(SERVED + answer) == [status]


def test_waiting_for_one_that_goes_on_ends_with_the_time() -> None:
    waited = """
try:
    child.wait(0.01)
except subprocess.TimeoutExpired:
    child.kill()
print(json.dumps([child.wait()]))
"""
    assert run_script(SERVED + waited) == [-signal.SIGKILL]


def test_beside_another_thread_no_copy_is_made() -> None:
    with_thread = """
threading.Thread(target=threading.Event().wait, daemon=True).start()
print(json.dumps([can_fork()]))
child.kill()
"""
    assert run_script(SERVED + with_thread) == [False]


def test_an_owner_that_ends_without_it_ends_it() -> None:
    (number,) = run_script(SERVED + "print(json.dumps([child.pid]))")
    assert isinstance(number, int)
    wait_until(lambda: not is_alive(number))


def test_the_first_collector_is_a_copy_and_one_that_follows_a_program(tmp_path: Path) -> None:
    with run_owner(tmp_path) as owner:
        first = int(owner.read_line())
        commands = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in (owner.process.pid, first)]
        assert commands[0] == commands[1]
        assert os.getsid(first) == first
        os.kill(first, signal.SIGKILL)
        second = int(owner.read_line())
        assert b"dosing_tui.collector_process" in Path(f"/proc/{second}/cmdline").read_bytes()
        (tmp_path / "stop").touch()
        assert owner.read_line() == "stopped"
        assert not is_alive(second)


def test_a_copy_stops_with_its_supervisor(tmp_path: Path) -> None:
    with run_owner(tmp_path) as owner:
        first = int(owner.read_line())
        (tmp_path / "stop").touch()
        assert owner.read_line() == "stopped"
        assert not is_alive(first)


def test_a_copy_does_not_outlive_an_owner_that_was_killed(tmp_path: Path) -> None:
    with run_owner(tmp_path) as owner:
        first = int(owner.read_line())
        owner.process.kill()
        try:
            wait_until(lambda: not is_alive(first))
        finally:
            with suppress(ProcessLookupError):
                os.kill(first, signal.SIGKILL)
