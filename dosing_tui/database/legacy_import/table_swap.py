"""Renames the guide's relations and registers them for copying.

``rename_legacy_tables`` and ``register_imports`` run in the transaction that creates the schema: no writer
finds a name missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.sql import SQL, Identifier

from dosing_tui.database import sql_files
from dosing_tui.database.connection import Session, select_rows
from dosing_tui.database.legacy_import import grants_and_views
from dosing_tui.database.legacy_import.copy_statements import CopyPlan, OldColumn
from dosing_tui.database.legacy_import.grants_and_views import GrantsAndViews
from dosing_tui.database.legacy_import.legacy_schema import (
    ADDED_COLUMNS,
    HOURLY_AGGREGATE,
    HOURLY_COLUMNS,
    LATEST_VIEW,
    TABLES,
    LegacyTable,
    get_legacy_name,
)
from dosing_tui.errors import DatabaseAccessError


@dataclass(frozen=True, slots=True)
class LegacyRelation:
    """One of the guide's relations in this database. ``kind`` is pg_class.relkind."""

    name: str
    kind: str
    oid: int
    secured: bool
    triggers: list[str]


@dataclass(frozen=True, slots=True)
class TableSwap:
    """The renamed relations that hold rows, and what is restored afterwards."""

    table_names: tuple[str, ...]
    extra_columns: dict[str, tuple[OldColumn, ...]]
    dependents: GrantsAndViews


def list_legacy_relations(session: Session) -> list[LegacyRelation]:
    """The guide's relations in a database without our schema; none without one of its tables."""
    relations = select_rows(session, LegacyRelation, "legacy_import/select_legacy_relations")
    names = {table.name for table in TABLES}
    return relations if any(relation.name in names for relation in relations) else []


def list_copy_names(relations: Sequence[LegacyRelation]) -> tuple[str, ...]:
    """Names of the relations whose rows are to be copied."""
    return tuple(relation.name for relation in relations if relation.name != LATEST_VIEW)


def rename_legacy_tables(
    session: Session, relations: Sequence[LegacyRelation], *, has_timescale: bool
) -> TableSwap:
    """Rename relations with rows, drop views.

    Raises: DatabaseAccessError, if the tables are not the guide's; nothing is changed then.
    """
    tables = [table for table in TABLES if table.name in {relation.name for relation in relations}]
    for table in tables:
        session.execute(SQL("LOCK TABLE {}").format(Identifier(table.name)))
    aggregate = has_timescale and _has_legacy_aggregate(session)
    for relation in relations:
        _check_relation(relation, is_table=relation.name not in (LATEST_VIEW, HOURLY_AGGREGATE))
    extra = {table.name: _find_extra_columns(session, table) for table in tables}
    carried = grants_and_views.read_dependents(session, [relation.oid for relation in relations])
    grants_and_views.drop_views(session, carried)
    if has_timescale:
        session.execute(sql_files.read_statement("legacy_import/delete_jobs"))
    _drop_if_view(session, relations, LATEST_VIEW)
    holding = _rename_hourly_aggregate(session, relations, is_aggregate=aggregate)
    for table in tables:
        session.execute(
            SQL("ALTER TABLE {} RENAME TO {}").format(Identifier(table.name), Identifier(table.legacy_name))
        )
    return TableSwap((*(table.name for table in tables), *holding), extra, carried)


def register_imports(session: Session, swap: TableSwap) -> None:
    """Restore extra columns, views and rights; register the tables to copy."""
    for table, columns in swap.extra_columns.items():
        for column in columns:
            # the type is the server's own text
            session.execute(
                SQL("ALTER TABLE {} ADD COLUMN {} {}").format(
                    Identifier(table), Identifier(column.name), SQL(column.type)
                )
            )
    grants_and_views.restore_dependents(session, swap.dependents)
    for name in swap.table_names:
        session.execute(
            "INSERT INTO legacy_imports (table_name, old_name) VALUES (%s, %s)", (name, get_legacy_name(name))
        )


def create_copy_plan(session: Session, table: LegacyTable) -> CopyPlan:
    """How the renamed table is read."""
    columns = _select_columns(session, table.legacy_name)
    guides = {column.name for column in table.columns}
    return CopyPlan(
        table,
        existing_columns=frozenset(column.name for column in columns) & guides,
        extra_columns=tuple(column.name for column in columns if column.name not in guides),
    )


def _select_columns(session: Session, relation: str) -> list[OldColumn]:
    parameters = {"relation": f"public.{relation}"}
    return select_rows(session, OldColumn, "legacy_import/select_columns", parameters)


def _find_extra_columns(session: Session, table: LegacyTable) -> tuple[OldColumn, ...]:
    """Columns that are not the guide's (Telegraf adds a column for each tag).

    Raises: DatabaseAccessError, if a column of the guide is missing or has another type, or a name is taken.
    """
    columns = {column.name: column for column in _select_columns(session, table.name)}
    for column in table.columns:
        old = columns.pop(column.name, None)
        if old is None and column.is_required:
            raise DatabaseAccessError(
                f"The table {table.name} has no column {column.name}: it is not the guide's."
            )
        category = {"text": None, "timestamptz": "D"}.get(column.type, "N")
        if old is not None and category not in (None, old.category):
            raise DatabaseAccessError(
                f"The column {column.name} of {table.name} is {old.type}, which cannot become {column.type}."
            )
    taken = [name for name in ADDED_COLUMNS if name in columns]
    if taken:
        raise DatabaseAccessError(
            f"The table {table.name} has a column {taken[0]} of its own: rename or drop it."
        )
    return tuple(columns.values())


def _check_relation(relation: LegacyRelation, *, is_table: bool) -> None:
    """Raises: DatabaseAccessError, if a copy would lose a property of the relation."""
    name = relation.name
    if is_table and relation.kind not in ("r", "p"):
        raise DatabaseAccessError(f"{name} is not a table: it cannot be imported.")
    if relation.secured:
        raise DatabaseAccessError(
            f"The table {name} has row security, which would be lost: drop it, then migrate."
        )
    if relation.triggers:
        raise DatabaseAccessError(
            f"The table {name} has a trigger {relation.triggers[0]} of its own, which would be lost:"
            " drop it, migrate, and make it again."
        )


def _has_legacy_aggregate(session: Session) -> bool:
    """Is the hourly relation a continuous aggregate?

    Raises: DatabaseAccessError, if another one is built on the tables.
    """
    rows = session.execute(sql_files.read_statement("legacy_import/select_aggregates")).fetchall()
    for name, guides in rows:
        if not guides:
            raise DatabaseAccessError(
                f"The continuous aggregate {name} is built on the guide's tables: drop it, then migrate."
            )
    return bool(rows)


def _rename_hourly_aggregate(
    session: Session, relations: Sequence[LegacyRelation], *, is_aggregate: bool
) -> tuple[str, ...]:
    """Rename the guide's aggregate, or a table or materialized view in its place; drop a view."""
    kinds = {relation.name: relation.kind for relation in relations}
    if HOURLY_AGGREGATE not in kinds:
        return ()
    if not is_aggregate and kinds[HOURLY_AGGREGATE] == "v":
        _drop_if_view(session, relations, HOURLY_AGGREGATE)
        return ()
    missing = set(HOURLY_COLUMNS) - {column.name for column in _select_columns(session, HOURLY_AGGREGATE)}
    if missing:
        raise DatabaseAccessError(
            f"{HOURLY_AGGREGATE} has no column {min(missing)}: it is not the guide's; rename or drop it."
        )
    kind = SQL("MATERIALIZED VIEW") if is_aggregate or kinds[HOURLY_AGGREGATE] == "m" else SQL("TABLE")
    session.execute(
        SQL("ALTER {} {} RENAME TO {}").format(
            kind, Identifier(HOURLY_AGGREGATE), Identifier(get_legacy_name(HOURLY_AGGREGATE))
        )
    )
    return (HOURLY_AGGREGATE,)


def _drop_if_view(session: Session, relations: Sequence[LegacyRelation], name: str) -> None:
    for relation in relations:
        if relation.name == name and relation.kind != "v":
            raise DatabaseAccessError(f"{name} is not a view: it cannot be imported; rename or drop it.")
        if relation.name == name:
            session.execute(SQL("DROP VIEW {}").format(Identifier(name)))
