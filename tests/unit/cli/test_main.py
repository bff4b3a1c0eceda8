"""The command line: quick, one sentence per error, never a traceback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from dosing_tui.cli.context import EXIT_UNAVAILABLE
from dosing_tui.cli.examples import WHOLE_SENTENCE
from dosing_tui.cli.main import COMMAND_PLACES, EXIT_ERROR, main

UNREACHABLE = "host=127.0.0.1 port=1 dbname=factory_metrics"


def run_python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout


def run_program(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "dosing_tui", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, **(env or {})}, check=False
    )


def test_help_loads_no_screen_database_or_broker_library() -> None:
    loaded = json.loads(
        run_python(
            "import sys, json\n"
            "from click.testing import CliRunner\n"
            "from dosing_tui.cli.main import main\n"
            "assert CliRunner().invoke(main, ['--help']).exit_code == 0\n"
            "assert CliRunner().invoke(main, ['panel', '--help']).exit_code == 0\n"
            "print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
        )
    )
    assert not {"textual", "rich", "psycopg", "psycopg_pool", "paho", "sqlite3", "amqtt"} & set(loaded)


def test_help_loads_no_module_of_another_command() -> None:
    loaded = json.loads(
        run_python(
            "import sys, json\n"
            "from click.testing import CliRunner\n"
            "from dosing_tui.cli.main import main\n"
            "assert CliRunner().invoke(main, ['--help']).exit_code == 0\n"
            "print(json.dumps(sorted(name for name in sys.modules if name.startswith('dosing_tui'))))"
        )
    )
    ours = {
        "dosing_tui",
        "dosing_tui.errors",
        "dosing_tui.cli",
        "dosing_tui.cli.main",
        "dosing_tui.cli.context",
        "dosing_tui.cli.examples",
        "dosing_tui.ipc",
        "dosing_tui.ipc.cycle_search",
    }
    assert set(loaded) == ours


@pytest.mark.parametrize("name", COMMAND_PLACES)
def test_the_list_of_commands_has_the_help_of_each(name: str) -> None:
    command = main.get_command(click.Context(main), name)
    assert command is not None
    listed = click.Command(name, help=COMMAND_PLACES[name].help)
    assert listed.get_short_help_str(WHOLE_SENTENCE) == command.short_help
    result = CliRunner().invoke(main, ["--help"], terminal_width=200)
    assert f"{name}  " in result.output


@pytest.mark.parametrize(
    "command", [["collect"], ["migrate"], ["simulate"], ["demo"], ["config", "show"], ["panel"]]
)
def test_every_command_explains_itself(command: list[str]) -> None:
    result = CliRunner().invoke(main, [*command, "--help"])
    assert result.exit_code == 0
    assert "Usage:" in result.output


def test_the_settings_file_goes_round(tmp_path: Path) -> None:
    path = str(tmp_path / "plant.toml")
    runner = CliRunner()
    assert runner.invoke(main, ["--config", path, "config", "init"]).exit_code == 0
    assert runner.invoke(main, ["--config", path, "config", "path"]).output.strip() == path
    shown = runner.invoke(main, ["--config", path, "config", "show"]).output
    assert f"# {path}" in shown
    assert 'host = "localhost"  # default' in shown


@pytest.mark.parametrize(
    ("arguments", "dsn", "words"),
    [
        (["migrate"], UNREACHABLE, "127.0.0.1"),
        (["migrate", "--check"], "host=/no/such/folder", "/no/such/folder"),
    ],
)
def test_an_unavailable_database_is_one_sentence_and_exit_status_3(
    arguments: list[str], dsn: str, words: str
) -> None:
    result = CliRunner().invoke(main, arguments, env={"DOSING_DATABASE_DSN": dsn})
    assert result.exit_code == EXIT_UNAVAILABLE, result.stderr
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_the_program_itself_ends_with_one_sentence_and_its_status() -> None:
    result = run_program("migrate", env={"DOSING_DATABASE_DSN": UNREACHABLE})
    assert result.returncode == EXIT_UNAVAILABLE
    assert result.stdout == ""
    assert result.stderr.startswith("dosing-tui: ")
    assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "env", "words"),
    [
        (["--config", "/nonexistent/plant.toml"], {}, "/nonexistent/plant.toml does not exist"),
        (["collect"], {"DOSING_MQTT_HOTS": "x"}, "Did you mean DOSING_MQTT_HOST?"),
        (["migrate"], {"DOSING_DATABASE_DSN": "hots=1"}, "hots"),
        (["simulate", "--faults", "gremlins", "--duration", "1"], {}, "gremlins"),
    ],
)
def test_what_is_wrong_is_one_sentence_and_exit_status_2(
    arguments: list[str], env: dict[str, str], words: str
) -> None:
    result = CliRunner().invoke(main, arguments, env=env)
    assert result.exit_code == EXIT_ERROR, result.stderr
    assert words in result.stderr
    assert isinstance(result.exception, SystemExit)
    assert len(result.stderr.strip().splitlines()) == 1
