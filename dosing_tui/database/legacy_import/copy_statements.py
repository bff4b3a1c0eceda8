"""The statements that copy one slice of an old table: composed of identifiers, never of data.

A row of the old table becomes one row of ours, or one of ``legacy_import_rejects`` with the reason.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from dosing_tui.database import sql_files
from dosing_tui.database.legacy_import.legacy_schema import LegacyColumn, LegacyTable

EARLIEST_TIME = datetime(2020, 1, 1, tzinfo=UTC)
"""The tables' own check; older times come from a clock that was never set."""

_NUMBER_RANGES = {
    "integer": (-(2**31), 2**31 - 1),
    "bigint": (-(10**12), 10**12),
    "double precision": (-1e12, 1e12),
}
"""Range of each number type, or the narrower one of the tables' checks."""

_MAX_TEXT_BYTES = 512


@dataclass(frozen=True, slots=True)
class OldColumn:
    """A column of the old table. ``category`` is pg_type's: N number, S text, D time, others."""

    name: str
    type: str
    category: str


@dataclass(frozen=True, slots=True)
class CopyPlan:
    """How one old table is read. ``extra_columns`` are not the guide's; they are copied, too."""

    table: LegacyTable
    existing_columns: frozenset[str]
    extra_columns: tuple[str, ...]


def reject_invalid_rows(plan: CopyPlan) -> Composed:
    """Reject rows whose time is in no slice; returns their number.

    Parameters: table, sane_from, sane_until.
    """
    template = SQL(sql_files.read_statement("legacy_import/reject_invalid_times"))
    return template.format(old=Identifier(plan.table.legacy_name))


def compose_slice_copy(plan: CopyPlan) -> Composed:
    """Parameters: table, since, until, time_quality. Returns (read, copied, rejected)."""
    columns = [column.name for column in plan.table.columns]
    same = [SQL("i.{0} = j.{0}").format(Identifier(name)) for name in plan.table.unique_key]
    return SQL(sql_files.read_statement("legacy_import/copy_slice")).format(
        reads=SQL(", ").join(_compose_value(column, plan) for column in plan.table.columns),
        extra=SQL("").join(SQL("o.{}, ").format(Identifier(name)) for name in plan.extra_columns),
        old=Identifier(plan.table.legacy_name),
        dedup=_compose_dedup(columns),
        reason=_compose_reason(plan),
        key=_join_names(plan.table.unique_key),
        new=Identifier(plan.table.name),
        target=_join_names([*columns, *plan.extra_columns, "dedup", "received_at", "time_quality"]),
        source=_join_names([*columns, *plan.extra_columns]),
        same=SQL(" AND ").join(same),
    )


def _join_names(names: Iterable[str]) -> Composed:
    return SQL(", ").join(Identifier(name) for name in names)


def _compose_value(column: LegacyColumn, plan: CopyPlan) -> Composed:
    """The old value as the new type; NULL where it does not fit, with a reason from ``_compose_reason``."""
    name, cast = Identifier(column.name), SQL(column.type)
    value: Composable = SQL("o.{}").format(name)
    if column.name not in plan.existing_columns:
        value = SQL("NULL")
    elif column.type in ("integer", "bigint"):
        low, high = _NUMBER_RANGES[column.type]
        value = SQL("CASE WHEN o.{0} BETWEEN {1} AND {2} THEN o.{0} END").format(name, low, high)
    read = SQL("({})::{}").format(value, cast)
    if column.has_blank_default:
        read = SQL("coalesce({}, '')").format(read)
    return SQL("{} AS {}").format(read, name)


def _compose_dedup(columns: list[str]) -> Composed:
    """A hash of the guide's columns: equal for duplicates, whatever columns Telegraf added."""
    values = SQL(", ").join(SQL("s.{}").format(Identifier(name)) for name in columns)
    return SQL("('x' || substr(md5(ROW({})::text), 1, 8))::bit(32)::int").format(values)


def _compose_reason(plan: CopyPlan) -> Composed:
    whens = [when for column in plan.table.columns for when in _compose_checks(column, plan)]
    return SQL("CASE {} END").format(SQL(" ").join(whens))


def _compose_checks(column: LegacyColumn, plan: CopyPlan) -> list[Composed]:
    name, label = Identifier(column.name), Literal(column.name)
    whens = []
    if column.name in plan.existing_columns and column.type in ("integer", "bigint"):
        whens.append(
            SQL(
                "WHEN s.{0} IS NULL AND (s._whole).{0} IS NOT NULL THEN {1} || ' is ' || (s._whole).{0}::text"
            )
        )
    if column.is_required:
        whens.append(SQL("WHEN s.{0} IS NULL THEN {1} || ' is missing'"))
    if column.type == "double precision":
        whens.append(SQL("WHEN s.{0} NOT BETWEEN {2} AND {3} THEN {1} || ' is ' || s.{0}::text"))
    if column.type == "text":
        whens.append(SQL("WHEN octet_length(s.{0}) > {4} THEN {1} || ' is longer than {4} bytes'"))
    low, high = _NUMBER_RANGES["double precision"]
    return [when.format(name, label, low, high, _MAX_TEXT_BYTES) for when in whens]
