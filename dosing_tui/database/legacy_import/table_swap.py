"""Lets the guide's relations step aside, and registers them for copying.

``put_aside`` and ``register`` run in the transaction that makes the schema, so that no writer ever finds a
name missing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from dosing_tui.database import sql_files
from dosing_tui.database.connection import Session
from dosing_tui.database.legacy_import import grants_and_views
from dosing_tui.database.legacy_import.copy_statements import OldColumn, Plan
from dosing_tui.database.legacy_import.grants_and_views import Carried
from dosing_tui.database.legacy_import.legacy_schema import (
    HOURLY,
    HOURLY_COLUMNS,
    LATEST,
    OURS,
    TABLES,
    GuideTable,
    old_name,
)
from dosing_tui.errors import DatabaseAccessError


@dataclass(frozen=True, slots=True)
class Relation:
    """One of the guide's relations as this database has it. ``kind`` is pg_class's letter."""

    name: str
    kind: str
    oid: int
    secured: bool
    triggers: list[str]


@dataclass(frozen=True, slots=True)
class Aside:
    """What stepped aside: names of relations that hold rows, and what has to come back."""

    holding: tuple[str, ...]
    extra: dict[str, tuple[OldColumn, ...]]
    carried: Carried


def found(session: Session) -> list[Relation]:
    """The guide's relations in a database that has no schema of ours yet; none without one of its tables."""
    with session.cursor(row_factory=class_row(Relation)) as cursor:
        relations = cursor.execute(sql_files.statement("schema/adoption/found")).fetchall()
    names = {table.name for table in TABLES}
    return relations if any(relation.name in names for relation in relations) else []


def holding_rows(old: Sequence[Relation]) -> tuple[str, ...]:
    """Names of those whose rows are to be copied, as far as the catalog tells."""
    return tuple(relation.name for relation in old if relation.name != LATEST)


def put_aside(session: Session, old: Sequence[Relation], *, timescale: bool) -> Aside:
    """Rename what holds rows, drop what is only a definition.

    Raises: DatabaseRefused, if the tables are not the guide's; nothing has happened then.
    """
    tables = [table for table in TABLES if table.name in {relation.name for relation in old}]
    for table in tables:
        session.execute(SQL("LOCK TABLE {}").format(Identifier(table.name)))
    aggregate = timescale and _guides_aggregate(session)
    for relation in old:
        _check(relation, is_table=relation.name not in (LATEST, HOURLY))
    extra = {table.name: _extra(session, table) for table in tables}
    carried = grants_and_views.gather(session, [relation.oid for relation in old])
    grants_and_views.drop_views(session, carried)
    if timescale:
        session.execute(sql_files.statement("schema/adoption/stop_jobs"))
    _drop_if_view(session, old, LATEST)
    holding = _put_hourly_aside(session, old, aggregate=aggregate)
    for table in tables:
        session.execute(
            SQL("ALTER TABLE {} RENAME TO {}").format(Identifier(table.name), Identifier(table.old_name))
        )
    return Aside((*(table.name for table in tables), *holding), extra, carried)


def register(session: Session, aside: Aside) -> None:
    """Once the schema stands: the extra columns, the views and rights of before, and what is to be copied."""
    for table, columns in aside.extra.items():
        for column in columns:
            # the type is the server's own text
            session.execute(
                SQL("ALTER TABLE {} ADD COLUMN {} {}").format(
                    Identifier(table), Identifier(column.name), SQL(column.type)
                )
            )
    grants_and_views.restore(session, aside.carried)
    for name in aside.holding:
        session.execute(
            "INSERT INTO adoptions (table_name, old_name) VALUES (%s, %s)", (name, old_name(name))
        )


def plan(session: Session, table: GuideTable) -> Plan:
    """How the old table, set aside before, is to be read."""
    columns = _columns(session, table.old_name)
    guides = {column.name for column in table.columns}
    return Plan(
        table,
        had=frozenset(column.name for column in columns) & guides,
        extra=tuple(column.name for column in columns if column.name not in guides),
    )


def _columns(session: Session, relation: str) -> list[OldColumn]:
    with session.cursor(row_factory=class_row(OldColumn)) as cursor:
        statement = sql_files.statement("schema/adoption/columns")
        return cursor.execute(statement, {"relation": f"public.{relation}"}).fetchall()


def _extra(session: Session, table: GuideTable) -> tuple[OldColumn, ...]:
    """Columns that are not the guide's (Telegraf adds a column for each tag).

    Raises: DatabaseRefused, if one of the guide's is missing or of another nature, or one has a name of ours.
    """
    had = {column.name: column for column in _columns(session, table.name)}
    for column in table.columns:
        old = had.pop(column.name, None)
        if old is None and column.needed:
            raise DatabaseAccessError(
                f"The table {table.name} has no column {column.name}: it is not the guide's."
            )
        wanted = {"text": None, "timestamptz": "D"}.get(column.type, "N")
        if old is not None and wanted not in (None, old.category):
            raise DatabaseAccessError(
                f"The column {column.name} of {table.name} is {old.type}, which cannot become {column.type}."
            )
    taken = [name for name in OURS if name in had]
    if taken:
        raise DatabaseAccessError(
            f"The table {table.name} has a column {taken[0]} of its own: rename or drop it."
        )
    return tuple(had.values())


def _check(relation: Relation, *, is_table: bool) -> None:
    """Raises: DatabaseRefused, if copying the rows would lose something of the relation."""
    name = relation.name
    if is_table and relation.kind not in ("r", "p"):
        raise DatabaseAccessError(f"{name} is not a table: it cannot be adopted.")
    if relation.secured:
        raise DatabaseAccessError(
            f"The table {name} has row security, which would be lost: drop it, then migrate."
        )
    if relation.triggers:
        raise DatabaseAccessError(
            f"The table {name} has a trigger {relation.triggers[0]} of its own, which would be lost:"
            " drop it, migrate, and make it again."
        )


def _guides_aggregate(session: Session) -> bool:
    """Is the hourly relation a continuous aggregate?

    Raises: DatabaseRefused, if another one is built on the tables.
    """
    rows = session.execute(sql_files.statement("schema/adoption/aggregates")).fetchall()
    for name, guides in rows:
        if not guides:
            raise DatabaseAccessError(
                f"The continuous aggregate {name} is built on the guide's tables: drop it, then migrate."
            )
    return bool(rows)


def _put_hourly_aside(session: Session, old: Sequence[Relation], *, aggregate: bool) -> tuple[str, ...]:
    """The guide's aggregate, or a table or materialized view in its place, holds rows; a view does not."""
    kinds = {relation.name: relation.kind for relation in old}
    if HOURLY not in kinds:
        return ()
    if not aggregate and kinds[HOURLY] == "v":
        _drop_if_view(session, old, HOURLY)
        return ()
    missing = set(HOURLY_COLUMNS) - {column.name for column in _columns(session, HOURLY)}
    if missing:
        raise DatabaseAccessError(
            f"{HOURLY} has no column {min(missing)}: it is not the guide's; rename or drop it."
        )
    kind = SQL("MATERIALIZED VIEW") if aggregate or kinds[HOURLY] == "m" else SQL("TABLE")
    session.execute(
        SQL("ALTER {} {} RENAME TO {}").format(kind, Identifier(HOURLY), Identifier(old_name(HOURLY)))
    )
    return (HOURLY,)


def _drop_if_view(session: Session, old: Sequence[Relation], name: str) -> None:
    for relation in old:
        if relation.name == name and relation.kind != "v":
            raise DatabaseAccessError(f"{name} is not a view: it cannot be adopted; rename or drop it.")
        if relation.name == name:
            session.execute(SQL("DROP VIEW {}").format(Identifier(name)))
