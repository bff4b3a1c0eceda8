"""What console and collector process import at their start."""

import json
import subprocess
import sys
from pathlib import Path

from dosing_tui.collector_process.common_imports import MODULES
from tests.unit.tui.app.test_start import START

COLLECTOR = """
import json, sys
import dosing_tui.collector_process.worker_main
print(json.dumps([sorted(sys.modules)]))
"""


def list_loaded(script: str, folder: Path) -> list[str]:
    """The modules at its end."""
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True, cwd=folder
    )
    loaded: list[str] = json.loads(done.stdout)[-1]
    return loaded


def test_console_and_collector_need_all_of_it_at_their_start(tmp_path: Path) -> None:
    for script in (START, COLLECTOR):
        assert set(MODULES) - set(list_loaded(script, tmp_path)) == set()
