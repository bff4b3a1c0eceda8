"""Databases that are cleaned after a test and used again, by then with sessions that know their catalogue."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from psycopg import sql

from tests.support.database_servers import Server, new_name
from tests.support.kept_sessions import SessionStore

TABLES: LiteralString = """
SELECT n.nspname, c.relname, pg_relation_size(c.oid)
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind = 'r' AND n.nspname NOT IN ('pg_catalog', 'information_schema')
"""
SEQUENCES: LiteralString = """
SELECT schemaname, sequencename, coalesce(last_value, start_value), last_value IS NOT NULL FROM pg_sequences
"""
OTHER_SESSIONS: LiteralString = """
SELECT count(*) FROM pg_stat_activity
 WHERE datname = current_database() AND pid <> pg_backend_pid() AND pid <> ALL (%s)
"""
CATALOGUE: LiteralString = """
SELECT 'of this database', count(*), sum(xmin::text::bigint)
  FROM (SELECT xmin FROM pg_database WHERE datname = current_database()
         UNION ALL SELECT s.xmin FROM pg_db_role_setting AS s JOIN pg_database AS d ON d.oid = s.setdatabase
                    WHERE d.datname = current_database()) AS own
 UNION ALL
SELECT 'pg_class', count(*), sum(hashtext(
       (oid, relname, relnamespace, relkind, relowner, relacl, reloptions, relnatts, relchecks, relhasrules,
        relhastriggers, relrowsecurity, relforcerowsecurity, relreplident, relpersistence)::text)::bigint)
  FROM pg_class
 UNION ALL
SELECT 'pg_namespace', count(*), sum(xmin::text::bigint)
  FROM pg_namespace
 WHERE nspname !~ '^pg_(toast_)?temp_'
"""
"""TRUNCATE writes pg_class, and the schema of the first temporary table stays: the rest is compared."""
CHANGED_BY_STATEMENTS: tuple[LiteralString, ...] = (
    "attrdef", "attribute", "cast", "collation", "constraint", "default_acl", "description", "enum",
    "event_trigger", "extension", "foreign_server", "index", "inherits", "operator",
    "partitioned_table", "policy", "proc", "publication", "rewrite", "sequence", "statistic", "statistic_ext",
    "trigger", "type",
)  # fmt: skip
"""Each other change of the schema, of rights or of the planner's statistics changes rows of these."""

Table = tuple[str, str]


@dataclass(frozen=True)
class _Original:
    """A database as it was copied from the template."""

    catalogue: list[tuple[object, ...]]
    sequences: list[tuple[str, str, int, bool]]
    contents: dict[Table, bytes]
    """Of the tables that are not empty, as COPY writes it."""


class CleanedDatabases:
    """Copies of one template; that of a test that changes the schema or leaves a session open is dropped."""

    def __init__(self, server: Server, template: str, sessions: SessionStore) -> None:
        self._server = server
        self._template = template
        self._sessions = sessions
        self._free: list[tuple[str, _Original]] = []

    @contextmanager
    def lend_database(self) -> Iterator[str]:
        """The connection string of a database that is as the template."""
        name, original = self._free.pop() if self._free else self._create_database()
        dsn = self._server.dsn_of(name)
        with self._sessions.keep_sessions(dsn):
            yield dsn
            try:
                with psycopg.connect(dsn, autocommit=True) as session:
                    is_clean = self._clean_database(session, original)
            except psycopg.Error:
                is_clean = False
        if is_clean:
            self._free.append((name, original))
        else:
            self._drop_database(name)

    def drop_databases(self) -> None:
        while self._free:
            self._drop_database(self._free.pop()[0])

    def _create_database(self) -> tuple[str, _Original]:
        name = new_name("test")
        self._server.copy_database(name, self._template)
        with psycopg.connect(self._server.dsn_of(name), autocommit=True) as session:
            contents = {
                table: _read_content(session, table) for table, size in _list_tables(session).items() if size
            }
            return name, _Original(_read_catalogue(session), session.execute(SEQUENCES).fetchall(), contents)

    def _drop_database(self, name: str) -> None:
        self._sessions.close_sessions(self._server.dsn_of(name))
        self._server.drop_database(name)

    def _clean_database(self, session: psycopg.Connection, original: _Original) -> bool:
        """Whether the database is as the template again."""
        others = session.execute(OTHER_SESSIONS, (self._sessions.list_pids(),)).fetchone()
        if others != (0,) or _read_catalogue(session) != original.catalogue:
            return False
        session.execute("SET session_replication_role = replica")  # no triggers: some refuse every change
        contents = {table: _read_content(session, table) for table in original.contents}
        changed = {table for table, content in contents.items() if content != original.contents[table]}
        used = {table for table, size in _list_tables(session).items() if size} - original.contents.keys()
        if used or changed:
            tables = sql.SQL(", ").join(sql.Identifier(*table) for table in sorted(used | changed))
            session.execute(sql.SQL("TRUNCATE {} CASCADE").format(tables))
        for table, content in original.contents.items():
            if table in changed or _read_content(session, table) != content:
                _write_content(session, table, content)
        for schema, sequence, value, is_called in original.sequences:
            session.execute("SELECT setval(format('%%I.%%I', %s::text, %s::text)::regclass, %s, %s)",
                            (schema, sequence, value, is_called))  # fmt: skip
        session.execute("RESET session_replication_role")
        return True


def _list_tables(session: psycopg.Connection) -> dict[Table, int]:
    """With their sizes in bytes."""
    return {(schema, name): size for schema, name, size in session.execute(TABLES)}


def _read_catalogue(session: psycopg.Connection) -> list[tuple[object, ...]]:
    each = (
        f"SELECT '{name}', count(*), sum(xmin::text::bigint) FROM pg_{name}" for name in CHANGED_BY_STATEMENTS
    )
    return session.execute(" UNION ALL ".join((CATALOGUE, *each))).fetchall()


def _read_content(session: psycopg.Connection, table: Table) -> bytes:
    copy = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(*table))
    with session.cursor().copy(copy) as rows:
        return b"".join(rows)


def _write_content(session: psycopg.Connection, table: Table, content: bytes) -> None:
    copy = sql.SQL("COPY {} FROM STDIN").format(sql.Identifier(*table))
    with session.cursor().copy(copy) as rows:
        rows.write(content)
