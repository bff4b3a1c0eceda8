"""``dosing-tui service``: the collector as a hardened systemd service of an account of its own."""

import os
import pwd
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from dosing_tui.config.loader import LoadedSettings
    from dosing_tui.config.settings import Settings

UNIT_FOLDER = Path("/etc/systemd/system")
UNIT_NAME = "dosing-tui.service"
NO_LOGIN_SHELL = "/usr/sbin/nologin"
ACCOUNT_OPTION = click.option(
    "--account", default="dosing", show_default=True, help="Account of the service."
)


@click.group()
def service() -> None:
    """The collector as a systemd service: show its unit, or install it."""


@service.command()
@ACCOUNT_OPTION
@click.pass_context
def show(ctx: click.Context, account: str) -> None:
    """Print the unit file that 'install' would write."""
    click.echo(_render_unit(ctx, account), nl=False)


@service.command()
@ACCOUNT_OPTION
@click.option("--folder", type=click.Path(path_type=Path), default=UNIT_FOLDER, show_default=True,
              help="Folder of unit files.")  # fmt: skip
@click.option("--start", is_flag=True, help="Also start it now and at each boot.")
@click.option("--force", is_flag=True, help="Replace a unit file that differs.")
@click.pass_context
def install(ctx: click.Context, *, account: str, folder: Path, start: bool, force: bool) -> None:
    """Create the account and the unit file. Needs root; the settings must be in a file.

    Passwords that the settings name as files are given to the service as systemd credentials: the files
    may stay readable for root alone.
    """
    from dosing_tui.errors import ConfigError

    text, path = _render_unit(ctx, account), folder / UNIT_NAME
    settings_path = _find_settings(ctx).path.absolute()
    if path.exists() and path.read_text(encoding="utf-8") != text and not force:
        raise ConfigError(f"{path} exists and differs; --force replaces it.")
    try:
        _create_account(account)
        _let_read(settings_path, account)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"{error.filename} cannot be changed: {error.strerror}. Run it as root.") from error
    click.echo(f"Wrote {path}")
    if folder == UNIT_FOLDER:
        _run("systemctl", "daemon-reload")
        if start:
            _run("systemctl", "enable", "--now", UNIT_NAME)
    if not start:
        click.echo(f"Start it now and at each boot: systemctl enable --now {UNIT_NAME}")


def _create_account(account: str) -> None:
    """A system account without a login. Raises: ConfigError."""
    try:
        pwd.getpwnam(account)
    except KeyError:
        _run("useradd", "--system", "--no-create-home", "--shell", NO_LOGIN_SHELL, account)


def _let_read(path: Path, account: str) -> None:
    """Let the account's group read the settings, which 'config init' lets nobody. Raises: OSError."""
    mode = path.stat().st_mode
    if not mode & stat.S_IROTH:
        os.chown(path, -1, pwd.getpwnam(account).pw_gid)
        path.chmod(stat.S_IMODE(mode) | stat.S_IRGRP)


def _run(*command: str) -> None:
    """Raises: ConfigError with what the command says."""
    from dosing_tui.errors import ConfigError

    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise ConfigError(f"{command[0]} cannot be run: {error.strerror}.") from error
    if done.returncode:
        reason = done.stderr.strip().splitlines() or ["no reason given"]
        raise ConfigError(f"{' '.join(command)} failed: {reason[-1]}")


def _render_unit(ctx: click.Context, account: str) -> str:
    """Raises: ConfigError, without settings and program where a service may read them."""
    loaded = _find_settings(ctx)
    path = loaded.path.absolute()
    program = shutil.which("dosing-tui") or f"{sys.executable} -m dosing_tui"
    _refuse_home(path, "The settings are")
    _refuse_home(Path(program.split()[0]), "The program is")
    lines = [
        "[Unit]",
        "Description=dosing-tui collector: broker to database",
        "Documentation=man:dosing-tui(1)",
        "Wants=network-online.target",
        "After=network-online.target",
        "",
        "[Service]",
        "Type=notify",
        "WatchdogSec=60",
        f"User={account}",
        f"ExecStart={program} --config {path} collect",
        "Restart=always",
        "RestartSec=2",
        "# what is in the spool may be written before the end",
        "TimeoutStopSec=60",
        "StateDirectory=dosing-tui",
        "StateDirectoryMode=0700",
        "Environment=DOSING_COLLECTOR_SPOOL_DIR=/var/lib/dosing-tui",
        *_list_credentials(loaded.settings),
        *HARDENING,
        "",
        "[Install]",
        "WantedBy=multi-user.target",
        "",
    ]
    return "\n".join(lines)


def _find_settings(ctx: click.Context) -> "LoadedSettings":
    """Raises: ConfigError, if there is no file."""
    from dosing_tui.config.loader import load_settings
    from dosing_tui.errors import ConfigError

    loaded = load_settings(ctx.find_root().obj, os.environ)
    if not loaded.path.exists():
        raise ConfigError(f"{loaded.path} does not exist: write it by 'dosing-tui config init' first.")
    return loaded


def _refuse_home(path: Path, subject: str) -> None:
    """Raises: ConfigError for a place that ProtectHome=yes hides from the service."""
    from dosing_tui.errors import ConfigError

    if any(path.is_relative_to(home) for home in ("/home", "/root", "/run/user")):
        raise ConfigError(
            f"{subject} in {path}, which a service may not read: use /etc/dosing-tui/config.toml and "
            "a virtual environment in /opt/dosing-tui."
        )


HARDENING = (
    "UMask=0077",
    "CapabilityBoundingSet=",
    "AmbientCapabilities=",
    "NoNewPrivileges=yes",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "ProtectClock=yes",
    "ProtectHostname=yes",
    "ProtectKernelTunables=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelLogs=yes",
    "ProtectControlGroups=yes",
    "ProtectProc=invisible",
    "RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "LockPersonality=yes",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
)
"""No capability, no write but to the state folder; sockets of broker, database and channels only."""


def _list_credentials(settings: "Settings") -> list[str]:
    """Each secret that the settings name as a file, under the name by which the program looks for it."""
    files = {
        "mqtt-password": settings.mqtt.password_file,
        "database-password": settings.database.password_file,
        "anchors-key": settings.anchors.key_file,
    }
    for channel in settings.notifications:
        files[f"notification-{channel.name}-url"] = channel.url_file
        files[f"notification-{channel.name}-password"] = channel.password_file
    return [
        f"LoadCredential={name}:{Path(file).expanduser().absolute()}" for name, file in files.items() if file
    ]
