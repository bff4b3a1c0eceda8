"""The statements that copy one slice of an old table: composed of identifiers, never of data.

A row of the old table becomes one row of ours, or one of ``legacy_import_rejects`` with the reason.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from dosing_tui.database import sql_files
from dosing_tui.database.legacy_import import table_layout
from dosing_tui.database.legacy_import.legacy_schema import LegacyColumn
from dosing_tui.database.legacy_import.table_layout import TableLayout

EARLIEST_TIME = datetime(2020, 1, 1, tzinfo=UTC)
"""The tables' own check; older times come from a clock that was never set."""

_NUMBER_RANGES = {
    "integer": (-(2**31), 2**31 - 1),
    "bigint": (-(10**12), 10**12),
    "double precision": (-1e12, 1e12),
}
"""Range of each number type, or the narrower one of the tables' checks."""

_MAX_TEXT_BYTES = 512


def reject_invalid_rows(layout: TableLayout) -> Composed:
    """Reject rows whose time is in no slice; returns their number.

    Parameters: table, sane_from, sane_until.
    """
    template = SQL(sql_files.read_statement("legacy_import/reject_invalid_times"))
    return template.format(old=layout.compose_source(layout.table.legacy_name))


def compose_slice_copy(layout: TableLayout) -> Composed:
    """Parameters: table, since, until, time_quality. Returns (read, copied, rejected, flagged)."""
    table = layout.table
    columns, extra = [column.name for column in table.columns], [c.name for c in layout.extra_columns]
    same = [SQL("i.{0} = j.{0}").format(Identifier(name)) for name in table.unique_key]
    return SQL(sql_files.read_statement("legacy_import/copy_slice")).format(
        reads=SQL(", ").join(_compose_value(column, layout) for column in table.columns),
        extra=SQL("").join(SQL("o.{}, ").format(Identifier(name)) for name in extra),
        old=layout.compose_source(table.legacy_name),
        dedup=_compose_dedup(columns),
        flags=_compose_flags(layout),
        reason=_compose_reason(layout),
        key=_join_names(table.unique_key),
        new=Identifier(table.name),
        target=_join_names([*columns, *extra, "dedup", "received_at", "time_quality", "flags"]),
        source=_join_names([*columns, *extra]),
        same=SQL(" AND ").join(same),
    )


def _join_names(names: Iterable[str]) -> Composed:
    return SQL(", ").join(Identifier(name) for name in names)


def _compose_value(column: LegacyColumn, layout: TableLayout) -> Composed:
    """The old value as the new type; NULL where it does not fit, with a reason from ``_compose_reason``.

    A fraction is rounded half to even, as in a message; where it names something, it does not fit.
    """
    name, cast = Identifier(column.name), SQL(column.type)
    old = layout.read_columns.get(column.name)
    value: Composable = SQL("o.{}").format(name)
    if old is None:
        value = SQL("NULL")
    elif column.type in _NUMBER_RANGES:
        low, high = _NUMBER_RANGES[column.type]
        whole = SQL(" AND trunc({}) = {}") if column.is_required else SQL("")
        number = table_layout.compose_number(column.name, old)
        value = SQL("CASE WHEN {0} BETWEEN {1} AND {2}{3} THEN ({0})::double precision END").format(
            number, low, high, whole.format(number, number)
        )
    read = SQL("({})::{}").format(value, cast)
    if column.has_blank_default:
        read = SQL("coalesce({}, '')").format(read)
    return SQL("{} AS {}").format(read, name)


def _compose_dedup(columns: list[str]) -> Composed:
    """A hash of the guide's columns: equal for duplicates, whatever columns Telegraf added."""
    values = SQL(", ").join(SQL("s.{}").format(Identifier(name)) for name in columns)
    return SQL("('x' || substr(md5(ROW({})::text), 1, 8))::bit(32)::int").format(values)


def _compose_flags(layout: TableLayout) -> Composed:
    """Flags of rounded fractions, with the words of a message's; NULL without any."""
    flag = SQL("CASE WHEN s.{0} IS NOT NULL AND s.{0} <> (s._whole).{0}::numeric THEN {1} END")
    flags = [
        flag.format(Identifier(column.name), Literal(f"{column.name}: coerced"))
        for column in layout.table.columns
        if column.type in ("integer", "bigint") and column.name in layout.read_columns
    ]
    return SQL("nullif(array_remove(ARRAY[{}]::text[], NULL), '{{}}')").format(SQL(", ").join(flags))


def _compose_reason(layout: TableLayout) -> Composed:
    whens = [when for column in layout.table.columns for when in _compose_checks(column, layout)]
    return SQL("CASE {} END").format(SQL(" ").join(whens))


def _compose_checks(column: LegacyColumn, layout: TableLayout) -> list[Composed]:
    name, label = Identifier(column.name), Literal(column.name)
    whens = []
    if column.name in layout.read_columns and column.type in _NUMBER_RANGES:
        whens.append(
            SQL(
                "WHEN s.{0} IS NULL AND (s._whole).{0} IS NOT NULL"
                " THEN {1} || ' is ' || left((s._whole).{0}::text, 80)"
            )
        )
    if column.is_required:
        whens.append(SQL("WHEN s.{0} IS NULL THEN {1} || ' is missing'"))
    if column.type == "text":
        whens.append(SQL("WHEN octet_length(s.{0}) > {2} THEN {1} || ' is longer than {2} bytes'"))
    return [when.format(name, label, _MAX_TEXT_BYTES) for when in whens]
