"""What a database holds, asked of its catalogs: for tests that compare schemas."""

from typing import Any, LiteralString

import psycopg

from dosing_tui.database.server_flavour import ServerFlavour, detect_server

Rows = list[tuple[Any, ...]]

# Chunks, partitions and TimescaleDB's own relations are how a flavour keeps the rows, not what the schema is.
_OURS = """
 c.relnamespace = 'public'::regnamespace AND NOT c.relispartition
 AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
"""
COLUMNS: LiteralString = f"""
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid)
  FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
 WHERE {_OURS} AND c.relkind IN ('r', 'p', 'v') ORDER BY c.relname, a.attnum
"""
CHECKS: LiteralString = f"""
SELECT c.relname, k.conname, pg_get_constraintdef(k.oid)
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid WHERE {_OURS} AND k.contype = 'c' ORDER BY 1, 2
"""
# CREATE INDEX as the server writes it, less "ONLY", which marks the index of a partitioned table
INDEXES: LiteralString = f"""
SELECT c.relname, i.relname, replace(pg_get_indexdef(x.indexrelid), ' ON ONLY ', ' ON ')
  FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid
 WHERE {_OURS} ORDER BY 1, 2
"""
TRIGGERS: LiteralString = f"""
SELECT c.relname, t.tgname, p.proname, p.prosecdef
  FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_proc p ON p.oid = t.tgfoid
 WHERE {_OURS} AND NOT t.tgisinternal AND t.tgname NOT LIKE 'ts\\_%' ORDER BY 1, 2
"""


def fetch_rows(dsn: str, query: LiteralString, *parameters: object) -> Rows:
    """The answer of one query, in UTC."""
    with psycopg.connect(
        dsn, autocommit=True, options="-c TimeZone=UTC -c search_path=public,compat"
    ) as session:
        return session.execute(query, parameters or None).fetchall()


def execute_statements(dsn: str, *statements: LiteralString) -> None:
    """Each statement by itself, committed."""
    with psycopg.connect(dsn, autocommit=True) as session:
        for statement in statements:
            session.execute(statement)


def fetch_value(dsn: str, query: LiteralString, *parameters: object) -> Any:
    ((found,),) = fetch_rows(dsn, query, *parameters)
    return found


def describe_schema(dsn: str) -> dict[str, Rows]:
    """The logical schema: what every flavour has to have alike."""
    return {
        "columns": fetch_rows(dsn, COLUMNS),
        "checks": fetch_rows(dsn, CHECKS),
        "indexes": fetch_rows(dsn, INDEXES),
        "triggers": fetch_rows(dsn, TRIGGERS),
    }


def flavour_of(dsn: str) -> ServerFlavour:
    with psycopg.connect(dsn) as session:
        return detect_server(session).flavour
