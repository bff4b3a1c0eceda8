"""Brings a database's schema up to date: numbered files, each once, under one lock."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import psycopg

from dosing_tui.config.settings import LimitSettings, Settings
from dosing_tui.database import server_flavour, table_owner
from dosing_tui.database.connection import UNLIMITED, Session, connect, target
from dosing_tui.database.error_mapping import Target, database_errors, translated
from dosing_tui.database.legacy_import import finalize, progress, table_swap
from dosing_tui.database.legacy_import.table_swap import Relation
from dosing_tui.database.schema import migration_history, plant_limits
from dosing_tui.database.schema.migration_history import Migration
from dosing_tui.database.server_flavour import Flavour
from dosing_tui.errors import DatabaseAccessError, DatabaseUnavailableError

Report = Callable[[str], None]

LOCK = 0x646F73696E67
"""Key of the advisory lock: one program at a time changes the schema."""

AFTER_ADOPTION = 50
"""Migrations from this number on find the rows of an adopted database in place."""


@dataclass(frozen=True, slots=True)
class Work:
    """What separates a database from the schema of this program."""

    extension: tuple[str, ...]
    """TimescaleDB, where the server offers it to a new database."""
    flavour: Flavour
    before: tuple[Migration, ...]
    found: tuple[Relation, ...]
    """Relations of the guide that are still to step aside."""
    adopting: tuple[str, ...]
    """Tables that are to be copied, or whose copying has begun."""
    after: tuple[Migration, ...]
    rules: tuple[str, ...]
    """Rules of the plant that the settings state differently."""

    @property
    def names(self) -> list[str]:
        adoptions = [f"adopt/{name}" for name in self.adopting]
        before, after = (m.name for m in self.before), (m.name for m in self.after)
        return [*self.extension, *before, *adoptions, *after, *self.rules]


def migrate(settings: Settings, *, report: Report) -> list[str]:
    """Apply what is missing; answers the names of what was applied.

    Raises: DatabaseAway, DatabaseRefused.
    """
    meant = target(settings)
    with _session(settings, "migrate") as session, _alone(session, report):
        limits = settings.limits
        work = _work(session, limits)
        if not work.names:
            return []
        if work.extension:
            work = _with_extension(session, work, limits, report)
        table_owner.become_owner(session)
        table_owner.check_may_create(session, schema="compat" if work.flavour is Flavour.PLAIN else "")
        _make_schema(session, work, meant, report)
        finalize.adopt_rows(session, work.flavour, report)
        with session.transaction():
            _apply(session, work.after, work.flavour, meant, report)
        _keep_rules(session, limits, report)
        return work.names


def _keep_rules(session: Session, limits: LimitSettings, report: Report) -> None:
    """A new schema has the guide's rules until here."""
    differing = plant_limits.differing(session, limits)
    if plant_limits.TOLERANCE in differing:
        report(f"Counting anew which doses are out of a tolerance of {limits.tolerance_g:g} g.")
        with session.transaction():
            plant_limits.keep_tolerance(session, limits.tolerance_g)
    if plant_limits.STOCK_LOW in differing:
        report(f"Batches are told of tanks below {limits.stock_low_percent:g} % from now on.")
        plant_limits.keep_stock_low(session, limits.stock_low_percent)


def _with_extension(session: Session, work: Work, limits: LimitSettings, report: Report) -> Work:
    """What is missing once TimescaleDB is there. It is not made where the tables could not follow."""
    table_owner.become_owner(session)
    table_owner.check_may_create(session, schema="")
    session.execute("RESET ROLE")  # the owner of the tables need not be allowed to make extensions
    session.execute("CREATE EXTENSION timescaledb")
    report("Created the extension timescaledb.")
    return replace(_work(session, limits), extension=work.extension)


def pending(settings: Settings) -> list[str]:
    """Names of what ``migrate`` would apply, in order; nothing if the schema is up to date.

    Raises: DatabaseAway, DatabaseRefused.
    """
    with _session(settings, "check") as session:
        return _work(session, settings.limits).names


def _work(session: Session, limits: LimitSettings) -> Work:
    """Raises: DatabaseRefused, if this program and the database do not fit together."""
    server = server_flavour.ask(session)
    server_flavour.check(server)
    had = migration_history.applied(session)
    # its license, and with it the flavour, is known when the extension is there
    extension = ("extension/timescaledb",) if server.offered and not server.extension and not had else ()
    # a database keeps the flavour it was made with, whatever the server has become since
    flavour = Flavour(had[0].flavour) if had else server.flavour
    missing = migration_history.missing(
        migration_history.common() if extension else migration_history.migrations(flavour), had
    )
    found = () if had else tuple(table_swap.found(session))
    return Work(
        extension,
        flavour,
        before=tuple(m for m in missing if m.number < AFTER_ADOPTION),
        found=found,
        adopting=table_swap.holding_rows(found) if found else tuple(progress.unfinished(session)),
        after=tuple(m for m in missing if m.number >= AFTER_ADOPTION),
        rules=plant_limits.differing(session, limits),
    )


@contextmanager
def _session(settings: Settings, application: str) -> Iterator[Session]:
    with (
        connect(settings, application=application, autocommit=True, limits=UNLIMITED) as session,
        database_errors(target(settings)),
    ):
        session.execute("SET search_path = public")
        yield session


@contextmanager
def _alone(session: Session, report: Report) -> Iterator[None]:
    """Hold the lock; it falls with the session, too."""
    if session.execute("SELECT pg_try_advisory_lock(%s)", (LOCK,)).fetchone() != (True,):
        report("Another dosing-tui is changing the schema; waiting for it to finish.")
        session.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
    yield


def _make_schema(session: Session, work: Work, meant: Target, report: Report) -> None:
    """One transaction: a database has the whole schema or nothing of it, and no name is ever missing."""
    with session.transaction():
        session.execute("SET LOCAL lock_timeout = '15s'")
        timescale = work.flavour is not Flavour.PLAIN
        aside = table_swap.put_aside(session, work.found, timescale=timescale) if work.found else None
        if not migration_history.exists(session):
            migration_history.create(session)
        _apply(session, work.before, work.flavour, meant, report)
        if aside:
            table_swap.register(session, aside)


def _apply(
    session: Session, missing: tuple[Migration, ...], flavour: Flavour, meant: Target, report: Report
) -> None:
    for migration in missing:
        try:
            session.execute(migration.text)
        except psycopg.Error as error:
            raise _failed(migration, error, meant) from error
        migration_history.record(session, migration, flavour)
        report(f"Applied {migration.name}.")


def _failed(
    migration: Migration, error: psycopg.Error, meant: Target
) -> DatabaseUnavailableError | DatabaseAccessError:
    ours = translated(error, meant)
    if isinstance(ours, DatabaseUnavailableError) or (
        isinstance(ours, DatabaseAccessError) and error.sqlstate == "42501"
    ):
        return ours
    reason = error.diag.message_primary or str(error)
    return DatabaseAccessError(f"The migration {migration.name} does not run on this server: {reason}.")
