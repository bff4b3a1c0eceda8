"""Threads that only look now and then wake the processor together; others in time."""

import sys
import threading
from pathlib import Path

import pytest

from dosing_tui.ipc.supervised_thread import SupervisedThread
from dosing_tui.ipc.timer_slack import PROMPT_S, set_timer_slack

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="Linux has timer slack")


def read_slack_ns() -> int:
    return int(Path(f"/proc/{threading.get_native_id()}/timerslack_ns").read_text())


def find_slack_of_thread() -> int:
    found: list[int] = []

    def step() -> bool:
        found.append(read_slack_ns())
        return False

    thread = SupervisedThread("prompt", step)
    thread.start()
    assert thread.join(60)
    return found[0]


def test_a_thread_has_its_own_slack_and_none_of_those_that_start_it() -> None:
    found: list[int] = []

    def step() -> bool:
        found.append(find_slack_of_thread())
        found.append(read_slack_ns())
        return False

    starter = SupervisedThread("starter", step, timer_slack_s=0.1)
    starter.start()
    assert starter.join(60)
    assert found == [round(PROMPT_S * 1e9), 100_000_000]


def test_a_system_without_timer_slack_is_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    before = read_slack_ns()
    monkeypatch.setattr(threading, "get_native_id", lambda: 0)  # no process has this number
    set_timer_slack(0.1)
    monkeypatch.undo()
    assert read_slack_ns() == before
