"""The schema of a database as text: by ``pg_dump -s`` where there is one, and by the catalogs everywhere."""

import os
import re
import shlex
import subprocess
from contextlib import suppress
from typing import LiteralString

import psycopg
from psycopg.conninfo import conninfo_to_dict

from dosing_tui.database.backup.client_programs import find_program
from dosing_tui.errors import BackupError
from tests.support.database.schema_inspection import Rows, fetch_rows
from tests.support.database_servers import PG_DUMP

_OF_SERVER = re.compile(r"\\(un)?restrict |-- Dumped |ALTER TABLE .* SET \(pg_attver=\d+\);$")
"""Differs between two databases of one server: a random key, its version, its numbers of columns."""
_OURS = """
 c.relnamespace IN ('public'::regnamespace, to_regnamespace('compat'))
 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
"""
CATALOGS: dict[str, LiteralString] = {
    "relations": f"""
        SELECT c.relname, c.relkind::text, c.relacl::text, c.reloptions::text, c.relispartition
          FROM pg_class c WHERE {_OURS} ORDER BY 1""",
    "columns": f"""
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity::text,
               a.attgenerated::text, a.attacl::text, pg_get_expr(d.adbin, d.adrelid)
          FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
          LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
         WHERE {_OURS} AND c.relkind <> 'i' ORDER BY c.relname, a.attnum""",
    "constraints": f"""
        SELECT c.relname, k.conname, pg_get_constraintdef(k.oid)
          FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE {_OURS} ORDER BY 1, 2""",
    "indexes": f"""
        SELECT c.relname, pg_get_indexdef(x.indexrelid)
          FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid WHERE {_OURS} ORDER BY 1, 2""",
    "triggers": f"""
        SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid)
          FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
         WHERE {_OURS} AND NOT t.tgisinternal ORDER BY 1, 2""",
    "views": f"""
        SELECT c.relname, pg_get_viewdef(c.oid)
          FROM pg_class c WHERE {_OURS} AND c.relkind = 'v' ORDER BY 1""",
    "functions": """
        SELECT p.oid::regprocedure::text, pg_get_functiondef(p.oid), p.proacl::text
          FROM pg_proc p
         WHERE p.pronamespace IN ('public'::regnamespace, to_regnamespace('compat'))
           AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') ORDER BY 1""",
}


def read_catalogs(dsn: str) -> dict[str, Rows]:
    """Every object of the schema as the server describes it."""
    return {kind: fetch_rows(dsn, query) for kind, query in CATALOGS.items()}


def dump_schema(dsn: str) -> list[str] | None:
    """The lines of ``pg_dump -s``; None without a pg_dump that is at least as new as the server.

    Left out: TimescaleDB's internal schemas (chunks are named by a number), and what differs between two
    databases of one server.
    """
    with psycopg.connect(dsn) as session:
        major = session.info.server_version // 10000
    command = _find_pg_dump(major)
    if command is None:
        return None
    parts = {key: str(part) for key, part in conninfo_to_dict(dsn).items() if part is not None}
    done = subprocess.run(
        [*command, "--schema-only", "--exclude-schema=_timescaledb_*", f"--dbname={parts['dbname']}",
         f"--host={parts['host']}", f"--port={parts.get('port', '5432')}", f"--username={parts['user']}"],
        capture_output=True, text=True, check=True,
        env={**os.environ, "PGPASSWORD": parts.get("password", "")},
    )  # fmt: skip
    lines = (line for line in done.stdout.splitlines() if line)
    return [line for line in lines if not _OF_SERVER.match(line)]


def _find_pg_dump(major: int) -> list[str] | None:
    if PG_DUMP:
        return shlex.split(PG_DUMP)
    with suppress(BackupError):
        return [find_program("pg_dump", postgresql=major)]
    return None
