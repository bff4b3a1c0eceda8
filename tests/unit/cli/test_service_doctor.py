"""What 'service doctor' says when it cannot diagnose at all, and which exit status that has."""

import os
import pwd
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dosing_tui.cli.main import main
from dosing_tui.cli.operations import service_command
from dosing_tui.deployment import transient_unit, unit_files
from tests.unit.cli.test_service_command import ACCOUNT, provide_program, write_settings


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(transient_unit, "RUNNING_SYSTEMD", tmp_path)
    monkeypatch.setattr(service_command, "UNIT_FOLDER", tmp_path)
    monkeypatch.setattr(unit_files, "STATE_FOLDER", tmp_path / "state")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    (tmp_path / "bin").mkdir()
    (tmp_path / "dosing-tui.service").touch()
    write_settings(tmp_path)
    provide_program(tmp_path, monkeypatch)
    return tmp_path


def provide_systemd_run(folder: Path, script: str) -> None:
    """In place of systemd's, which needs a machine that it has booted."""
    program = folder / "bin" / "systemd-run"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def run_doctor(folder: Path, *arguments: str) -> Result:
    command = ["--config", str(folder / "config.toml"), "service", "doctor", "--account", ACCOUNT]
    return CliRunner().invoke(main, [*command, *arguments])


@pytest.mark.parametrize("status", [0, 1, 2, 3])
def test_the_status_of_the_doctor_is_that_of_the_command(folder: Path, status: int) -> None:
    provide_systemd_run(folder, f"echo 'Wrote support.zip' >&2; exit {status}")
    done = run_doctor(folder)
    assert done.exit_code == status
    assert done.stderr == "Wrote support.zip\n"


@pytest.mark.parametrize(
    ("script", "text"),
    [
        ("echo 'Failed to start transient service unit: Access denied' >&2; exit 1", "Access denied"),
        ("echo 'Unknown assignment: ProtectProc=invisible' >&2; exit 1", "Unknown assignment"),
        ("exit 217", "the account cannot be used (status 217)"),
        ("exit 243", "a password's file cannot be read (status 243)"),
        ("exit 203", "the program cannot be run (status 203)"),
        ("exit 238", "its folder in /var/lib cannot be used (status 238)"),
        ("exit 137", "it was ended (status 137)"),
    ],
)  # fmt: skip
def test_a_place_that_cannot_be_entered_is_a_sentence(folder: Path, script: str, text: str) -> None:
    provide_systemd_run(folder, script)
    done = run_doctor(folder)
    assert done.exit_code == 2
    lines = done.stderr.splitlines()
    assert lines == [line for line in lines if line.startswith("dosing-tui: The doctor did not run in")]
    assert text in lines[0]


def test_a_machine_without_systemd_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for is_booted in (True, False):
        monkeypatch.setattr(transient_unit, "RUNNING_SYSTEMD", folder if is_booted else folder / "nothing")
        if not is_booted:
            provide_systemd_run(folder, "exit 0")
        done = run_doctor(folder)
        assert done.exit_code == 2
        assert "systemd does not run on this machine: use 'dosing-tui doctor'" in done.stderr


def test_who_may_not_gets_the_reason(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    provide_systemd_run(folder, "exit 0")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    done = run_doctor(folder)
    assert done.exit_code == 2
    assert "needs root: sudo" in done.stderr


def test_a_missing_account_is_named(folder: Path) -> None:
    provide_systemd_run(folder, "exit 0")
    done = run_doctor(folder, "--account", "nobody_here")
    assert done.exit_code == 2
    assert "There is no account nobody_here" in done.stderr


def test_a_service_that_is_not_installed_is_named_and_gets_no_folder(folder: Path) -> None:
    provide_systemd_run(folder, "exit 0")
    done = run_doctor(folder, "--name", "hall2")
    assert done.exit_code == 2
    assert "There is no service hall2" in done.stderr


def test_a_service_of_another_account_keeps_its_folder(folder: Path) -> None:
    """systemd would give the folder of its spool to the account that the doctor was called with."""
    provide_systemd_run(folder, "exit 0")
    state = folder / "state" / "dosing-tui"
    state.mkdir(parents=True)
    (state / "spool.sqlite").touch()
    other = next(one for one in pwd.getpwall() if one.pw_uid not in (0, os.getuid()))
    done = run_doctor(folder, "--account", other.pw_name)
    assert done.exit_code == 2
    assert f"not to {other.pw_name}" in done.stderr


@pytest.mark.parametrize(
    "arguments", [("--bundle", "support.zip"), ("--bundle=/tmp/support.zip",), ("--bundle",)]
)
def test_a_file_that_only_the_service_would_see_is_refused(folder: Path, arguments: tuple[str, ...]) -> None:
    """Its /tmp is its own and goes with it: 'Wrote /tmp/support.zip', and there is none."""
    provide_systemd_run(folder, "exit 0")
    done = run_doctor(folder, *arguments)
    assert done.exit_code == 2
    assert f"--bundle {folder}/state/dosing-tui/support.zip" in done.stderr
    assert run_doctor(folder, "--bundle", f"{folder}/state/dosing-tui/support.zip").exit_code == 0
