"""Restores a backup into a fresh database, and proves that it equals what was saved."""

from collections.abc import Callable
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import psycopg
from msgspec.structs import replace
from psycopg import IsolationLevel
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from dosing_tui.config.settings import Settings
from dosing_tui.database.backup import client_programs, table_proof
from dosing_tui.database.backup.database_properties import PROPERTIES_FILE, apply_properties
from dosing_tui.database.backup.manifest import DUMP_FILE, BackupManifest
from dosing_tui.database.batches.audit_verify import verify_in_session
from dosing_tui.database.connection import NO_TIMEOUTS, Session, use_session
from dosing_tui.database.error_mapping import create_dsn_error
from dosing_tui.database.schema.open_rights import take_rights_from_public
from dosing_tui.database.server_flavour import detect_server
from dosing_tui.errors import BackupError, DatabaseError

if TYPE_CHECKING:
    from collections.abc import Iterator

ProgressReporter = Callable[[str], None]
APPLICATION = "restore"

_STOP_JOBS = "UPDATE _timescaledb_config.bgw_job SET scheduled = false WHERE id >= 1000"
_START_JOBS = """
SELECT alter_job(job_id, scheduled => true)
  FROM timescaledb_information.jobs
 WHERE CASE WHEN %(jobs)s::int[] IS NULL THEN job_id >= 1000 ELSE job_id = ANY (%(jobs)s) END
   AND NOT EXISTS (SELECT FROM timescaledb_information.jobs WHERE job_id >= 1000 AND scheduled)
"""


def point_to(settings: Settings, database: str) -> Settings:
    """The same server and role, another database.

    Raises: DatabaseAccessError, if the connection string cannot be read.
    """
    try:
        dsn = make_conninfo(settings.database.dsn, dbname=database)
    except psycopg.ProgrammingError as error:
        raise create_dsn_error(error) from error
    return replace(settings, database=replace(settings.database, dsn=dsn))


def restore_database(
    settings: Settings, folder: Path, manifest: BackupManifest, *, database: str, report: ProgressReporter
) -> None:
    """Restore into ``database`` of the settings' server; created if it is missing, it must be empty.

    Background jobs stay off: see ``start_jobs``.

    Raises: BackupError, DatabaseUnavailableError, DatabaseAccessError.
    """
    with _create_database(settings, manifest, database):
        target = point_to(settings, database)
        with use_session(target, application=APPLICATION, timeouts=NO_TIMEOUTS) as session:
            _check_target(session, manifest, database)
            program = client_programs.find_program(
                "pg_restore", postgresql=max(manifest.proof.postgresql, detect_server(session).postgresql)
            )
            report(f"Restoring {folder.name} into the database {database}.")
            with _restoring(session, manifest.proof.timescaledb), TemporaryDirectory() as scratch:
                entries = Path(scratch) / "entries"
                entries.write_text(_list_entries(program, folder / DUMP_FILE), encoding="utf-8")
                options = ["--exit-on-error", f"--use-list={entries}"]
                client_programs.run_program([program, *options, str(folder / DUMP_FILE)], target)
            take_rights_from_public(session, report)
            restore_properties(session, folder, manifest, database, report)
            session.execute("ANALYZE")


def _list_entries(program: str, dump: Path) -> str:
    """What to restore: all but rights on the server's own functions, which another version may not have.

    Raises: BackupError.
    """
    lines = client_programs.read_output([program, "--list", str(dump)]).splitlines(keepends=True)
    return "".join(line for line in lines if " ACL pg_catalog FUNCTION " not in line)


def restore_properties(
    session: Session, folder: Path, manifest: BackupManifest, database: str, report: ProgressReporter
) -> None:
    """The database's own owner, rights and settings; the rows are restored without them as well.

    Only of a file whose hash the manifest has: it runs with the rights of a superuser.
    """
    path = folder / PROPERTIES_FILE
    if path.name in manifest.files and (
        reason := apply_properties(session, path.read_text(encoding="utf-8"), database)
    ):
        report(
            f"Owner, rights and settings of the database {database} are not restored: {reason}."
            f" Run {path} with psql as superuser."
        )


def verify_database(settings: Settings, manifest: BackupManifest, *, database: str) -> list[str]:
    """Differences between the database and the manifest, and faults of its audit trail; none if equal.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    target = point_to(settings, database)
    with use_session(target, application=APPLICATION, autocommit=False, timeouts=NO_TIMEOUTS) as session:
        session.isolation_level = IsolationLevel.REPEATABLE_READ
        has_aggregates = manifest.scheduled_jobs is not None
        found = table_proof.measure_database(session, has_aggregates=has_aggregates)
        faults = table_proof.list_differences(manifest.proof, found)
        return faults + list(verify_in_session(session).faults)


def start_jobs(settings: Settings, manifest: BackupManifest, *, database: str) -> None:
    """TimescaleDB Community: let the jobs run again that ran when it was saved.

    Only where all are off, as ``restore_database`` leaves them: in a database in use none is switched on.
    """
    jobs = None if manifest.scheduled_jobs is None else list(manifest.scheduled_jobs)
    with use_session(point_to(settings, database), application=APPLICATION) as session:
        if detect_server(session).extension:
            session.execute(_START_JOBS, {"jobs": jobs})


@contextmanager
def _create_database(settings: Settings, manifest: BackupManifest, database: str) -> "Iterator[None]":
    """Unless it is there. One that is created here is dropped again after an error.

    Raises: BackupError, if the server lacks a role of the backup.
    """
    place = Identifier(database)
    with use_session(settings, application=APPLICATION, timeouts=NO_TIMEOUTS) as session:
        known = {name for (name,) in session.execute("SELECT rolname FROM pg_roles")}
        if missing := sorted(set(manifest.roles) - known):
            raise BackupError(
                f"The server has no role {', '.join(missing)}, which the backup needs: create it first"
                " (deploy/postgres/roles.sql)."
            )
        found = session.execute("SELECT 1 FROM pg_database WHERE datname = %s", (database,)).fetchone()
        if found is None:
            session.execute(SQL("CREATE DATABASE {} TEMPLATE template0").format(place))
    try:
        yield
    except BaseException:
        if found is None:
            with suppress(DatabaseError), use_session(settings, application=APPLICATION) as session:
                session.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(place))
        raise


def _check_target(session: Session, manifest: BackupManifest, database: str) -> None:
    if tables := table_proof.list_tables(session):
        raise BackupError(
            f"The database {database} is not empty (table {tables[0]}): name a fresh one with --database."
        )
    server, wanted = detect_server(session), manifest.proof
    if server.postgresql < wanted.postgresql:
        raise BackupError(
            f"The backup is of PostgreSQL {wanted.postgresql}, this server is older ({server.postgresql})."
        )
    if wanted.timescaledb and not server.extension:
        try:
            session.execute(SQL("CREATE EXTENSION timescaledb VERSION {}").format(wanted.timescaledb))
        except psycopg.Error as error:
            raise BackupError(
                f"The backup needs TimescaleDB {wanted.timescaledb} on the server:"
                f" {error.diag.message_primary}."
            ) from error


@contextmanager
def _restoring(session: Session, timescaledb: str) -> "Iterator[None]":
    """TimescaleDB's own steps before and after. Its jobs are off when it ends, also after an error."""
    if not timescaledb:
        yield
        return
    session.execute("SELECT timescaledb_pre_restore()")
    try:
        yield
    finally:
        if not session.closed:
            try:
                session.execute(_STOP_JOBS)
            finally:
                session.execute("SELECT timescaledb_post_restore()")
