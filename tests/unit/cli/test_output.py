"""Output that cannot be written: a sentence and a status of its own, never "there is nothing to show"."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

import dosing_tui.cli
from dosing_tui.cli.context import EXIT_READER_GONE
from dosing_tui.cli.main import EXIT_ERROR, main

PROGRAM = (sys.executable, "-m", "dosing_tui")
QUICK = (["panel", "--list"], ["--version"], ["completion", "bash"], ["config", "path"])


@pytest.mark.parametrize("arguments", QUICK, ids=" ".join)
def test_a_full_disk_is_one_sentence_and_not_an_empty_result(arguments: list[str]) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run([*PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE, text=True)
    assert ended.returncode == EXIT_ERROR
    assert ended.stderr == "dosing-tui: The output cannot be written: No space left on device.\n"


def test_a_closed_output_is_one_sentence() -> None:
    ended = subprocess.run(["sh", "-c", '"$@" >&-', "sh", *PROGRAM, "panel", "--list"], capture_output=True)
    assert ended.returncode == EXIT_ERROR
    assert ended.stderr == b"dosing-tui: There is no output to write to: stdout is closed.\n"


def test_a_reader_that_has_gone_is_reported_by_the_usual_status_alone() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ended = subprocess.run([*PROGRAM, "panel", "--list"], stdout=writing, stderr=subprocess.PIPE)
    finally:
        os.close(writing)
    assert (ended.returncode, ended.stderr) == (EXIT_READER_GONE, b"")


def test_an_unforeseen_error_is_not_an_empty_result(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path | None, env: object) -> Path:
        raise ZeroDivisionError

    monkeypatch.setattr("dosing_tui.config.loader.resolve_config_path", fail)
    ended = CliRunner().invoke(main, ["config", "path"])
    assert ended.exit_code == EXIT_ERROR
    assert "ZeroDivisionError" in ended.stderr


def test_every_command_writes_by_the_functions_that_report_a_full_disk() -> None:
    folder = Path(dosing_tui.cli.__file__).parent
    by_hand = [
        path.name
        for path in folder.rglob("*.py")
        for line in path.read_text().splitlines()
        if "click.echo(" in line and "err=True" not in line
    ]
    assert by_hand == []
