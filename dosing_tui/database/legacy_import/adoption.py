"""Decides whether a database can be adopted; ``migrate`` and ``migrate --check`` both ask here."""

from collections.abc import Sequence

from msgspec import Struct

from dosing_tui.database import sql_files
from dosing_tui.database.connection import Session, select_rows
from dosing_tui.database.legacy_import import grants_and_views, table_layout
from dosing_tui.database.legacy_import.grants_and_views import NOTHING, GrantsAndViews
from dosing_tui.database.legacy_import.legacy_schema import (
    HOURLY_AGGREGATE,
    HOURLY_COLUMNS,
    LATEST_VIEW,
    TABLES,
)
from dosing_tui.database.legacy_import.table_layout import TableLayout
from dosing_tui.errors import DatabaseAccessError


class LegacyRelation(Struct, frozen=True):
    """One of the guide's relations in this database. ``kind`` is pg_class.relkind."""

    name: str
    kind: str
    oid: int
    secured: bool
    triggers: list[str]


class AdoptionPlan(Struct, frozen=True):
    """The guide's relations of a database that can be adopted; empty where there are none."""

    relations: tuple[LegacyRelation, ...] = ()
    layouts: tuple[TableLayout, ...] = ()
    dependents: GrantsAndViews = NOTHING
    has_aggregate: bool = False
    """The hourly relation is a continuous aggregate."""

    @property
    def copy_names(self) -> tuple[str, ...]:
        """Names of the relations whose rows are copied."""
        return tuple(relation.name for relation in self.relations if relation.name != LATEST_VIEW)

    @property
    def notes(self) -> tuple[str, ...]:
        """What the plant has to know before it is adopted."""
        notes = [
            f"{layout.table.name} has Telegraf's own layout: its rows become the guide's columns."
            " Telegraf can no longer write to it: turn its output off, the collector writes."
            for layout in self.layouts
            if layout.is_telegrafs
        ]
        kept = [layout.tag_table for layout in self.layouts if layout.tag_columns]
        return (*notes, *(f"The table {name} stays; nothing needs it afterwards." for name in kept))


def plan_adoption(session: Session, *, has_timescale: bool) -> AdoptionPlan:
    """What ``rename_legacy_tables`` would do in a database without our schema. Changes nothing.

    Raises: DatabaseAccessError with what to do, if the tables are not the guide's nor Telegraf's, or if an
    adoption would lose something.
    """
    relations = tuple(select_rows(session, LegacyRelation, "legacy_import/select_legacy_relations"))
    names = {relation.name for relation in relations}
    tables = [table for table in TABLES if table.name in names]
    if not tables:
        return AdoptionPlan()
    has_aggregate = has_timescale and _has_legacy_aggregate(session)
    for relation in relations:
        _check_relation(relation, is_table=relation.name not in (LATEST_VIEW, HOURLY_AGGREGATE))
    _check_derived_relations(session, relations, is_aggregate=has_aggregate)
    layouts = tuple(table_layout.read_layout(session, table, table.name) for table in tables)
    for layout in layouts:
        table_layout.check_layout(session, layout, layout.table.name)
    dependents = grants_and_views.read_dependents(session, [relation.oid for relation in relations])
    grants_and_views.try_views(session, dependents.views, layouts)
    return AdoptionPlan(relations, layouts, dependents, has_aggregate)


def _check_relation(relation: LegacyRelation, *, is_table: bool) -> None:
    """Raises: DatabaseAccessError, if a copy would lose a property of the relation."""
    name = relation.name
    if is_table and relation.kind not in ("r", "p"):
        raise DatabaseAccessError(f"{name} is not a table: it cannot be imported; rename or drop it.")
    if relation.secured:
        raise DatabaseAccessError(
            f"The table {name} has row security, which would be lost: drop it, then migrate."
        )
    if relation.triggers:
        raise DatabaseAccessError(
            f"The table {name} has a trigger {relation.triggers[0]} of its own, which would be lost:"
            " drop it, migrate, and make it again."
        )


def _check_derived_relations(
    session: Session, relations: Sequence[LegacyRelation], *, is_aggregate: bool
) -> None:
    """Raises: DatabaseAccessError, if the view or the hourly aggregate are not the guide's."""
    kinds = {relation.name: relation.kind for relation in relations}
    if kinds.get(LATEST_VIEW, "v") != "v":
        raise DatabaseAccessError(f"{LATEST_VIEW} is not a view: it cannot be imported; rename or drop it.")
    if HOURLY_AGGREGATE not in kinds or (kinds[HOURLY_AGGREGATE] == "v" and not is_aggregate):
        return
    columns = table_layout.select_columns(session, HOURLY_AGGREGATE)
    if missing := set(HOURLY_COLUMNS) - {column.name for column in columns}:
        raise DatabaseAccessError(
            f"{HOURLY_AGGREGATE} has no column {min(missing)}: it is not the guide's; rename or drop it."
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
