"""Grants on the guide's relations, and the plant's views over them: read, then restored."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import psycopg
from psycopg.sql import SQL, Composable, Identifier

from dosing_tui.database import sql_files
from dosing_tui.database.connection import Session, select_rows
from dosing_tui.database.legacy_import.legacy_schema import HOURLY_AGGREGATE, LATEST_VIEW, TABLES
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
    "batches",
    "dosing_hourly_history",
    "rejected_messages",
    "spool_progress",
    "legacy_import_rejects",
    "operator_notes",
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


@dataclass(frozen=True, slots=True)
class RelationGrant:
    """One right on one relation, or on one column of it; an empty grantee is PUBLIC."""

    schema: str
    relation: str
    column_name: str
    privilege: str
    grantee: str
    grantable: bool


@dataclass(frozen=True, slots=True)
class DependentView:
    """One of the plant's views, with all that is needed to create it again."""

    schema: str
    name: str
    kind: str
    oid: int
    definition: str
    options: list[str]
    owner: str


@dataclass(frozen=True, slots=True)
class GrantsAndViews:
    grants: tuple[RelationGrant, ...]
    views: tuple[DependentView, ...]
    readers: tuple[str, ...]


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
            raise DatabaseAccessError(
                f"The view {view.schema}.{view.name} cannot be made again on the new tables"
                f" ({error.diag.message_primary}): drop it, migrate, and make it again."
            ) from error
    for grant in dependents.grants:
        _restore_grant(session, grant)
    for reader in dependents.readers:
        for relation in READER_RELATIONS:
            _restore_grant(session, RelationGrant("public", relation, "", "SELECT", reader, grantable=False))
    for grant in dependents.grants:
        if (grant.relation, grant.column_name, grant.privilege) == ("dosing_consumption", "", "INSERT"):
            for right in _list_writer_grants(grant.grantee):
                _restore_grant(session, right)


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
