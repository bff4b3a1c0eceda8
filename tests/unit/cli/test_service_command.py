"""The service's units: hardened, with its passwords, its folders and a backup each day; and their removal."""

import getpass
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dosing_tui.cli.main import main
from dosing_tui.cli.operations import service_command
from dosing_tui.config.loader import load_settings
from dosing_tui.deployment import unit_files
from dosing_tui.deployment.transient_unit import build_doctor_command
from dosing_tui.deployment.unit_files import BackupPlan, ServicePlan, list_sandbox, render_units

ACCOUNT = "daemon" if os.geteuid() == 0 else getpass.getuser()
NAMES = ("dosing-tui.service", "dosing-tui-backup.timer", "dosing-tui-backup.service")


def write_settings(folder: Path) -> Path:
    path = folder / "config.toml"
    path.write_text(
        '[mqtt]\nusername = "collector"\npassword_file = "mqtt-password"\n'
        '[database]\ndsn = "host=db1 dbname=factory_metrics user=dosing_writer"\n'
        'password_file = "writer-password"\n'
        '[anchors]\nfolder = "/mnt/quality 100%"\n'
    )
    for name in ("mqtt-password", "writer-password", "owner-password"):
        (folder / name).write_text("right\n")
    for file in folder.iterdir():
        file.chmod(0o600)
    return path


def provide_program(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of this environment's, which may be in a home folder: there no service may be."""
    monkeypatch.setattr(sys, "executable", str(folder / "python3"))
    (folder / "dosing-tui").touch(0o755)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(unit_files, "STATE_FOLDER", tmp_path / "state")
    write_settings(tmp_path)
    provide_program(tmp_path, monkeypatch)
    return tmp_path


def run_service(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, ["--config", str(folder / "config.toml"), "service", *arguments])


def install(folder: Path, *options: str) -> Result:
    return run_service(folder, "install", "--account", ACCOUNT, "--folder", str(folder), *options)


def list_backup_options(folder: Path) -> list[str]:
    return [
        "--backup", str(folder / "backups"), "--backup-at", "03:15", "--backup-keep", "14",
        "--backup-user", "dosing_owner", "--backup-password", str(folder / "owner-password"),
    ]  # fmt: skip


def test_a_backup_each_day_has_the_hardening_and_the_credentials_of_the_service(folder: Path) -> None:
    done = install(folder, *list_backup_options(folder))
    assert done.exit_code == 0, done.output
    service, timer, backup = [(folder / name).read_text().splitlines() for name in NAMES]
    assert "OnCalendar=*-*-* 03:15:00" in timer
    assert "Persistent=true" in timer
    (command,) = [line for line in backup if line.startswith("ExecStart=")]
    assert command.endswith(
        f"--config {folder}/config.toml backup {folder}/backups --keep 14 --user dosing_owner"
    )
    assert f"LoadCredential=database-password:{folder}/owner-password" in backup
    assert f"LoadCredential=database-password:{folder}/writer-password" in service
    assert sum(line.startswith("LoadCredential=database-password:") for line in backup) == 1
    # a variable of the collector's comes before a credential
    assert "UnsetEnvironment=DOSING_DATABASE_PASSWORD" in backup
    assert not any("UnsetEnvironment" in line for line in service)
    assert f"ReadWritePaths={folder}/backups" in backup
    own = ("Type=", "Restart", "Watchdog", "Timeout", "ExecStart=", "LoadCredential=database-password")
    section = service[service.index("[Service]") + 1 : service.index("[Install]") - 1]
    assert {line for line in section if not line.startswith((*own, "#"))} <= set(backup)
    assert (folder / "backups").stat().st_mode & 0o777 == 0o700


def test_the_folder_of_anchors_can_be_written(folder: Path) -> None:
    assert install(folder).exit_code == 0
    assert 'ReadWritePaths="-/mnt/quality 100%%"\n' in (folder / NAMES[0]).read_text()
    assert not (folder / NAMES[1]).exists()


@pytest.mark.parametrize("option", ["--backup", "--name"])
def test_a_folder_that_others_use_is_left_to_them(folder: Path, option: str) -> None:
    used = folder / "state" / "used"
    used.mkdir(mode=0o755, parents=True)
    (used / "theirs").write_text("")
    value = str(used) if option == "--backup" else used.name
    done = run_service(folder, "install", "--account", "nobody", "--folder", str(folder), option, value)
    assert done.exit_code == 2, done.output
    assert f"{used} is in use and belongs to {getpass.getuser()}, not to nobody" in done.stderr
    assert (used.stat().st_uid, used.stat().st_mode & 0o777) == (os.getuid(), 0o755)
    assert (folder / "config.toml").stat().st_mode & 0o777 == 0o600
    assert not list(folder.glob("*.service"))


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone gives a folder to an account")
def test_an_empty_or_missing_folder_is_given_to_the_account(folder: Path) -> None:
    (folder / "empty").mkdir()
    for name in ("empty", "missing"):
        done = run_service(
            folder, "install", "--force", "--account", "nobody", "--folder", str(folder),
            "--backup", str(folder / name),
        )  # fmt: skip
        assert done.exit_code == 0, done.output
        assert (folder / name).owner() == "nobody"
        assert (folder / name).stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("command", ["show", "install"])
def test_a_time_that_is_none_is_refused(folder: Path, command: str) -> None:
    done = run_service(folder, command, "--backup", str(folder), "--backup-at", "24:00")
    assert done.exit_code == 2
    assert "is not a time of day" in done.stderr


@pytest.mark.parametrize("name", ["a b", "50%", "$HOME", "it's", 'a"b', "a\\b"])
def test_a_path_that_systemd_would_read_otherwise_is_refused(
    folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = folder / name
    other.mkdir()
    write_settings(other)
    program = other / "dosing-tui"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    for refused in (run_service(other, "show"), run_service(folder, "show", "--backup", str(other))):
        assert refused.exit_code == 2
        assert f"{other}" in refused.stderr
        assert "holds a blank, %, $, a quote or a backslash" in refused.stderr
    monkeypatch.setattr(sys, "executable", str(other / "python3"))
    refused = run_service(folder, "show")
    assert refused.exit_code == 2
    assert str(program) in refused.stderr


def test_the_service_runs_the_program_that_installs_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not another one that comes first in PATH, nor none: sudo has a PATH of its own."""
    for place in ("own", "other"):
        (folder / place).mkdir()
        (folder / place / "dosing-tui").touch(0o755)
    monkeypatch.setattr(sys, "executable", str(folder / "own" / "python3"))
    monkeypatch.setenv("PATH", str(folder / "other"))
    assert f"\nExecStart={folder}/own/dosing-tui --config " in run_service(folder, "show").output
    (folder / "own" / "dosing-tui").unlink()
    assert f"\nExecStart={folder}/other/dosing-tui --config " in run_service(folder, "show").output
    monkeypatch.setenv("PATH", "")
    assert f"\nExecStart={folder}/own/python3 -m dosing_tui --config " in run_service(folder, "show").output


@pytest.mark.parametrize("command", ["show", "install", "doctor"])
def test_the_service_never_runs_as_root(folder: Path, command: str) -> None:
    done = run_service(folder, command, "--account", "root")
    assert done.exit_code == 2
    assert "the service needs an account of its own" in done.stderr


def test_without_root_it_is_refused_before_anything_is_changed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service_command, "UNIT_FOLDER", folder)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    (folder / NAMES[0]).write_text("")
    for command in ("install", "uninstall"):
        done = run_service(folder, command, "--folder", str(folder))
        assert done.exit_code == 2
        assert (
            f"'service {command}' needs root: sudo {sys.executable.rpartition('/')[0]}/dosing-tui"
            in done.stderr
        )
    assert (folder / NAMES[0]).read_text() == ""


@pytest.mark.parametrize("name", ["line-backup", "-line", "a b", ""])
def test_a_name_that_a_unit_of_another_site_may_bear_is_refused(folder: Path, name: str) -> None:
    done = install(folder, "--name", name)
    assert done.exit_code == 2
    assert "Invalid value for '--name'" in done.stderr
    assert not list(folder.glob("*.service"))


def test_what_is_started_is_where_systemd_looks_for_it(folder: Path) -> None:
    done = install(folder, "--start")
    assert done.exit_code == 2
    assert "--start needs the unit files in /etc/systemd/system" in done.stderr
    assert not (folder / NAMES[0]).exists()


def test_two_sites_share_neither_unit_nor_spool(folder: Path) -> None:
    assert install(folder).exit_code == install(folder, "--name", "dosing-hall2").exit_code == 0
    unit = (folder / "dosing-hall2.service").read_text()
    assert "StateDirectory=dosing-hall2\n" in unit
    assert f"Environment=DOSING_COLLECTOR_SPOOL_DIR={folder}/state/dosing-hall2\n" in unit


def test_what_is_uninstalled_is_gone_and_the_data_are_not(folder: Path) -> None:
    install(folder, *list_backup_options(folder))
    install(folder, "--name", "other")
    done = run_service(folder, "uninstall", "--folder", str(folder))
    assert done.exit_code == 0, done.output
    assert not any((folder / name).exists() for name in NAMES)
    assert (folder / "other.service").exists()
    assert f"Kept: {folder}/state/dosing-tui with the spool" in done.output
    assert (folder / "config.toml").exists()
    assert (folder / "backups").exists()
    again = run_service(folder, "uninstall", "--folder", str(folder))
    assert again.exit_code == 2
    assert f"{folder} has no unit of dosing-tui." in again.stderr


def make_plan(folder: Path, *, backup: bool = True) -> ServicePlan:
    path = folder / "config.toml"
    plan = BackupPlan(folder / "backups", "02:30", 30, "dosing_owner", str(folder / "owner-password"))
    program = shutil.which("true") or "/bin/true"
    settings = load_settings(path, {}).settings
    return ServicePlan("dosing-tui", ACCOUNT, program, path, settings, plan if backup else None)


def test_doctor_runs_with_every_limit_and_credential_of_the_service(folder: Path) -> None:
    plan = make_plan(folder)
    command = build_doctor_command(plan, ("--format", "json"))
    given = [word.removeprefix("--property=") for word in command if word.startswith("--property=")]
    assert given == list_sandbox(plan)
    assert set(given) <= set(render_units(plan)["dosing-tui.service"].splitlines())
    assert command[-6:] == [plan.program, "--config", str(plan.settings_path), "doctor", "--format", "json"]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_takes_the_units(folder: Path) -> None:
    for name, text in render_units(make_plan(folder)).items():
        (folder / name).write_text(text)
    done = subprocess.run(
        ("systemd-analyze", "verify", "--man=no", *(str(folder / name) for name in NAMES)),
        capture_output=True,
        text=True,
    )
    assert (done.returncode, [line for line in done.stderr.splitlines() if "dosing" in line]) == (0, [])
