"""What the installation of a service runs as root: accounts, folders, systemctl."""

import os
import pwd
import stat
import subprocess
from pathlib import Path

from dosing_tui.errors import ConfigError

NO_LOGIN_SHELL = "/usr/sbin/nologin"


def create_account(account: str) -> None:
    """A system account without a login, unless it is there. Raises: ConfigError."""
    try:
        pwd.getpwnam(account)
    except KeyError:
        run_command(
            "useradd", "--system", "--user-group", "--no-create-home", "--shell", NO_LOGIN_SHELL, account
        )


def allow_reading(path: Path, account: str) -> None:
    """Let the account's group read the settings; 'config init' makes them private. Raises: OSError."""
    mode = path.stat().st_mode
    if not mode & stat.S_IROTH:
        os.chown(path, -1, pwd.getpwnam(account).pw_gid)
        path.chmod(stat.S_IMODE(mode) | stat.S_IRGRP)


def refuse_foreign_folder(folder: Path, account: str) -> None:
    """Raises: ConfigError for a folder that holds something and is not the account's; OSError."""
    if not folder.exists() or _is_owned(folder, account) or not any(folder.iterdir()):
        return
    raise ConfigError(
        f"{folder} is in use and belongs to {_name_owner(folder)}, not to {account}: choose another by --name"
        " or --backup, or give it to the account yourself (chown -R)."
    )


def create_private_folder(folder: Path, account: str) -> None:
    """For the account alone; one that is there stays as it is if the account owns it.

    Raises: ConfigError, see ``refuse_foreign_folder``; OSError.
    """
    refuse_foreign_folder(folder, account)
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    if is_new or not _is_owned(folder, account):
        owner = pwd.getpwnam(account)
        os.chown(folder, owner.pw_uid, owner.pw_gid)
        folder.chmod(0o700)


def _is_owned(folder: Path, account: str) -> bool:
    try:
        return folder.stat().st_uid == pwd.getpwnam(account).pw_uid
    except KeyError:
        return False


def _name_owner(folder: Path) -> str:
    try:
        return folder.owner()
    except KeyError:
        return str(folder.stat().st_uid)


def run_command(*command: str) -> None:
    """Raises: ConfigError with what the command says."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        raise ConfigError(f"{command[0]} cannot be run: {error.strerror}.") from error
    if done.returncode:
        reason = done.stderr.strip().splitlines() or ["no reason given"]
        raise ConfigError(f"{' '.join(command)} failed: {reason[-1]}")
