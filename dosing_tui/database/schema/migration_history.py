"""The migrations of this program, and the history of those applied to a database."""

import hashlib

from msgspec import Struct

from dosing_tui.database import sql_files
from dosing_tui.database.connection import Session, fetch_row
from dosing_tui.database.server_flavour import ServerFlavour
from dosing_tui.errors import DatabaseAccessError

LAST_BASELINE = 15
"""The last of the migrations whose objects a database of the development schema has, under other names."""
FIRST_AFTER_IMPORT = 50
"""Migrations from this number on run after the rows of an imported database were copied."""


class Migration(Struct, frozen=True):
    """One numbered file. ``name`` is its folder and stem, e.g. 'any/0001_readings'."""

    name: str
    text: str
    covers: tuple["Migration", ...] = ()
    """Migrations whose objects exist once this one was applied: they are recorded with it."""

    @property
    def number(self) -> int:
        return int(self.name.split("/")[1][:4])

    @property
    def checksum(self) -> str:
        """SHA-256 of the text with \n as line end, which a checkout may change."""
        return hashlib.sha256("\n".join(self.text.splitlines()).encode()).hexdigest()


class AppliedMigration(Struct, frozen=True):
    name: str
    checksum: str
    flavour: str


def list_migrations(flavour: ServerFlavour) -> list[Migration]:
    """All migrations of a flavour, in order."""
    names = [
        name for folder in flavour.schema_folders for name in sql_files.list_statements(f"schema/{folder}")
    ]
    found = [Migration(name.removeprefix("schema/"), sql_files.read_statement(name)) for name in names]
    return sorted(found, key=lambda migration: migration.number)


def list_common_migrations() -> list[Migration]:
    """The migrations of both editions of TimescaleDB."""
    return [m for m in list_migrations(ServerFlavour.COMMUNITY) if m in list_migrations(ServerFlavour.APACHE)]


FIRST_DEVELOPMENT_MIGRATION = "any/0001_tables"
LAST_DEVELOPMENT_MIGRATION = "any/0027_usual_durations"
"""The first and last of the 27 migrations that came before the baseline files."""
TAKEOVER = "takeover/0027_baseline_names"

_CREATE_TABLE = """
CREATE TABLE schema_migrations (
    name       text        PRIMARY KEY,
    checksum   text        NOT NULL,
    flavour    text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON schema_migrations TO PUBLIC;
"""


def has_history_table(session: Session) -> bool:
    return fetch_row(session.execute("SELECT to_regclass('public.schema_migrations') IS NOT NULL")) == (True,)


def create_history_table(session: Session) -> None:
    session.execute(_CREATE_TABLE)


def list_applied(session: Session) -> list[AppliedMigration]:
    """The applied migrations by name; empty without our schema."""
    if not has_history_table(session):
        return []
    rows = session.execute(
        r"SELECT name, checksum, flavour FROM schema_migrations WHERE name !~ '^(archive|takeover)/'"
        " ORDER BY name"
    )
    return [AppliedMigration(*row) for row in rows]


def record_migration(session: Session, migration: Migration, flavour: ServerFlavour) -> None:
    for each in (migration, *migration.covers):
        session.execute(
            "INSERT INTO schema_migrations (name, checksum, flavour) VALUES (%s, %s, %s)",
            (each.name, each.checksum, flavour.value),
        )


def list_pending(migrations: list[Migration], applied_migrations: list[AppliedMigration]) -> list[Migration]:
    """The migrations still to be applied.

    Raises: DatabaseAccessError, if an applied migration is unknown or differs.
    """
    if any(row.name == FIRST_DEVELOPMENT_MIGRATION for row in applied_migrations):
        return _list_takeover(migrations, {row.name for row in applied_migrations})
    by_name = {migration.name: migration for migration in migrations}
    for row in applied_migrations:
        migration = by_name.pop(row.name, None)
        if migration is None:
            raise DatabaseAccessError(
                f"The schema of this database is newer than this program (it holds {row.name}):"
                " update dosing-tui."
            )
        if migration.checksum != row.checksum:
            raise DatabaseAccessError(
                f"The migration {row.name} differs from the one this database was made with:"
                " use the dosing-tui that made it, or a newer release."
            )
    return [migration for migration in migrations if migration.name in by_name]


def _list_takeover(migrations: list[Migration], applied_names: set[str]) -> list[Migration]:
    """The migration that takes over a database of the development schema, then those that it does not cover.

    A database whose import of rows is unfinished has not had the policies, which come after the rows.

    Raises: DatabaseAccessError, if the database is older than the last development migration.
    """
    if LAST_DEVELOPMENT_MIGRATION not in applied_names:
        raise DatabaseAccessError(
            "The schema of this database is older than migration 27 of dosing-tui 0.1.0:"
            " migrate it with dosing-tui 0.1.0 at migration 27 first, then with this version."
        )
    covered = tuple(m for m in migrations if m.number <= LAST_BASELINE or m.name in applied_names)
    takeover = Migration(TAKEOVER, sql_files.read_statement(f"schema/{TAKEOVER}"), covered)
    return [takeover, *(migration for migration in migrations if migration not in covered)]
