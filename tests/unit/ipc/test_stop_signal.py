import os
import signal
import subprocess
import sys

import pytest

from dosing_tui.ipc.stop_signal import StopSignal, exit_on_signal

PROGRAM = """
import os, random, signal, time
from dosing_tui.ipc.stop_signal import stop_on_signal

dice, us = random.Random(1), os.getpid()
for _ in range(60):
    with stop_on_signal() as ending:
        late = dice.uniform(0, 0.004)
        if not (child := os.fork()):
            time.sleep(late)
            os.kill(us, signal.SIGTERM)
            os._exit(0)
        while not ending.wait_until_set(0):
            pass
        os.waitpid(child, 0)
"""
"""An Event in its place hangs within a few rounds."""


def test_a_signal_at_any_moment_of_the_wait_is_noticed() -> None:
    with subprocess.Popen([sys.executable, "-c", PROGRAM]) as process:
        try:
            assert process.wait(60) == 0
        finally:
            process.kill()


def test_what_was_said_stays_said() -> None:
    ending = StopSignal()
    assert not ending.is_set
    assert not ending.wait_until_set(0)
    ending.request_stop()
    ending.request_stop()
    assert ending.is_set
    assert ending.wait_until_set(0)
    assert ending.wait_until_set()


def test_a_signal_ends_the_block_with_the_status_of_a_shell() -> None:
    before = signal.getsignal(signal.SIGTERM)
    is_closed: list[bool] = []
    with pytest.raises(SystemExit) as raised:
        end_block(is_closed)
    assert is_closed
    assert raised.value.code == 128 + signal.SIGTERM
    assert signal.getsignal(signal.SIGTERM) is before


def end_block(is_closed: list[bool]) -> None:
    with exit_on_signal():
        try:
            os.kill(os.getpid(), signal.SIGTERM)
        finally:
            is_closed.append(True)


def test_what_nohup_has_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with exit_on_signal():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
