import subprocess
import sys

from dosing_tui.ipc.stop_signal import StopSignal

PROGRAM = """
import os, random, signal, time
from dosing_tui.ipc.stop_signal import stop_on_signal

dice, us = random.Random(1), os.getpid()
for _ in range(200):
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


def test_a_signal_at_any_moment_of_the_wait_is_heard() -> None:
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
