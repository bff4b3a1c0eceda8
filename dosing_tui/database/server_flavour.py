"""Detects which of the three flavours a database server is."""

from enum import StrEnum

from msgspec import Struct
from psycopg.rows import class_row

from dosing_tui.database.connection import Session
from dosing_tui.errors import DatabaseAccessError


class ServerFlavour(StrEnum):
    """The value is stored with each migration: a database keeps its flavour."""

    COMMUNITY = "community"
    APACHE = "apache"
    PLAIN = "plain"

    @property
    def schema_folders(self) -> tuple[str, ...]:
        """Folders of ``sql/schema`` for this flavour."""
        return _SCHEMA_FOLDERS[self]

    @property
    def label(self) -> str:
        return _LABELS[self]


_SCHEMA_FOLDERS = {
    ServerFlavour.COMMUNITY: ("any", "timescale", "community"),
    ServerFlavour.APACHE: ("any", "timescale", "portable"),
    ServerFlavour.PLAIN: ("any", "plain", "portable"),
}
_LABELS = {
    ServerFlavour.COMMUNITY: "TimescaleDB Community",
    ServerFlavour.APACHE: "TimescaleDB Apache edition",
    ServerFlavour.PLAIN: "plain PostgreSQL",
}

MIN_POSTGRESQL = 14
MIN_TIMESCALEDB = {ServerFlavour.COMMUNITY: (2, 18), ServerFlavour.APACHE: (2, 13)}
"""2.13 brought by_range(), 2.18 the columnstore's names."""


class ServerInfo(Struct, frozen=True):
    """Versions of a database. ``extension`` is '' without TimescaleDB; ``offered``: it can be created."""

    postgresql: int
    extension: str
    license: str
    offered: bool

    @property
    def flavour(self) -> ServerFlavour:
        if not self.extension:
            return ServerFlavour.PLAIN
        return ServerFlavour.APACHE if self.license == "apache" else ServerFlavour.COMMUNITY


# The license alone proves nothing: plain PostgreSQL accepts any value of an unknown setting.
# Without the library preloaded, CREATE EXTENSION ends the session; its settings show that it is loaded.
_SERVER_QUERY = """
SELECT current_setting('server_version_num')::int / 10000 AS postgresql,
       coalesce((SELECT extversion FROM pg_extension WHERE extname = 'timescaledb'), '') AS extension,
       coalesce(current_setting('timescaledb.license', true), '') AS license,
       EXISTS (SELECT FROM pg_available_extensions WHERE name = 'timescaledb')
       AND EXISTS (SELECT FROM pg_settings WHERE name = 'timescaledb.max_background_workers') AS offered
"""


def detect_server(session: Session) -> ServerInfo:
    """Read versions and license from the server."""
    with session.cursor(row_factory=class_row(ServerInfo)) as cursor:
        (server,) = cursor.execute(_SERVER_QUERY)
    return server


def has_policies(session: Session, schema_flavour: ServerFlavour) -> bool:
    """TimescaleDB Community with its schema: jobs drop rows. Elsewhere the collector does.

    A schema of Community on a server that fell back to the Apache license has policies, but no jobs.
    """
    current = detect_server(session).flavour
    return schema_flavour is ServerFlavour.COMMUNITY and current is ServerFlavour.COMMUNITY


def check_versions(server: ServerInfo) -> None:
    """Raises: DatabaseAccessError, if PostgreSQL or TimescaleDB is too old for the schema."""
    if server.postgresql < MIN_POSTGRESQL:
        raise DatabaseAccessError(
            f"PostgreSQL {server.postgresql} is too old: the schema needs {MIN_POSTGRESQL} or newer."
        )
    oldest = MIN_TIMESCALEDB.get(server.flavour, (0, 0))
    if server.extension and _parse_version(server.extension) < oldest:
        raise DatabaseAccessError(
            f"TimescaleDB {server.extension} is too old for this schema: {oldest[0]}.{oldest[1]} or newer is"
            " needed (ALTER EXTENSION timescaledb UPDATE)."
        )


def _parse_version(text: str) -> tuple[int, ...]:
    """
    >>> _parse_version("2.19.3-dev")
    (2, 19)
    """
    return tuple(int(part) for part in text.split(".")[:2])
