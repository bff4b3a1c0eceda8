"""Secrets: from the environment, a systemd credential or a private file; never from argv or the TOML."""

import re
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from dosing_tui.config.sections.section import list_secret_keys
from dosing_tui.config.sections.site_settings import MASK, SECRET_DSN_KEYS
from dosing_tui.config.type_coercion import SettingValue
from dosing_tui.errors import ConfigError, describe_file_error

CREDENTIALS_VARIABLE = "CREDENTIALS_DIRECTORY"
"""Set by systemd for a unit with LoadCredential=."""
SHOWN_DSN_KEYS = frozenset({
    "application_name", "channel_binding", "client_encoding", "connect_timeout", "dbname",
    "fallback_application_name", "gssdelegation", "gssencmode", "gsslib", "host", "hostaddr", "keepalives",
    "keepalives_count", "keepalives_idle", "keepalives_interval", "krbsrvname", "load_balance_hosts",
    "max_protocol_version", "min_protocol_version", "oauth_client_id", "oauth_issuer", "oauth_scope",
    "options", "passfile", "port", "replication", "require_auth", "requirepeer", "service", "servicefile",
    "ssl_max_protocol_version", "ssl_min_protocol_version", "sslcert", "sslcertmode", "sslcompression",
    "sslcrl", "sslcrldir", "sslkey", "sslmode", "sslnegotiation", "sslrootcert", "sslsni",
    "target_session_attrs", "tcp_user_timeout", "user",
})  # fmt: skip
"""Parameters whose values are shown. Any other word may be somebody's name for the password."""
_HOST = r"(?:\[[^\]@/?]*\]|[^:,@/?]*)(?::\d*)?"
_DSN_URI = re.compile(
    rf"(postgres(?:ql)?://)(?:([^:@/]*)(:[^@/]*)?(@))?({_HOST}(?:,{_HOST})*(?:/[^@?]*)?)(\?.*)?", re.DOTALL
)
_DSN_PARAMETER = re.compile(r"(\w++)(\s*+=\s*+)('(?:[^'\\]|\\.)*+'|(?!')(?:[^\s\\]|\\.)*+)", re.DOTALL)
_DSN_PARAMETERS = re.compile(rf"\s*+(?:{_DSN_PARAMETER.pattern}\s*+)*+", re.DOTALL)


DEFAULT, NOT_SET = "default", "not set here"
"""The source of a value that was not set; the second is a secret's."""


class SourcedValue(NamedTuple):
    """The value of a setting, and the sentence of ``config show`` about its origin."""

    value: SettingValue
    source: str


def read_secrets(
    section: object, location: str, *, owner: str, credential: str, env: Mapping[str, str]
) -> dict[str, SourcedValue]:
    """Each secret field of a section: from the environment, systemd, or the file that it names; else ''.

    Raises: ConfigError, if a file is missing, unreadable, empty or open to others.
    """
    return {
        key: _read_secret(
            f"{location}.{key}_file",
            variable=format_variable(owner, key),
            credential=f"{credential}-{key}",
            file=getattr(section, f"{key}_file"),
            env=env,
        )
        for key in list_secret_keys(type(section))
    }


def format_variable(section: str, key: str) -> str:
    """
    >>> format_variable("notifications_control-room", "url")
    'DOSING_NOTIFICATIONS_CONTROL_ROOM_URL'
    """
    return f"DOSING_{section}_{key.removesuffix('_')}".replace("-", "_").upper()


def _read_secret(
    setting: str, *, variable: str, credential: str, file: str, env: Mapping[str, str]
) -> SourcedValue:
    if variable in env:
        return SourcedValue(env[variable], f"environment {variable}")
    if folder := env.get(CREDENTIALS_VARIABLE):
        path = Path(folder) / credential
        if path.is_file():
            return SourcedValue(_read_first_line(setting, path), f"systemd credential {credential}")
    if file:
        path = Path(file).expanduser()
        return SourcedValue(read_private_line(setting, path), f"file {path}")
    return SourcedValue("", NOT_SET)


def is_connection_string(dsn: str) -> bool:
    """Whether it has a form that libpq reads: keywords, or a URI. Otherwise a password cannot be recognized.

    >>> [is_connection_string(dsn) for dsn in ("host=h", "postgresql://u@h/db", "jdbc:postgresql://u:s@h/db")]
    [True, True, False]
    """
    return bool(_DSN_URI.fullmatch(dsn) or _DSN_PARAMETERS.fullmatch(dsn))


def has_password(dsn: str) -> bool:
    """Whether a connection string holds a password or another secret, such as ``sslpassword``."""
    if uri := _DSN_URI.fullmatch(dsn):
        return bool(uri[3]) or any(_is_secret_key(part) for part in (uri[6] or "")[1:].split("&"))
    return any(_is_secret_key(found[1]) for found in _DSN_PARAMETER.finditer(dsn))


def mask_dsn(dsn: str) -> str:
    """A connection string of libpq, keywords or URI, for people: without what may be a secret.

    >>> mask_dsn("host=h user=u sslpassword = 'a b' port=5432")
    'host=h user=u sslpassword = … port=5432'
    >>> mask_dsn("postgresql://u:secret@h/db?sslmode=require&sslpassword=x")
    'postgresql://u:…@h/db?sslmode=require&sslpassword=…'
    """
    if uri := _DSN_URI.fullmatch(dsn):
        scheme, user, password, at, place, query = (part or "" for part in uri.groups())
        parts = [_mask_query_part(part) for part in query[1:].split("&")]
        secret = f":{MASK}" if password else ""
        return f"{scheme}{user}{secret}{at}{place}{query[:1]}{'&'.join(parts)}"
    return _DSN_PARAMETER.sub(_mask_parameter, dsn) if is_connection_string(dsn) else MASK


def _is_secret_key(part: str) -> bool:
    key = unquote(part.partition("=")[0]).lower()
    return key in SECRET_DSN_KEYS or key in ("pass", "passwd", "pwd")


def _mask_parameter(found: re.Match[str]) -> str:
    key, equals, value = found.groups()
    return f"{key}{equals}{value if key in SHOWN_DSN_KEYS else MASK}"


def _mask_query_part(part: str) -> str:
    key, equals, _ = part.partition("=")
    return part if unquote(key) in SHOWN_DSN_KEYS or not equals else f"{key}{equals}{MASK}"


def read_private_line(option: str, path: Path) -> str:
    """The first line of a file that only its owner may read, e.g. a PIN.

    Raises: ConfigError, if the file is missing, unreadable, empty or open to others.
    """
    _check_permissions(option, path)
    return _read_first_line(option, path)


def _check_permissions(option: str, path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        # a relative name that is no file may be the secret itself
        name = path if path.is_absolute() else "the file that it names"
        raise ConfigError(f"{option}: {name} cannot be read: {error.strerror}.") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ConfigError(f"{option}: {path} is open to others; run chmod 600 on it.")


def describe_foreign_access(path: Path) -> str:
    """Say how others could change a file or a folder, and the command against it; '' if they cannot.

    A folder above may be open to all if it is sticky, as /tmp is. A group of the owner's number is private.
    """
    for place in dict.fromkeys((path.resolve(), path.resolve().parent, path.absolute().parent)):
        status = place.stat()
        is_own_group = status.st_gid == status.st_uid
        shared_bits = status.st_mode & (stat.S_IWOTH if is_own_group else stat.S_IWOTH | stat.S_IWGRP)
        is_sticky_parent = status.st_mode & stat.S_ISVTX and place != path.resolve()
        if shared_bits and not is_sticky_parent:
            return f"{place} can be written by others; run chmod go-w {place}."
    return ""


def _read_first_line(option: str, path: Path) -> str:
    try:
        line = path.read_text(encoding="utf-8").partition("\n")[0].rstrip("\r")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"{option}: the secret in {path} cannot be read: {describe_file_error(error)}."
        ) from error
    if not line:
        raise ConfigError(f"{option}: {path} is empty.")
    return line
