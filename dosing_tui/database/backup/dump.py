"""Makes a backup: one snapshot is dumped and measured, so both say the same of every row."""

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

from msgspec.structs import replace
from psycopg import IsolationLevel

from dosing_tui import __version__
from dosing_tui.database import table_owner
from dosing_tui.database.backup import client_programs, manifest, table_proof
from dosing_tui.database.backup.database_properties import PROPERTIES_FILE, render_properties
from dosing_tui.database.backup.manifest import DUMP_FILE, BackupManifest
from dosing_tui.database.backup.retention import PARTIAL_SUFFIX, hold_folder
from dosing_tui.database.connection import NO_TIMEOUTS, fetch_row, use_session
from dosing_tui.database.schema import background_jobs, migration_history
from dosing_tui.database.sql_files import read_statement
from dosing_tui.errors import BackupError, DatabaseAccessError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dosing_tui.config.settings import Settings

SPOOL_COPY = "spool.sqlite"


def back_up_database(
    settings: "Settings", target: Path, *, now: datetime, texts: Mapping[str, str], spool_file: Path | None
) -> tuple[Path, BackupManifest]:
    """Write a new folder into ``target``; return it with its manifest. It gets its name when it is complete.

    ``texts``: file name -> text to keep beside it. ``spool_file`` is copied first: what has left the spool by
    the time of the dump is in the dump.

    Raises: BackupError, DatabaseUnavailableError, DatabaseAccessError.
    """
    folder = target / f"dosing-{settings.plant.site}-{now:%Y%m%dT%H%M%SZ}"
    try:
        with _complete_folder(folder) as partial:
            if spool_file is not None and spool_file.exists():
                _copy_spool(spool_file, partial / SPOOL_COPY)
            measured, properties = _dump_and_measure(settings, partial / DUMP_FILE)
            (partial / PROPERTIES_FILE).write_text(properties, encoding="utf-8")
            for name, text in texts.items():
                (partial / name).write_text(text, encoding="utf-8")
            files = {path.name: manifest.hash_file(path) for path in sorted(partial.iterdir())}
            made = replace(measured, created_at=now, files=files)
            manifest.write_manifest(partial, made)
    except OSError as error:
        raise BackupError(f"{folder} cannot be written: {error.strerror or error}.") from error
    return folder, made


@contextmanager
def _complete_folder(folder: Path) -> "Iterator[Path]":
    """A folder for the owner alone, renamed at the end; removed after an error, with those made for it."""
    partial = folder.with_name(folder.name + PARTIAL_SUFFIX)
    missing = [parent for parent in folder.parents if not parent.exists()]
    folder.parent.mkdir(parents=True, exist_ok=True)
    if folder.exists():
        raise BackupError(f"{folder} exists already.")
    partial.mkdir(mode=0o700)
    try:
        with hold_folder(partial):
            yield partial
            for path in partial.iterdir():
                path.chmod(0o600)
                with path.open("rb") as stream:
                    os.fsync(stream.fileno())
            partial.rename(folder)
    except BaseException:
        rmtree(partial, ignore_errors=True)
        with suppress(OSError):  # somebody else has put something there
            for parent in missing:
                parent.rmdir()
        raise


def _dump_and_measure(settings: "Settings", path: Path) -> tuple[BackupManifest, str]:
    """A manifest without its files, and the properties of the database."""
    # its snapshot is the dump's: the session waits in its transaction for as long as pg_dump runs
    timeouts = replace(NO_TIMEOUTS, idle_s=0)
    with use_session(settings, application="backup", autocommit=False, timeouts=timeouts) as session:
        session.isolation_level = IsolationLevel.REPEATABLE_READ
        session.read_only = True
        (snapshot,) = fetch_row(session.execute("SELECT pg_export_snapshot()"))
        if not migration_history.list_applied(session):
            raise DatabaseAccessError("This database has no schema yet: run dosing-tui migrate.")
        table_owner.become_owner(session)
        proof = table_proof.measure_database(session)
        jobs = tuple(job.job_id for job in background_jobs.list_jobs(session) if job.is_scheduled)
        roles = tuple(
            name for (name,) in session.execute(read_statement("maintenance/select_needed_roles"), {})
        )
        properties = render_properties(session)
        program = client_programs.find_program("pg_dump", postgresql=proof.postgresql)
        command = [program, "--format=custom", f"--snapshot={snapshot}", f"--file={path}"]
        client_programs.run_program(command, settings)
    now = datetime.now(UTC)
    return BackupManifest(__version__, settings.plant.site, now, proof, {}, jobs, roles), properties


def _copy_spool(source: Path, copy: Path) -> None:
    """Raises: BackupError."""
    try:
        with (
            closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as opened,
            closing(sqlite3.connect(copy)) as target,
        ):
            opened.backup(target)
    except sqlite3.Error as error:
        raise BackupError(f"The spool {source} cannot be copied: {error}.") from error
