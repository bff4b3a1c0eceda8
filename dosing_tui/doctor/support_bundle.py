"""One ZIP file for who helps from afar: diagnosis, settings, versions, end of the log. Without secrets."""

import json
import os
import platform
import re
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from urllib.parse import parse_qsl, quote, urlsplit

from dosing_tui.config.loader import LoadedSettings, get_array_types, get_section_types
from dosing_tui.config.render_toml import render_settings
from dosing_tui.config.secrets import format_variable
from dosing_tui.config.sections.section import list_secret_keys
from dosing_tui.config.settings import Settings
from dosing_tui.doctor.checks.check_result import Diagnosis
from dosing_tui.doctor.report_format import render_json, render_text
from dosing_tui.errors import ExportError

LOG_BYTES = 512 * 1024
"""Of the end of the log file."""
REDACTED = "…"
MIN_SECRET_LENGTH = 4
"""Shorter texts would be found everywhere; a file holds no such secret anyway."""

_NO_LOG = "# The log is left out: without the settings its secrets cannot be recognized.\n"


def write_bundle(
    path: Path, diagnosis: Diagnosis, loaded: LoadedSettings | None, log_file: Path, env: Mapping[str, str]
) -> None:
    """Mode 0600. ``loaded`` is None where the settings cannot be used; the log is left out then.

    Raises: ExportError, if the file exists or cannot be written.
    """
    secrets = {*_list_variable_secrets(env), *(_list_secrets(loaded.settings) if loaded else ())}
    files = {
        "doctor.txt": render_text(diagnosis),
        "doctor.json": render_json(diagnosis),
        "versions.txt": _describe_versions(),
        "environment.txt": _list_variables(env),
        "settings.toml": render_settings(loaded) if loaded else "# The settings cannot be used: doctor.txt\n",
        "log.txt": _read_log(log_file) if loaded else _NO_LOG,
    }
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as bundle:
            for name, text in files.items():
                bundle.writestr(name, redact_secrets(text, secrets))
    except FileExistsError as error:
        raise _describe_existing(path) from error
    except OSError as error:
        raise ExportError(f"{path} cannot be written: {error.strerror}.") from error


def refuse_existing_bundle(path: Path) -> None:
    """Raises: ExportError, if the file exists."""
    if path.exists():
        raise _describe_existing(path)


def _describe_existing(path: Path) -> ExportError:
    return ExportError(f"{path} exists already: name another file for --bundle.")


def redact_secrets(text: str, secrets: Iterable[str]) -> str:
    """
    >>> redact_secrets("sent to https://hook/a1b2c3", ["https://hook/a1b2c3", ""])
    'sent to …'
    """
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= MIN_SECRET_LENGTH:
            for written in (
                secret,
                json.dumps(secret, ensure_ascii=False)[1:-1],
                repr(secret)[1:-1],
                quote(secret, ""),
            ):
                text = text.replace(written, REDACTED)
    return text


def _list_secrets(settings: Settings) -> Iterator[str]:
    """Every secret setting, and others that may hold one against the advice."""
    sections = [getattr(settings, name) for name in get_section_types()]
    sections += [section for name in get_array_types() for section in getattr(settings, name)]
    for section in sections:
        for key in list_secret_keys(type(section)):
            yield getattr(section, key)
    for header in settings.mqtt.websocket_headers:
        value = header.partition(":")[2].strip()
        # of "Bearer x" and "session=x; path=y" also the x alone
        yield from (value, *re.split(r"[\s=;,]+", value))
    yield settings.mqtt.websocket_path.partition("?")[2]
    yield from (value for _, value in parse_qsl(urlsplit(settings.mqtt.websocket_path).query))
    for channel in settings.notifications:
        yield from channel.command[1:]
        # of "--token=x" and "TOKEN=x program" also the x alone
        yield from (word.partition("=")[2] for part in channel.command for word in part.split())


def _list_variable_secrets(env: Mapping[str, str]) -> Iterator[str]:
    """Values of the variables that hold a secret, whether or not the settings can be used."""
    names = {
        format_variable(name, key)
        for name, kind in get_section_types().items()
        for key in list_secret_keys(kind)
    }
    # of a repeated section the variable's name has the section's own name in its middle
    ends = {
        (format_variable(name, ""), format_variable(name, key).removeprefix(format_variable(name, "")))
        for name, kind in get_array_types().items()
        for key in list_secret_keys(kind)
    }
    for variable, value in env.items():
        is_repeated = any(variable.startswith(start) and variable.endswith(end) for start, end in ends)
        if variable in names or is_repeated or variable == "PGPASSWORD":
            yield value


def _describe_versions() -> str:
    packages = sorted((f"{each.name}=={each.version}" for each in metadata.distributions()), key=str.casefold)
    lines = [f"Python {sys.version}", platform.platform(), f"locale {sys.getfilesystemencoding()}"]
    return "\n".join([*lines, "", *packages, ""])


def _list_variables(env: Mapping[str, str]) -> str:
    """Names only: the values may be secrets."""
    prefixes = ("DOSING_", "PG", "TEXTUAL_", "LC_", "LANG", "TERM", "COLORTERM", "NO_COLOR", "TZ", "SSH_")
    return "\n".join([*sorted(name for name in env if name.startswith(prefixes)), ""])


def _read_log(log_file: Path) -> str:
    try:
        with log_file.open("rb") as stream:
            begin = max(0, log_file.stat().st_size - LOG_BYTES)
            stream.seek(begin)
            if begin:
                stream.readline()  # the rest of a line may have the rest of a secret
            return stream.read().decode("utf-8", "replace")
    except OSError as error:
        return f"{log_file}: {error.strerror}\n"
