"""Brings a database's schema up to date: numbered files, each once, under one lock."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg

from dosing_tui.config.settings import Settings
from dosing_tui.database import flavours, ledger
from dosing_tui.database.connection import UNLIMITED, connect, target
from dosing_tui.database.flavours import Flavour, Server, Session
from dosing_tui.database.ledger import Applied, Migration
from dosing_tui.database.translation import database_errors, translated
from dosing_tui.errors import DatabaseAway, DatabaseRefused

Report = Callable[[str], None]

LOCK = 0x646F73696E67
"""Key of the advisory lock: one program at a time changes the schema."""


def migrate(settings: Settings, *, report: Report) -> list[str]:
    """Apply what is missing; answers the names of what was applied.

    Raises: DatabaseAway, DatabaseRefused.
    """
    with _session(settings, "migrate") as session, _alone(session, report):
        server = flavours.ask(session)
        flavours.check(server)
        had = ledger.applied(session)
        flavour = _flavour(server, had)
        missing = ledger.missing(ledger.migrations(flavour), had)
        if missing:
            _check_rights(session, settings)
            _apply(session, settings, missing, server=server, flavour=flavour, report=report)
        return [migration.name for migration in missing]


def pending(settings: Settings) -> list[str]:
    """Names of what ``migrate`` would apply, in order; nothing if the schema is up to date.

    Raises: DatabaseAway, DatabaseRefused.
    """
    with _session(settings, "check") as session:
        server = flavours.ask(session)
        flavours.check(server)
        had = ledger.applied(session)
        flavour = _flavour(server, had)
        return [migration.name for migration in ledger.missing(ledger.migrations(flavour), had)]


def _flavour(server: Server, had: list[Applied]) -> Flavour:
    """The flavour the schema was made with, whatever the server has become since."""
    if had:
        return Flavour(had[0].flavour)
    if server.offered and not server.extension:
        return Flavour.APACHE if server.license == "apache" else Flavour.COMMUNITY
    return server.flavour


@contextmanager
def _session(settings: Settings, application: str) -> Iterator[Session]:
    with connect(settings, application=application, autocommit=True, limits=UNLIMITED) as session:
        with database_errors(target(settings)):
            session.execute("SET search_path = public")
            yield session


@contextmanager
def _alone(session: Session, report: Report) -> Iterator[None]:
    """Hold the lock; it falls with the session, too."""
    if session.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchone() != (True,):
        report("Another dosing-tui is changing the schema; waiting for it to finish.")
        session.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
    yield


def _check_rights(session: Session, settings: Settings) -> None:
    row = session.execute(
        "SELECT current_user, has_schema_privilege('public', 'CREATE'),"
        " has_database_privilege(current_database(), 'CREATE')"
    ).fetchone()
    assert row is not None
    user, schema, database = row
    if not schema:
        raise DatabaseRefused(f"User {user} may not change the schema: it lacks CREATE on schema public.")
    if not database:
        raise DatabaseRefused(
            f"User {user} may not change the schema: it lacks CREATE on database {target(settings).database}."
        )


def _apply(
    session: Session,
    settings: Settings,
    missing: list[Migration],
    *,
    server: Server,
    flavour: Flavour,
    report: Report,
) -> None:
    """All in one transaction: a database has the whole schema or nothing of it."""
    with session.transaction():
        session.execute("SET LOCAL lock_timeout = '15s'")
        if flavour is not Flavour.PLAIN and not server.extension:
            session.execute("CREATE EXTENSION timescaledb SCHEMA public")
        if not ledger.exists(session):
            ledger.create(session)
        for migration in missing:
            _run(session, settings, migration)
            ledger.record(session, migration, flavour)
            report(f"Applied {migration.name}.")


def _run(session: Session, settings: Settings, migration: Migration) -> None:
    try:
        session.execute(migration.text)
    except psycopg.Error as error:
        ours = translated(error, target(settings))
        if isinstance(ours, DatabaseAway) or error.sqlstate == "42501":
            raise ours from error
        reason = error.diag.message_primary or str(error)
        raise DatabaseRefused(
            f"The migration {migration.name} does not run on this server: {reason}."
        ) from error
