"""The console behind a page of a browser."""

import os
import subprocess
from pathlib import Path

import pytest

pytest.importorskip("textual_serve")

from dosing_tui.serve.browser_console import build_command, build_environment


def test_nothing_in_the_working_folder_is_taken_for_a_module_of_the_console(tmp_path: Path) -> None:
    (tmp_path / "click.py").write_text("print('a file of somebody else runs')")
    command = [*build_command(None), "--version"]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        env=build_environment(os.environ, collects=False),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("dosing-tui ")
