"""Where secrets come from: environment, systemd credential, private file; never argv nor the TOML."""

import stat
from collections.abc import Mapping
from pathlib import Path

from dosing_tui.errors import ConfigError

CREDENTIALS_VARIABLE = "CREDENTIALS_DIRECTORY"
"""Set by systemd for a unit with LoadCredential=."""


def read_password(section: str, *, file: str, env: Mapping[str, str]) -> tuple[str, str]:
    """Return the password of ``mqtt`` or ``database`` and where it came from; ('', '') if there is none.

    Raises: ConfigError, if the file is missing, unreadable, empty or open to others.
    """
    return read_secret(
        f"{section}.password_file",
        variable=f"DOSING_{section.upper()}_PASSWORD",
        credential=f"{section}-password",
        file=file,
        env=env,
    )


def read_secret(
    setting: str, *, variable: str, credential: str, file: str, env: Mapping[str, str]
) -> tuple[str, str]:
    """The secret and where it came from; ('', '') if there is none. ``setting`` names the file.

    Raises: ConfigError, if the file is missing, unreadable, empty or open to others.
    """
    if variable in env:
        return env[variable], f"environment {variable}"
    if folder := env.get(CREDENTIALS_VARIABLE):
        path = Path(folder) / credential
        if path.is_file():
            return _read_first_line(setting, path), f"systemd credential {credential}"
    if file:
        path = Path(file).expanduser()
        return read_private_line(setting, path), f"file {path}"
    return "", ""


def read_private_line(option: str, path: Path) -> str:
    """The first line of a file that nobody else may read, e.g. a PIN.

    Raises: ConfigError, if the file is missing, unreadable, empty or open to others.
    """
    _check_permissions(option, path)
    return _read_first_line(option, path)


def _check_permissions(option: str, path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise ConfigError(f"{option}: {path} cannot be read: {error.strerror}.") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(f"{option}: {path} is open to others; run chmod 600 on it.")


def _read_first_line(option: str, path: Path) -> str:
    try:
        line = path.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{option}: the secret in {path} cannot be read: {error}.") from error
    if not line:
        raise ConfigError(f"{option}: {path} is empty.")
    return line
