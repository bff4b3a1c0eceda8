"""Grants on the guide's relations, and the plant's views over them: read, then restored."""

from collections.abc import Iterator, Sequence
from typing import LiteralString

import psycopg
from msgspec import Struct
from psycopg.sql import SQL, Composable, Identifier

from dosing_tui.database import sql_files
from dosing_tui.database.connection import Session, fetch_row, select_rows
from dosing_tui.database.legacy_import.legacy_schema import (
    ADDED_COLUMNS,
    HOURLY_AGGREGATE,
    HOURLY_COLUMNS,
    LATEST_VIEW,
    LEVELS,
    TABLES,
)
from dosing_tui.database.legacy_import.table_layout import OldColumn, TableLayout
from dosing_tui.errors import DatabaseAccessError

READER_RELATIONS = (
    *(table.name for table in TABLES),
    LATEST_VIEW,
    HOURLY_AGGREGATE,
    "inventory_latest",
    "device_last_seen",
    "dosing_rollup_15m",
    "dosing_rollup_6h",
    "plant_rollup",
    "batch_rollup",
    "pump_rollup",
    "pump_targets",
    "pump_use",
    "service_log",
    "service_entries",
    "batches",
    "batch_lots",
    "dosing_hourly_history",
    "rejected_messages",
    "spool_progress",
    "legacy_import_rejects",
    "operator_notes",
    "material_entries",
    "alarm_journal",
)
"""Relations that a reader of the guide's doses may read: all that dashboards and consoles display."""

WRITER_COLUMNS = {
    "operator_notes": ("at", "text", "author", "os_user", "device_id"),
    "alarm_journal": (
        "uuid", "site", "rule", "device_id", "item", "event", "at", "received_at", "priority", "rule_version",
        "message", "value", "limit_value", "latching", "active", "occurrence", "until", "author", "os_user",
        "comment",
    ),
}  # fmt: skip
"""Columns that a writer of the guide's doses may insert; the server sets the others."""


class RelationGrant(Struct, frozen=True):
    """One right on one relation, or on one column of it; an empty grantee is PUBLIC."""

    schema: str
    relation: str
    column_name: str
    privilege: str
    grantee: str
    grantable: bool


class DependentView(Struct, frozen=True):
    """One of the plant's views, with all that is needed to create it again."""

    schema: str
    name: str
    kind: str
    oid: int
    definition: str
    options: list[str]
    owner: str


class GrantsAndViews(Struct, frozen=True):
    grants: tuple[RelationGrant, ...]
    views: tuple[DependentView, ...]
    readers: tuple[str, ...]


NOTHING = GrantsAndViews((), (), ())


def read_dependents(session: Session, relations: Sequence[int]) -> GrantsAndViews:
    """Grants and views of these relations (oids).

    Raises: DatabaseAccessError, if a materialized view depends on them.
    """
    oids = {"relations": list(relations)}
    views = select_rows(session, DependentView, "legacy_import/select_dependent_views", oids)
    for view in views:
        if view.kind != "v":
            raise DatabaseAccessError(
                f"The materialized view {view.schema}.{view.name} is built on the guide's tables:"
                " drop it, migrate, and make it again."
            )
    granted = {"relations": [*relations, *(view.oid for view in views)]}
    grants = select_rows(session, RelationGrant, "legacy_import/select_grants", granted)
    readers = session.execute(sql_files.read_statement("legacy_import/select_readers"), oids).fetchall()
    return GrantsAndViews(tuple(grants), tuple(views), tuple(name for (name,) in readers))


def drop_views(session: Session, dependents: GrantsAndViews) -> None:
    for view in reversed(dependents.views):
        session.execute(SQL("DROP VIEW {}").format(Identifier(view.schema, view.name)))


def restore_dependents(session: Session, dependents: GrantsAndViews) -> None:
    """Create the views again on the new tables, and restore all rights.

    Raises: DatabaseAccessError, if a view does not fit the new tables.
    """
    for view in dependents.views:
        try:
            _restore_view(session, view)
        except psycopg.ProgrammingError as error:
            raise _create_view_error(view, error) from error
    for grant in dependents.grants:
        if not grant.column_name or _has_column(session, grant):
            _restore_grant(session, grant)
    for reader in dependents.readers:
        for relation in READER_RELATIONS:
            _restore_grant(session, RelationGrant("public", relation, "", "SELECT", reader, grantable=False))
    for grant in dependents.grants:
        if (grant.relation, grant.column_name, grant.privilege) == ("dosing_consumption", "", "INSERT"):
            for right in _list_writer_grants(grant.grantee):
                _restore_grant(session, right)


def try_views(session: Session, views: Sequence[DependentView], layouts: Sequence[TableLayout]) -> None:
    """Create the views on temporary tables with the new tables' columns, and undo it.

    Without the right to create temporary tables nothing is tried.

    Raises: DatabaseAccessError, if a view does not fit the new tables.
    """
    if not views or not _may_create_temporary_tables(session):
        return
    with session.transaction(force_rollback=True):
        for name, columns in _list_new_columns(layouts).items():
            definition = SQL(", ").join(
                SQL("{} {}").format(Identifier(column), SQL(kind)) for column, kind in columns.items()
            )
            session.execute(SQL("CREATE TEMPORARY TABLE {} ({})").format(Identifier(name), definition))
        for view in views:
            template = SQL("CREATE TEMPORARY VIEW {} AS {}")
            try:
                session.execute(template.format(Identifier(view.name), SQL(view.definition)))
            except psycopg.errors.DuplicateTable:  # of the same name in another schema
                return
            except psycopg.ProgrammingError as error:
                raise _create_view_error(view, error) from error


def _may_create_temporary_tables(session: Session) -> bool:
    found = session.execute(
        "SELECT has_database_privilege(current_database(), 'TEMPORARY')"
        " AND current_setting('transaction_read_only') = 'off'"
    )
    return fetch_row(found) == (True,)


def _list_new_columns(layouts: Sequence[TableLayout]) -> dict[str, dict[str, LiteralString]]:
    """Relation -> column -> type, of what views of the plant can be built on."""
    found = {
        layout.table.name: {
            **{column.name: column.type for column in layout.table.columns},
            **ADDED_COLUMNS,
            **{column.name: column.type for column in layout.extra_columns},
        }
        for layout in layouts
    }
    levels = {column.name: column.type for column in LEVELS.columns}
    return {**found, LATEST_VIEW: levels, HOURLY_AGGREGATE: dict(HOURLY_COLUMNS)}


def _create_view_error(view: DependentView, error: psycopg.Error) -> DatabaseAccessError:
    return DatabaseAccessError(
        f"The view {view.schema}.{view.name} cannot be made again on the new tables"
        f" ({error.diag.message_primary}): drop it, migrate, and make it again."
    )


def _list_writer_grants(grantee: str) -> Iterator[RelationGrant]:
    for relation, columns in WRITER_COLUMNS.items():
        yield RelationGrant("public", relation, "", "SELECT", grantee, grantable=False)
        for column in columns:
            yield RelationGrant("public", relation, column, "INSERT", grantee, grantable=False)


def _restore_view(session: Session, view: DependentView) -> None:
    name = Identifier(view.schema, view.name)
    # the definition and the options are the server's own text
    session.execute(SQL("CREATE VIEW {} AS {}").format(name, SQL(view.definition)))
    for option in view.options:
        session.execute(SQL("ALTER VIEW {} SET ({})").format(name, SQL(option)))
    session.execute(SQL("ALTER VIEW {} OWNER TO {}").format(name, Identifier(view.owner)))


def _has_column(session: Session, grant: RelationGrant) -> bool:
    """A column of Telegraf's own layout, e.g. tag_id, is not in the new table."""
    columns = select_rows(
        session, OldColumn, "legacy_import/select_columns", {"relation": f"{grant.schema}.{grant.relation}"}
    )
    return grant.column_name in {column.name for column in columns}


def _restore_grant(session: Session, grant: RelationGrant) -> None:
    column = SQL(" ({})").format(Identifier(grant.column_name)) if grant.column_name else SQL("")
    grantee: Composable = Identifier(grant.grantee) if grant.grantee else SQL("PUBLIC")
    session.execute(
        SQL("GRANT {}{} ON {} TO {}{}").format(
            SQL(grant.privilege),
            column,
            Identifier(grant.schema, grant.relation),
            grantee,
            SQL(" WITH GRANT OPTION") if grant.grantable else SQL(""),
        )
    )
