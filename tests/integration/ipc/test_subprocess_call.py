"""Work in a process of its own."""

import os
import resource
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from dosing_tui.errors import DatabaseUnavailableError
from dosing_tui.ipc.subprocess_call import SubprocessCall
from tests.support.os_processes import is_alive
from tests.support.polling import wait_until


def note_pid(file: Path) -> None:
    with file.open("a") as told:
        told.write(f"{os.getpid()}\n")


def note_pid_and_hang(file: Path) -> None:
    note_pid(file)
    time.sleep(600)


def note_pid_and_compute(file: Path) -> None:
    note_pid(file)
    while True:
        pass


def note_pid_and_fill_memory(file: Path) -> None:
    note_pid(file)
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # that of the tests' process, at first
    bytearray((peak_kib + 130_000) * 1024)


def raise_unavailable() -> None:
    raise DatabaseUnavailableError("No database server listens at 127.0.0.1:1.")


def read_pids(file: Path) -> list[int]:
    return [int(line) for line in file.read_text().split()] if file.exists() else []


def test_it_is_done_elsewhere_each_time_by_the_same_process(tmp_path: Path) -> None:
    apart = SubprocessCall(partial(note_pid, tmp_path / "pids"))
    apart()
    apart()
    first, second = read_pids(tmp_path / "pids")
    assert first == second != os.getpid()
    apart.close()
    assert not is_alive(first)


def test_a_process_that_has_grown_large_is_not_kept(tmp_path: Path) -> None:
    apart = SubprocessCall(partial(note_pid_and_fill_memory, tmp_path / "pids"))
    apart()
    (pid,) = read_pids(tmp_path / "pids")
    assert not is_alive(pid)
    apart()
    assert len(set(read_pids(tmp_path / "pids"))) == 2
    apart.close()


def test_what_is_raised_there_is_raised_here_and_tells_where() -> None:
    apart = SubprocessCall(raise_unavailable)
    with pytest.raises(DatabaseUnavailableError, match="No database server listens") as caught:
        apart()
    assert "in raise_unavailable" in caught.value.__notes__[0]
    apart.close()


def test_closing_ends_what_is_under_way(tmp_path: Path) -> None:
    apart, ended = SubprocessCall(partial(note_pid_and_hang, tmp_path / "pids")), threading.Event()

    def call() -> None:
        with pytest.raises((EOFError, OSError)):
            apart()
        ended.set()

    threading.Thread(target=call, daemon=True).start()
    (pid,) = wait_until(lambda: read_pids(tmp_path / "pids"))
    apart.close()
    assert ended.wait(60)
    assert not is_alive(pid)
    with pytest.raises(EOFError):
        apart()


def test_a_process_that_was_killed_is_followed_by_another(tmp_path: Path) -> None:
    apart = SubprocessCall(partial(note_pid, tmp_path / "pids"))
    apart()
    os.kill(read_pids(tmp_path / "pids")[0], signal.SIGKILL)
    with pytest.raises((EOFError, OSError)):
        apart()
    apart()
    first, second = read_pids(tmp_path / "pids")
    assert first != second
    apart.close()


OWNER = """
import sys
from functools import partial
from pathlib import Path
from dosing_tui.ipc.subprocess_call import SubprocessCall
from tests.integration.ipc.test_subprocess_call import note_pid
apart = SubprocessCall(partial(note_pid, Path(sys.argv[1])))
apart()
print("done", flush=True)
sys.stdin.read()
"""


BUSY_OWNER = """
import sys
from functools import partial
from pathlib import Path
from dosing_tui.ipc.subprocess_call import SubprocessCall
from tests.integration.ipc.test_subprocess_call import note_pid_and_compute
SubprocessCall(partial(note_pid_and_compute, Path(sys.argv[1])))()
"""


def test_a_call_under_way_does_not_outlive_its_owner(tmp_path: Path) -> None:
    owner = subprocess.Popen([sys.executable, "-c", BUSY_OWNER, str(tmp_path / "pids")])
    (pid,) = wait_until(lambda: read_pids(tmp_path / "pids"))
    owner.kill()
    owner.wait()
    try:
        wait_until(lambda: not is_alive(pid))
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_it_does_not_outlive_its_owner(tmp_path: Path) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path / "pids")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert owner.stdout
    assert owner.stdout.readline() == b"done\n"
    (pid,) = read_pids(tmp_path / "pids")
    os.kill(pid, signal.SIGTERM)  # a service manager ends all of a group: only the owner's end counts
    assert is_alive(pid)
    owner.kill()
    owner.communicate()
    wait_until(lambda: not is_alive(pid))
