"""``dosing-tui service``: the collector as a hardened systemd service of an account of its own."""

import os
import pwd
import re
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from dosing_tui.cli.context import write_line, write_stdout

if TYPE_CHECKING:
    from dosing_tui.config.loader import LoadedSettings
    from dosing_tui.deployment.unit_files import BackupPlan, ServicePlan

UNIT_FOLDER = Path("/etc/systemd/system")
MODULE = " -m dosing_tui"
Command = Callable[..., Any]
ACCOUNT_OPTION = click.option(
    "--account", default="dosing", show_default=True,
    callback=lambda _ctx, _option, value: _check_account(value), help="Account of the service, not root's.",
)  # fmt: skip
NAME_OPTION = click.option(
    "--name", default="dosing-tui", show_default=True,
    callback=lambda _ctx, _option, value: _check_name(value),
    help="Name of the unit and of its folder in /var/lib: one for each site.",
)  # fmt: skip
FOLDER_OPTION = click.option(
    "--folder", type=click.Path(path_type=Path), default=UNIT_FOLDER, show_default=True,
    help="Folder of unit files.",
)  # fmt: skip
BACKUP_OPTIONS = (
    click.option("--backup", "backup_folder", type=click.Path(path_type=Path), metavar="DIR",
                 help="Also a backup into DIR, each day."),
    click.option("--backup-at", default="02:30", show_default=True, metavar="HH:MM",
                 callback=lambda _ctx, _option, value: _check_time(value), help="Time of the backup."),
    click.option("--backup-keep", type=click.IntRange(1), default=30, show_default=True,
                 help="Backups of this site to keep in DIR."),
    click.option("--backup-user", default="", metavar="ROLE", show_default="that of database.dsn",
                 help="Role that owns the tables: dosing_owner."),
    click.option("--backup-password", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
                 show_default="database.password_file", help="File with the password of that role."),
)  # fmt: skip


def _accept_backup(command: Command) -> Command:
    for option in reversed(BACKUP_OPTIONS):
        command = option(command)
    return command


def _check_account(account: str) -> str:
    with suppress(KeyError):
        if pwd.getpwnam(account).pw_uid == 0:
            raise click.BadParameter(
                f"{account!r} may do everything: the service needs an account of its own."
            )
    return account


def _check_name(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        raise click.BadParameter(f"{name!r} may hold letters, digits, - and _ only.")
    if name.endswith("-backup"):
        raise click.BadParameter(f"{name!r} ends as the backup of a service does: leave out '-backup'.")
    return name


def _check_time(text: str) -> str:
    if not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
        raise click.BadParameter(f"{text!r} is not a time of day, e.g. 02:30.")
    return text


@click.group()
def service() -> None:
    """The collector as a systemd service: show its unit, install or remove it, diagnose it."""


@service.command()
@ACCOUNT_OPTION
@NAME_OPTION
@_accept_backup
@click.pass_context
def show(ctx: click.Context, /, account: str, name: str, **backup: Any) -> None:
    """Print the unit files that 'install' would write."""
    from dosing_tui.deployment.unit_files import render_units

    units = render_units(_make_plan(ctx, account, name, _make_backup(**backup)))
    for number, (unit, text) in enumerate(units.items()):
        gap = "\n" if number else ""
        heading = f"{gap}# {UNIT_FOLDER / unit}\n" if len(units) > 1 else ""
        write_stdout(f"{heading}{text}")


@service.command()
@ACCOUNT_OPTION
@NAME_OPTION
@_accept_backup
@FOLDER_OPTION
@click.option("--start", is_flag=True, help="Also start it now and at each boot.")
@click.option("--force", is_flag=True, help="Replace a unit file that differs.")
@click.pass_context
def install(
    ctx: click.Context, /, *, account: str, name: str, folder: Path, start: bool, force: bool, **backup: Any
) -> None:
    """Create the account and the unit files. Needs root; the settings must be in a file.

    Passwords that the settings name as files are given to the service as systemd credentials: the files
    may stay readable for root alone. Variables (DOSING_...) may stand in a file 'environment' beside the
    settings.
    """
    from dosing_tui.deployment.unit_files import render_units
    from dosing_tui.errors import ConfigError

    if start and folder != UNIT_FOLDER:
        raise click.UsageError(f"--start needs the unit files in {UNIT_FOLDER}: leave --folder out.")
    plan = _make_plan(ctx, account, name, _make_backup(**backup))
    _require_root(folder, "install")
    units = {folder / unit: text for unit, text in render_units(plan).items()}
    for path, text in units.items():
        if path.exists() and path.read_text(encoding="utf-8") != text and not force:
            raise ConfigError(f"{path} exists and differs; --force replaces it.")
    try:
        _prepare_machine(plan)
        for path, text in units.items():
            path.write_text(text, encoding="utf-8")
            write_line(f"Wrote {path}")
    except OSError as error:
        raise ConfigError(f"{error.filename} cannot be changed: {error.strerror}. Run it as root.") from error
    _enable_units([path.name for path in units], reload=folder == UNIT_FOLDER, start=start)


@service.command()
@NAME_OPTION
@FOLDER_OPTION
def uninstall(name: str, folder: Path) -> None:
    """Stop the service and remove its unit files. Data stay: says where they are. Needs root."""
    from dosing_tui.deployment.systemd_commands import run_command
    from dosing_tui.deployment.unit_files import STATE_FOLDER, list_unit_names
    from dosing_tui.errors import ConfigError

    found = [folder / unit for unit in list_unit_names(name) if (folder / unit).exists()]
    if not found:
        raise ConfigError(f"{folder} has no unit of {name}.")
    _require_root(folder, "uninstall")
    if folder == UNIT_FOLDER:
        run_command("systemctl", "disable", "--now", *(path.name for path in found))
    for path in found:
        try:
            path.unlink()
        except OSError as error:
            raise ConfigError(f"{path} cannot be removed: {error.strerror}. Run it as root.") from error
        write_line(f"Removed {path}")
    if folder == UNIT_FOLDER:
        run_command("systemctl", "daemon-reload")
    write_line(
        f"Kept: {STATE_FOLDER / name} with the spool (messages not yet in the database), the settings "
        "with their passwords, backups, the account, the database."
    )


@service.command(
    "doctor", context_settings={"ignore_unknown_options": True, "help_option_names": ["-h", "--help"]}
)
@ACCOUNT_OPTION
@NAME_OPTION
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[OPTIONS OF DOCTOR]...")
@click.pass_context
def doctor_of_service(ctx: click.Context, account: str, name: str, arguments: tuple[str, ...]) -> None:
    """Run 'doctor' under the service's conditions. Needs root.

    It has the account, passwords, spool and limits of the service. A file for --bundle must be in the
    service's own folder, e.g. /var/lib/dosing-tui/support.zip.
    """
    from dosing_tui.deployment.transient_unit import diagnose_service

    plan = _make_plan(ctx, account, name, None)
    sys.exit(diagnose_service(plan, UNIT_FOLDER / f"{name}.service", arguments))


def _require_root(folder: Path, action: str) -> None:
    """Raises: ConfigError before anything is changed. Units in a folder of one's own need no root."""
    from dosing_tui.errors import ConfigError

    if folder == UNIT_FOLDER and os.geteuid() != 0:
        raise ConfigError(f"'service {action}' needs root: sudo {_find_program()} … service {action}")


def _prepare_machine(plan: "ServicePlan") -> None:
    """Raises: OSError, ConfigError."""
    from dosing_tui.deployment.systemd_commands import (
        allow_reading,
        create_account,
        create_private_folder,
        refuse_foreign_folder,
    )

    # systemd gives the state folder to the account, with all that is in it
    for folder in (plan.state_folder, *([plan.backup.folder] if plan.backup else [])):
        refuse_foreign_folder(folder, plan.account)
    create_account(plan.account)
    allow_reading(plan.settings_path, plan.account)
    if plan.backup:
        create_private_folder(plan.backup.folder, plan.account)


def _enable_units(names: list[str], *, reload: bool, start: bool) -> None:
    """The service and the timer; the timer's own service is started by it."""
    from dosing_tui.deployment.systemd_commands import run_command

    wanted = [name for name in names if not name.endswith("-backup.service")]
    if reload:
        run_command("systemctl", "daemon-reload")
    if start:
        run_command("systemctl", "enable", "--now", *wanted)
    else:
        write_line(f"Start it now and at each boot: systemctl enable --now {' '.join(wanted)}")


def _make_backup(
    *, backup_folder: Path | None, backup_at: str, backup_keep: int, backup_user: str,
    backup_password: Path | None,
) -> "BackupPlan | None":  # fmt: skip
    from dosing_tui.deployment.unit_files import BackupPlan

    if backup_folder is None:
        return None
    if backup_user and not re.fullmatch(r"\w[\w.-]*", backup_user):
        raise click.BadParameter(f"{backup_user!r} is not the name of a role.")
    password = str(backup_password.absolute()) if backup_password else ""
    return BackupPlan(backup_folder.absolute(), backup_at, backup_keep, backup_user, password)


def _make_plan(ctx: click.Context, account: str, name: str, backup: "BackupPlan | None") -> "ServicePlan":
    """Raises: ConfigError, without settings and program where a service may read them.

    Their paths and the backup's are words of a unit as they are.
    """
    from dosing_tui.deployment.unit_files import ServicePlan

    loaded = _find_settings(ctx)
    path = loaded.path.absolute()
    program = _find_program()
    _refuse_path(path, "The settings are")
    _refuse_path(Path(program.removesuffix(MODULE)), "The program is")
    if backup:
        _refuse_path(backup.folder, "The backup is")
    return ServicePlan(name, account, program, path, loaded.settings, backup)


def _find_program() -> str:
    """Words of a command: the program of this Python, not another that comes first in PATH."""
    own = Path(sys.executable).with_name("dosing-tui")
    found = str(own) if own.exists() else shutil.which("dosing-tui")
    return found or f"{sys.executable}{MODULE}"


def _find_settings(ctx: click.Context) -> "LoadedSettings":
    """Raises: ConfigError, if there is no file."""
    from dosing_tui.config.loader import load_settings
    from dosing_tui.errors import ConfigError

    loaded = load_settings(ctx.find_root().obj, os.environ)
    if not loaded.path.exists():
        raise ConfigError(f"{loaded.path} does not exist: write it by 'dosing-tui config init' first.")
    return loaded


def _refuse_path(path: Path, subject: str) -> None:
    """Raises: ConfigError for what systemd would read as something else, or ProtectHome=yes hides."""
    from dosing_tui.errors import ConfigError

    if re.search(r"[\s%$\"'\\]", str(path)):
        raise ConfigError(f"{subject} in {path}, which holds a blank, %, $, a quote or a backslash.")
    if any(path.is_relative_to(home) for home in ("/home", "/root", "/run/user")):
        raise ConfigError(
            f"{subject} in {path}, which a service may not read: use /etc/dosing-tui/config.toml and "
            "a virtual environment in /opt/dosing-tui."
        )
