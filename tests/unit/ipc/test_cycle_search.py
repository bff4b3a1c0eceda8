"""The search for cycles rests while a program starts, and never goes through what it imported."""

import subprocess
import sys

STARTED = """
import gc
from dosing_tui.ipc.cycle_search import pause_cycle_search, resume_cycle_search
pause_cycle_search()
assert not gc.isenabled()
import dosing_tui.live_state
resume_cycle_search()
assert gc.isenabled()
assert gc.get_freeze_count() > len(gc.get_objects())
"""


def test_what_was_imported_is_not_searched() -> None:
    subprocess.run([sys.executable, "-c", STARTED], check=True)
