"""Commands for who runs an installation, and what every command has in common."""

import getpass
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from dosing_tui.cli.examples import EXAMPLES
from dosing_tui.cli.main import main
from dosing_tui.deployment import unit_files
from tests.unit.cli.test_service_command import provide_program


def list_commands(command: click.Command = main, words: str = "") -> Iterator[tuple[str, click.Command]]:
    yield words, command
    if isinstance(command, click.Group):
        with click.Context(command) as ctx:
            for name in command.list_commands(ctx):
                member = command.get_command(ctx, name)
                assert member is not None
                yield from list_commands(member, f"{words} {name}".strip())


COMMANDS = dict(list_commands())


@pytest.mark.parametrize("words", COMMANDS)
def test_every_command_has_examples_and_a_short_option_for_help(words: str) -> None:
    shown = CliRunner().invoke(main, [*words.split(), "-h"])
    assert shown.exit_code == 0
    assert "Examples:" in shown.output
    assert max(map(len, shown.output.splitlines())) <= 160


def test_every_example_names_options_that_exist() -> None:
    assert EXAMPLES.keys() <= COMMANDS.keys()
    for example in (example for examples in EXAMPLES.values() for example in examples):
        arguments = shlex.split(re.split(" [>|] ", example)[0].replace('"$(', "").replace(')"', ""))
        after = arguments[arguments.index("dosing-tui") + 1 :]
        after = after[2:] if after[:1] == ["--config"] else after
        names = [name for name in COMMANDS if after[: len(name.split())] == name.split()]
        owners = [COMMANDS[max(names, key=len)], main]
        for option in (word for word in after if word.startswith("--")):
            assert any(option in each.opts for owner in owners for each in owner.params), example


@pytest.mark.parametrize(
    ("shell", "words"), [("bash", "complete"), ("zsh", "#compdef"), ("fish", "complete")]
)
def test_completion_is_a_function_of_the_shell(shell: str, words: str) -> None:
    script = CliRunner().invoke(main, ["completion", shell])
    assert script.exit_code == 0
    assert words in script.output
    assert "_DOSING_TUI_COMPLETE" in script.output


def test_bash_completes_commands() -> None:
    env = {
        **os.environ,
        "_DOSING_TUI_COMPLETE": "bash_complete",
        "COMP_WORDS": "dosing-tui do",
        "COMP_CWORD": "1",
    }
    program = "from dosing_tui.cli.main import main; main(prog_name='dosing-tui')"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=env, check=False
    )
    assert done.stdout.split() == ["plain,doctor"]


def test_there_is_a_man_page_for_each_command(tmp_path: Path) -> None:
    assert CliRunner().invoke(main, ["man", str(tmp_path)]).exit_code == 0
    expected = {f"{'-'.join(['dosing-tui', *words.split()])}.1" for words in COMMANDS}
    assert {path.name for path in tmp_path.iterdir()} == expected
    page = (tmp_path / "dosing-tui-doctor.1").read_text()
    assert ".SH EXIT STATUS" in page
    assert "\\-\\-bundle" in page
    assert "\\fB\\-h, \\-\\-help\\fR" in page
    assert ".SH EXAMPLES\n.nf\ndosing\\-tui doctor\n" in page
    synopsis = (tmp_path / "dosing-tui-alarms-test-notification.1").read_text()
    assert "\\fBdosing\\-tui alarms test\\-notification\\fR" in synopsis


@pytest.mark.parametrize(
    "command",
    [
        "", "alarms list", "alarms notifications", "audit verify", "backup x", "batches list", "collect",
        "grafana", "maintain status", "migrate --check", "panel error_rate", "recipes show", "report shift",
        "serve",
    ],
)  # fmt: skip
def test_without_settings_it_says_what_to_do(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, command.split())
    assert done.exit_code == 2
    assert list(tmp_path.iterdir()) == []
    assert "dosing-tui demo" in done.stderr
    assert "config init" in done.stderr


def test_the_list_of_commands_says_each_sentence_whole() -> None:
    groups = sorted({words.rpartition(" ")[0] for words in COMMANDS})
    for words in groups:
        shown = CliRunner().invoke(main, [*words.split(), "--help"], terminal_width=80).output
        assert not re.search(r"[a-z,;]\.\.\.", shown), shown


def test_a_new_settings_file_says_what_comes_next(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["--config", str(tmp_path / "config.toml"), "config", "init"])
    assert done.stdout == f"Wrote {tmp_path}/config.toml\n"
    assert "then run: dosing-tui --config" in done.stderr
    assert "doctor" in done.stderr


def test_the_version_names_the_schema() -> None:
    shown = CliRunner().invoke(main, ["--version"]).output
    assert shown.startswith("dosing-tui 0.1.0 (schema any/")


def write_settings(folder: Path) -> Path:
    path = folder / "config.toml"
    path.write_text('[mqtt]\nusername = "collector"\npassword_file = "mqtt-password"\n')
    (folder / "mqtt-password").write_text("right\n")
    for file in (path, folder / "mqtt-password"):
        file.chmod(0o600)
    return path


def test_the_service_runs_as_its_account_with_its_passwords(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(unit_files, "STATE_FOLDER", tmp_path / "state")
    path = write_settings(tmp_path)
    provide_program(tmp_path, monkeypatch)
    account = "daemon" if os.geteuid() == 0 else getpass.getuser()
    arguments = ["--config", str(path), "service", "install", "--account", account, "--folder", str(tmp_path)]
    done = CliRunner().invoke(main, arguments)
    assert done.exit_code == 0, done.stderr
    unit = (tmp_path / "dosing-tui.service").read_text()
    assert f"User={account}\n" in unit
    assert f"--config {path} collect\n" in unit
    assert f"LoadCredential=mqtt-password:{tmp_path}/mqtt-password\n" in unit
    assert path.stat().st_mode & 0o777 == 0o640
    (tmp_path / "dosing-tui.service").write_text("[Unit]\n")
    refused = CliRunner().invoke(main, arguments)
    assert refused.exit_code == 2
    assert "--force replaces it" in refused.stderr


def test_a_home_folder_is_hidden_from_a_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    # below /home by its name, without a file in anybody's home
    path = Path("/home/..", write_settings(tmp_path).relative_to("/"))
    refused = CliRunner().invoke(main, ["--config", str(path), "service", "show"])
    assert f"The settings are in {path}, which a service may not read" in refused.stderr
    assert refused.exit_code == 2
