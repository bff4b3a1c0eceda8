"""Renames the guide's relations and registers them for copying.

``rename_legacy_tables`` and ``register_imports`` run in the transaction that creates the schema: no writer
finds a name missing.
"""

from collections.abc import Sequence

from msgspec import Struct
from psycopg.sql import SQL, Identifier

from dosing_tui.database import sql_files
from dosing_tui.database.connection import Session
from dosing_tui.database.legacy_import import adoption, grants_and_views
from dosing_tui.database.legacy_import.adoption import LegacyRelation
from dosing_tui.database.legacy_import.grants_and_views import GrantsAndViews
from dosing_tui.database.legacy_import.legacy_schema import HOURLY_AGGREGATE, LATEST_VIEW, get_legacy_name
from dosing_tui.database.legacy_import.table_layout import OldColumn


class TableSwap(Struct, frozen=True):
    """The renamed relations that hold rows, and what is restored afterwards."""

    table_names: tuple[str, ...]
    extra_columns: dict[str, tuple[OldColumn, ...]]
    dependents: GrantsAndViews


def rename_legacy_tables(session: Session, table_names: Sequence[str], *, has_timescale: bool) -> TableSwap:
    """Rename relations with rows, drop views. ``table_names``: the tables, to be locked before the decision.

    Raises: DatabaseAccessError, as ``plan_adoption``; nothing is changed then.
    """
    for name in table_names:
        session.execute(SQL("LOCK TABLE {}").format(Identifier(name)))
    plan = adoption.plan_adoption(session, has_timescale=has_timescale)
    grants_and_views.drop_views(session, plan.dependents)
    if has_timescale:
        session.execute(sql_files.read_statement("legacy_import/delete_jobs"))
    _drop_if_view(session, plan.relations, LATEST_VIEW)
    holding = _rename_hourly_aggregate(session, plan.relations, is_aggregate=plan.has_aggregate)
    tables = [layout.table for layout in plan.layouts]
    for table in tables:
        session.execute(
            SQL("ALTER TABLE {} RENAME TO {}").format(Identifier(table.name), Identifier(table.legacy_name))
        )
    extra = {layout.table.name: layout.extra_columns for layout in plan.layouts}
    return TableSwap((*(table.name for table in tables), *holding), extra, plan.dependents)


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
    kind = SQL("MATERIALIZED VIEW") if is_aggregate or kinds[HOURLY_AGGREGATE] == "m" else SQL("TABLE")
    session.execute(
        SQL("ALTER {} {} RENAME TO {}").format(
            kind, Identifier(HOURLY_AGGREGATE), Identifier(get_legacy_name(HOURLY_AGGREGATE))
        )
    )
    return (HOURLY_AGGREGATE,)


def _drop_if_view(session: Session, relations: Sequence[LegacyRelation], name: str) -> None:
    if any(relation.name == name for relation in relations):
        session.execute(SQL("DROP VIEW {}").format(Identifier(name)))
