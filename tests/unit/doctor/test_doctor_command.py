"""The command: exit statuses, JSON, and what a terminal that is not UTF-8 gets."""

import json
import os
import pty
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from click.testing import CliRunner

from dosing_tui.cli.main import main

NOWHERE = {
    "DOSING_MQTT_PORT": "1",
    "DOSING_DATABASE_DSN": "host=127.0.0.1 port=1 dbname=factory_metrics",
    "DOSING_PLANT_TIMEZONE": "Europe/Berlin",
}


def run_doctor(*arguments: str, env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dosing_tui", "doctor", "--listen", "0", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **env}, check=False)


def test_json_has_each_check_and_the_exit_status() -> None:
    done = run_doctor("--format", "json", env=NOWHERE)
    document = json.loads(done.stdout)
    errors = [check for check in document["checks"] if check["level"] == "error"]
    assert done.returncode == document["exit_status"] == 3
    assert [(one["theme"], one["name"]) for one in errors] == [
        ("broker", "connection"),
        ("database", "session"),
    ]
    assert all(one["remedy"] for one in errors)


@pytest.mark.parametrize(
    ("content", "words"),
    [("[mqtt]\nhots = 'x'\n", "hots"), ("[mqtt\n", "is not valid TOML"), (None, "does not exist")],
)
def test_settings_that_cannot_be_used_are_one_error(tmp_path: Path, content: str | None, words: str) -> None:
    path = tmp_path / "plant.toml"
    if content is not None:
        path.write_text(content)
        path.chmod(0o600)
    done = CliRunner().invoke(
        main, ["doctor", "--listen", "0", "--faults"], env={"DOSING_TUI_CONFIG": str(path)}
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith(("ERROR", "WARNING"))]
    assert done.exit_code == 3
    assert len(lines) == 1
    assert words in lines[0]
    assert "config init" in lines[0]


def test_without_settings_there_is_one_error_that_says_what_to_do() -> None:
    done = CliRunner().invoke(main, ["doctor", "--listen", "0", "--faults"])
    lines = [line for line in done.stdout.splitlines() if line.startswith(("ERROR", "WARNING"))]
    assert done.exit_code == 3
    assert len(lines) == 1
    assert "There are no settings" in lines[0]
    assert "dosing-tui config init" in lines[0]
    assert "dosing-tui demo" in lines[0]


def test_wrong_input_is_exit_status_2() -> None:
    assert CliRunner().invoke(main, ["doctor", "--format", "yaml"], env=NOWHERE).exit_code == 2


def test_a_terminal_without_utf8_is_named_and_gets_ascii(tmp_path: Path) -> None:
    shown = run_on_terminal({**NOWHERE, "LC_ALL": "C", "TERM": "xterm-256color"})
    assert "terminal: characters" in shown
    assert "The locale is not UTF-8 (ascii)" in " ".join(shown.split())
    assert shown.isascii()


def run_on_terminal(env: dict[str, str]) -> str:
    """What the program writes on a terminal that answers nothing."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "dosing_tui", "doctor", "--listen", "0"]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, **env}
    ) as process:
        os.close(theirs)
        shown = b""
        with suppress(OSError):  # the other side is closed
            while piece := os.read(ours, 65_536):
                shown += piece
        process.wait()
    os.close(ours)
    return shown.decode()
