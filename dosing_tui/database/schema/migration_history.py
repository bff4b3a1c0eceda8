"""The migrations this program has, and the record of those a database has had."""

import hashlib
from dataclasses import dataclass

from psycopg.rows import class_row

from dosing_tui.database import sql_files
from dosing_tui.database.connection import Session
from dosing_tui.database.server_flavour import Flavour
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
class Applied:
    name: str
    checksum: str
    flavour: str


def migrations(flavour: Flavour) -> list[Migration]:
    """Every migration that a database of this flavour gets, in order."""
    names = [name for folder in flavour.folders for name in sql_files.listed(f"schema/{folder}")]
    found = [Migration(name.removeprefix("schema/"), sql_files.statement(name)) for name in names]
    return sorted(found, key=lambda migration: migration.number)


def common() -> list[Migration]:
    """Those that every edition of TimescaleDB gets."""
    return [m for m in migrations(Flavour.COMMUNITY) if m in migrations(Flavour.APACHE)]


_CREATE = """
CREATE TABLE schema_migrations (
    name       text        PRIMARY KEY,
    checksum   text        NOT NULL,
    flavour    text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON schema_migrations TO PUBLIC;
"""


def exists(session: Session) -> bool:
    row = session.execute("SELECT to_regclass('public.schema_migrations') IS NOT NULL").fetchone()
    return row == (True,)


def create(session: Session) -> None:
    session.execute(_CREATE)


def applied(session: Session) -> list[Applied]:
    """What the database has had, in order of name; nothing if it has no schema of ours."""
    if not exists(session):
        return []
    with session.cursor(row_factory=class_row(Applied)) as cursor:
        return cursor.execute(
            "SELECT name, checksum, flavour FROM schema_migrations ORDER BY name"
        ).fetchall()


def record(session: Session, migration: Migration, flavour: Flavour) -> None:
    session.execute(
        "INSERT INTO schema_migrations (name, checksum, flavour) VALUES (%s, %s, %s)",
        (migration.name, migration.checksum, flavour.value),
    )


def missing(known: list[Migration], had: list[Applied]) -> list[Migration]:
    """Those still to be applied.

    Raises: DatabaseRefused, if the database had one that is unknown here, or one that has changed since.
    """
    by_name = {migration.name: migration for migration in known}
    for row in had:
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
    return [migration for migration in known if migration.name in by_name]
