"""Measures every table so that one changed, missing or added row is found."""

from msgspec import Struct
from psycopg.sql import SQL, Identifier

from dosing_tui.database.connection import Session, fetch_row, select_row, select_rows
from dosing_tui.domain.quantities.quantity_text import count_noun, format_count


class TableProof(Struct, frozen=True):
    """``digest``: sum of the hashes of all rows, in any order."""

    name: str
    rows: int
    digest: str


class AggregateTable(Struct, frozen=True):
    """The hypertable of a continuous aggregate, under the aggregate's name."""

    name: str
    schema_name: str
    table_name: str

    @property
    def identifier(self) -> Identifier:
        return Identifier(self.schema_name, self.table_name)


class DatabaseProof(Struct, frozen=True):
    """What two equal databases have in common."""

    postgresql: int
    timescaledb: str
    audit_entries: int
    audit_head: str
    tables: tuple[TableProof, ...] = ()


_SESSION_SETTINGS = {
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "search_path": "public",
}
"""A row's text depends on these."""

# two seeds: hashes of 64 bits, but each of their sums cannot be steered by one row
_PROOF_QUERY = """
SELECT count(*), concat(coalesce(sum(hashtextextended(r::text, 0)::numeric), 0), '/',
                        coalesce(sum(hashtextextended(r::text, 1)::numeric), 0))
  FROM {} AS r
"""


def measure_database(session: Session, *, has_aggregates: bool = True) -> DatabaseProof:
    """Read every row in the caller's transaction, which should be REPEATABLE READ."""
    for name, value in _SESSION_SETTINGS.items():
        session.execute("SELECT set_config(%s, %s, true)", (name, value))
    head = select_row(session, DatabaseProof, "maintenance/select_backup_head")
    assert head is not None  # a SELECT without FROM
    tables = tuple(_measure_table(session, name, Identifier(name)) for name in list_tables(session))
    if (
        head.timescaledb and has_aggregates
    ):  # hours whose doses were dropped are in the aggregate's own table only
        aggregates = select_rows(session, AggregateTable, "maintenance/select_aggregate_tables")
        tables += tuple(_measure_table(session, each.name, each.identifier) for each in aggregates)
    return DatabaseProof(head.postgresql, head.timescaledb, head.audit_entries, head.audit_head, tables)


def list_tables(session: Session) -> list[str]:
    return select_rows(session, _get_name, "maintenance/select_backup_tables")


def list_differences(expected: DatabaseProof, found: DatabaseProof) -> list[str]:
    """One sentence for each table, and for the audit trail, that is not as it was backed up."""
    by_name, known = {table.name: table for table in found.tables}, {t.name for t in expected.tables}
    faults = []
    for table in expected.tables:
        other, rows = by_name.get(table.name), format_count(table.rows)
        if other is None:
            faults.append(f"The table {table.name} is missing: it had {rows} rows.")
        elif other.rows != table.rows:
            faults.append(f"{table.name} has {count_noun(other.rows, 'row')} instead of {rows}.")
        elif other.digest != table.digest:
            faults.append(f"{table.name} has as many rows as before ({rows}), but they differ.")
    faults += [
        f"The table {table.name} is not in the backup." for table in found.tables if table.name not in known
    ]
    if (found.audit_entries, found.audit_head) != (expected.audit_entries, expected.audit_head):
        faults.append(
            f"The audit trail ends with entry {format_count(found.audit_entries)},"
            f" {found.audit_head or 'no hash'},"
            f" instead of {format_count(expected.audit_entries)}, {expected.audit_head or 'no hash'}."
        )
    return faults


def _measure_table(session: Session, name: str, relation: Identifier) -> TableProof:
    rows, digest = fetch_row(session.execute(SQL(_PROOF_QUERY).format(relation)))
    return TableProof(name, rows, digest)


def _get_name(name: str) -> str:
    return name
