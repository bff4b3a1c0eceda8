"""The migrations this program has, and the record of those a database has had."""

import hashlib
from dataclasses import dataclass

from psycopg.rows import class_row

from dosing_tui.database import sql_files
from dosing_tui.database.connection import Session
from dosing_tui.database.server_flavour import ServerFlavour
from dosing_tui.errors import DatabaseAccessError


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file. ``name`` is its folder and stem, e.g. 'any/0001_tables'."""

    name: str
    text: str

    @property
    def number(self) -> int:
        return int(self.name.split("/")[1][:4])

    @property
    def checksum(self) -> str:
        """Of the text without its line ends, which a checkout may change."""
        return hashlib.sha256("\n".join(self.text.splitlines()).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class AppliedMigration:
    name: str
    checksum: str
    flavour: str


def list_migrations(flavour: ServerFlavour) -> list[Migration]:
    """Every migration that a database of this flavour gets, in order."""
    names = [
        name for folder in flavour.schema_folders for name in sql_files.list_statements(f"schema/{folder}")
    ]
    found = [Migration(name.removeprefix("schema/"), sql_files.read_statement(name)) for name in names]
    return sorted(found, key=lambda migration: migration.number)


def list_common_migrations() -> list[Migration]:
    """Those that every edition of TimescaleDB gets."""
    return [m for m in list_migrations(ServerFlavour.COMMUNITY) if m in list_migrations(ServerFlavour.APACHE)]


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
    row = session.execute("SELECT to_regclass('public.schema_migrations') IS NOT NULL").fetchone()
    return row == (True,)


def create_history_table(session: Session) -> None:
    session.execute(_CREATE_TABLE)


def list_applied(session: Session) -> list[AppliedMigration]:
    """What the database has had, in order of name; nothing if it has no schema of ours."""
    if not has_history_table(session):
        return []
    with session.cursor(row_factory=class_row(AppliedMigration)) as cursor:
        return cursor.execute(
            "SELECT name, checksum, flavour FROM schema_migrations ORDER BY name"
        ).fetchall()


def record_migration(session: Session, migration: Migration, flavour: ServerFlavour) -> None:
    session.execute(
        "INSERT INTO schema_migrations (name, checksum, flavour) VALUES (%s, %s, %s)",
        (migration.name, migration.checksum, flavour.value),
    )


def list_pending(migrations: list[Migration], applied_migrations: list[AppliedMigration]) -> list[Migration]:
    """Those still to be applied.

    Raises: DatabaseAccessError, if the database had one that is unknown here, or one that has changed since.
    """
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
