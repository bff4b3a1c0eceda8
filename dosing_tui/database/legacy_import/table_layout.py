"""How an old table stores the guide's columns: as the guide has them, or in a layout of Telegraf's own.

Telegraf's PostgreSQL output stores tags as text columns, in a jsonb column ``tags``, or in a table of
their own (``…_tag``, joined by ``tag_id``); fields as typed columns or in a jsonb column ``fields``.
"""

from collections.abc import Iterator
from typing import Final, LiteralString

from msgspec import Struct
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from dosing_tui.database.connection import Session, fetch_row, select_rows
from dosing_tui.database.legacy_import.legacy_schema import ADDED_COLUMNS, LegacyColumn, LegacyTable
from dosing_tui.errors import DatabaseAccessError

JSON_COLUMNS: Final = ("fields", "tags")
"""Telegraf's names; a value that both have is taken from the first."""
TAG_KEY: Final = "tag_id"
_NUMBER_TYPES: Final = ("smallint", "integer", "bigint", "real", "double precision", "numeric")
WAY_FORWARD: Final = "Or rename the table and migrate: 'dosing-tui import' reads its rows from a CSV file."


class OldColumn(Struct, frozen=True):
    """A column of the old table. ``category`` is pg_type's: N number, S text, D time, U jsonb and others."""

    name: str
    type: LiteralString
    category: str

    @property
    def is_json(self) -> bool:
        return self.type in ("json", "jsonb")

    @property
    def is_number(self) -> bool:
        return self.type.partition("(")[0] in _NUMBER_TYPES

    @property
    def is_text(self) -> bool:
        return self.category == "S"


class TableLayout(Struct, frozen=True):
    """The columns of one old table, and of its table of tags if it has one."""

    table: LegacyTable
    columns: tuple[OldColumn, ...]
    tag_columns: tuple[OldColumn, ...] = ()

    @property
    def tag_table(self) -> str:
        return f"{self.table.name}_tag"

    @property
    def json_columns(self) -> tuple[str, ...]:
        """``alias.column`` pairs of the jsonb columns, in the order in which they are asked for a value."""
        found = [("m", c.name) for c in self.columns if c.is_json] + [
            ("t", c.name) for c in self.tag_columns if c.is_json
        ]
        return tuple(f"{alias}.{name}" for name in JSON_COLUMNS for alias, each in found if each == name)

    @property
    def read_columns(self) -> dict[str, OldColumn]:
        """The guide's columns as ``compose_source`` returns them; those taken from jsonb are text."""
        guides = {column.name for column in self.table.columns}
        found = {c.name: c for c in (*self.tag_columns, *self.columns) if c.name in guides}
        if self.json_columns:
            for name in guides - found.keys() - {"time"}:
                found[name] = OldColumn(name, "text", "S")
        return found

    @property
    def extra_columns(self) -> tuple[OldColumn, ...]:
        """Columns that are not the guide's; they are kept. Of jsonb: what is not taken from it."""
        taken = {column.name for column in self.table.columns} | ({TAG_KEY} if self.tag_columns else set())
        found: dict[str, OldColumn] = {}
        for column in (*self.columns, *self.tag_columns):
            if column.name not in taken:
                found.setdefault(column.name, column)
        return tuple(found.values())

    @property
    def is_telegrafs(self) -> bool:
        """Telegraf's own layout, which nobody can write to once it is the guide's."""
        texts = {column.name for column in self.table.columns if column.type == "text"}
        return bool(self.tag_columns or self.json_columns) or any(
            column.is_text for name, column in self.read_columns.items() if name not in texts
        )

    def compose_source(self, relation: str) -> Composable:
        """A FROM item that returns ``read_columns`` and ``extra_columns`` of ``relation``."""
        if not (self.tag_columns or self.json_columns):
            return Identifier(relation)
        join: Composable = SQL("")
        if self.tag_columns:
            join = SQL(" LEFT JOIN {} AS t USING ({})").format(
                Identifier(self.tag_table), Identifier(TAG_KEY)
            )
        columns = SQL(", ").join(self._compose_columns())
        return SQL("(SELECT {} FROM {} AS m{})").format(columns, Identifier(relation), join)

    def _compose_columns(self) -> Iterator[Composed]:
        own = {column.name for column in self.columns}
        tags = {column.name for column in self.tag_columns}
        for name in self.read_columns:
            if name in own or name in tags:
                yield SQL("{}.{}").format(Identifier("m" if name in own else "t"), Identifier(name))
            else:
                values = [
                    SQL("{} ->> {}").format(Identifier(*each.split(".")), Literal(name))
                    for each in self.json_columns
                ]
                yield SQL("coalesce({}) AS {}").format(SQL(", ").join(values), Identifier(name))
        guides = [column.name for column in self.table.columns]
        for column in self.extra_columns:
            value = Identifier("m" if column.name in own else "t", column.name)
            if column.is_json and column.name in JSON_COLUMNS:
                left = SQL("nullif({}::jsonb - {}::text[], '{{}}')::{} AS {}")
                yield left.format(value, Literal(guides), SQL(column.type), Identifier(column.name))
            else:
                yield SQL("{}").format(value)


def read_layout(session: Session, table: LegacyTable, relation: str) -> TableLayout:
    """The layout of ``relation``, which is the table or its new name while it is imported."""
    columns = select_columns(session, relation)
    names = {column.name for column in columns}
    layout = TableLayout(table, columns)
    if TAG_KEY in names and _exists(session, layout.tag_table):
        return TableLayout(table, columns, select_columns(session, layout.tag_table))
    return layout


def check_layout(session: Session, layout: TableLayout, relation: str) -> None:
    """Raises: DatabaseAccessError, if the rows cannot become the guide's; with what to do."""
    table, found = layout.table, layout.read_columns
    for column in table.columns:
        old = found.get(column.name)
        if old is None and column.is_required:
            hint = _describe_lost_tags(layout)
            raise DatabaseAccessError(
                f"The table {table.name} has no column {column.name}: it is not the guide's.{hint}"
                f" {WAY_FORWARD}"
            )
        if old is not None and not _can_become(old, column):
            raise DatabaseAccessError(
                f"The column {column.name} of {table.name} is {old.type}, which cannot become {column.type}."
                f"{_suggest_cast(table.name, old, column)} {WAY_FORWARD}"
            )
    extra = {column.name for column in layout.extra_columns}
    if taken := [name for name in ADDED_COLUMNS if name in extra]:
        raise DatabaseAccessError(
            f"The table {table.name} has a column {taken[0]} of its own: rename or drop it, e.g."
            f" ALTER TABLE {table.name} RENAME {taken[0]} TO own_{taken[0]}. {WAY_FORWARD}"
        )
    _check_tags(session, layout)
    _check_values(session, layout, relation)


def _can_become(old: OldColumn, column: LegacyColumn) -> bool:
    match column.type:
        case "timestamptz":
            return old.type.startswith("timestamp")
        case "text":
            return not old.is_json and not old.type.endswith("[]")
        case _:
            return old.is_number or old.is_text


def _describe_lost_tags(layout: TableLayout) -> str:
    if any(column.name == TAG_KEY for column in layout.columns) and not layout.tag_columns:
        return f" Its {TAG_KEY} belongs to a table {layout.tag_table}, which is missing."
    return ""


def _suggest_cast(table: str, old: OldColumn, column: LegacyColumn) -> str:
    if column.type == "timestamptz" and old.is_number:
        return (
            f" Convert it: ALTER TABLE {table} ALTER {column.name} TYPE timestamptz"
            f" USING to_timestamp({column.name}), divided by 1e3 for ms, 1e9 for ns."
        )
    if column.type == "timestamptz" and old.is_text:
        cast = f"USING {column.name}::timestamptz"
        return f" Convert it: ALTER TABLE {table} ALTER {column.name} TYPE timestamptz {cast}."
    return ""


_TAGS_QUERY = "SELECT count(*) = count(DISTINCT {key}) FROM {tags}"


def _check_tags(session: Session, layout: TableLayout) -> None:
    """A tag_id with two rows would double its readings."""
    if not layout.tag_columns:
        return
    query = SQL(_TAGS_QUERY).format(key=Identifier(TAG_KEY), tags=Identifier(layout.tag_table))
    if fetch_row(session.execute(query)) != (True,):
        raise DatabaseAccessError(
            f"The table {layout.tag_table} has several rows of one {TAG_KEY}: delete all but one."
        )


_VALUES_QUERY = """
SELECT NOT EXISTS (SELECT FROM {source} AS o WHERE {usable}) AND EXISTS (SELECT FROM {source} AS o WHERE true)
"""


def _check_values(session: Session, layout: TableLayout, relation: str) -> None:
    """A required column from text or jsonb without one usable value would have every row rejected."""
    for column in layout.table.columns:
        old = layout.read_columns.get(column.name)
        is_stored = any(column.name == each.name for each in layout.columns)
        if old is None or not column.is_required or column.type == "timestamptz":
            continue
        if is_stored and (old.is_number or column.type == "text"):
            continue
        usable = SQL("o.{} IS NOT NULL") if column.type == "text" else SQL("{} IS NOT NULL")
        value = Identifier(column.name) if column.type == "text" else compose_number(column.name, old)
        query = SQL(_VALUES_QUERY).format(source=layout.compose_source(relation), usable=usable.format(value))
        if fetch_row(session.execute(query)) == (True,):
            raise DatabaseAccessError(
                f"No row of {layout.table.name} has a usable {column.name}: it is not the guide's."
                f" {WAY_FORWARD}"
            )


_DECIMAL = r"^\s*[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,2})?\s*$"


def compose_number(name: str, old: OldColumn) -> Composed:
    """The column of ``o`` as a number; NULL if its text is none."""
    value = SQL("o.{}").format(Identifier(name))
    if not old.is_text:
        return value
    return SQL("CASE WHEN {0} ~ {1} AND length({0}) <= 60 THEN {0}::numeric END").format(
        value, Literal(_DECIMAL)
    )


def select_columns(session: Session, relation: str) -> tuple[OldColumn, ...]:
    parameters = {"relation": f"public.{relation}"}
    return tuple(select_rows(session, OldColumn, "legacy_import/select_columns", parameters))


def _exists(session: Session, relation: str) -> bool:
    found = session.execute("SELECT to_regclass(%s) IS NOT NULL", (f"public.{relation}",))
    return fetch_row(found) == (True,)
