"""``dosing-tui batches list``: the batches that match a filter, as table, CSV or JSON."""

from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from dosing_tui.config.settings import GlyphMode, Settings
from dosing_tui.database.batches.queries import count_batches, list_batches
from dosing_tui.domain.batch_review.query_models import BatchFilter, BatchListQuery, BatchRow
from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.panels.panel_columns import DataColumn
from dosing_tui.domain.quantities.quantity_text import format_count
from dosing_tui.domain.time import range_parser
from dosing_tui.domain.time.shift_names import parse_shift
from dosing_tui.domain.time.time_range import RangeSpec
from dosing_tui.errors import RangeError
from dosing_tui.export.documents.file_format import FileFormat
from dosing_tui.export.table import CellValue, ExportTable
from dosing_tui.export.table_renderer import render_table

ANY_TIME_LABEL = "all times"


class BatchListResult(Struct, frozen=True):
    """``total_count``: number of matching batches; ``range_text``: the range in words."""

    rows: list[BatchRow]
    total_count: int
    range_text: str
    batch_filter: BatchFilter


_BatchColumn = tuple[DataColumn, Callable[[BatchRow], CellValue]]
TERMINAL_COLUMNS: tuple[_BatchColumn, ...] = (
    (DataColumn("batch_id", "batch"), lambda row: row.batch_id),
    (DataColumn("recipe", "recipe"), lambda row: row.recipe),
    (DataColumn("status", "status"), lambda row: row.status),
    (DataColumn("begins_at", "begin"), lambda row: row.begins_at),
    (DataColumn("doses", "doses"), lambda row: row.doses),
    (DataColumn("actual_g", "dosed", "g"), lambda row: row.actual_g),
    (DataColumn("findings", "exceptions"), lambda row: row.findings),
    (DataColumn("review_state", "review"), lambda row: row.review_state),
    (DataColumn("disposed_by", "by"), lambda row: row.reviewers or None),
)
"""The columns that fit in a terminal."""
FILE_COLUMNS: tuple[_BatchColumn, ...] = (
    (DataColumn("batch_id", "batch"), lambda row: row.batch_id),
    (DataColumn("batch_key", "batch key"), lambda row: row.batch_key),
    (DataColumn("device_id", "device id"), lambda row: row.device_id),
    (DataColumn("recipe", "recipe"), lambda row: row.recipe),
    (DataColumn("mode", "mode"), lambda row: row.mode),
    (DataColumn("recipe_version", "recipe version"), lambda row: row.recipe_version),
    (DataColumn("status", "status"), lambda row: row.status),
    (DataColumn("reason", "reason"), lambda row: row.reason),
    (DataColumn("begins_at", "begin"), lambda row: row.begins_at),
    (DataColumn("ends_at", "end"), lambda row: row.ends_at),
    (DataColumn("pumps", "announced ingredients"), lambda row: row.pumps),
    (DataColumn("doses", "doses"), lambda row: row.doses),
    (DataColumn("target_g", "target", "g"), lambda row: row.target_g),
    (DataColumn("actual_g", "dosed", "g"), lambda row: row.actual_g),
    (DataColumn("findings", "exceptions"), lambda row: row.findings),
    (DataColumn("finding_kinds", "kinds of exceptions"), lambda row: "; ".join(row.finding_kinds)),
    (DataColumn("review_state", "review"), lambda row: row.review_state),
    (DataColumn("disposed_by", "reviewed by"), lambda row: row.disposed_by or None),
    (DataColumn("disposed_at", "reviewed at"), lambda row: row.disposed_at),
    (DataColumn("confirmed_by", "confirmed by"), lambda row: row.confirmed_by or None),
    (DataColumn("last_review", "last entry"), lambda row: row.last_review or None),
    (DataColumn("record_hash", "record hash"), lambda row: row.record_hash),
)


def find_batches(settings: Settings, query: BatchListQuery, *, now: datetime) -> BatchListResult:
    """The newest ``most`` batches. Raises: RangeError, DatabaseUnavailableError, DatabaseAccessError."""
    since, until, words = _resolve_range(settings, query, now)
    which = BatchFilter(
        since, until, query.device, query.recipe, query.status,
        unreviewed=query.unreviewed, with_findings=query.exceptions, clean=query.clean,
    )  # fmt: skip
    rows = list_batches(settings, which, rows=query.most)
    return BatchListResult(rows, count_batches(settings, which).batches, words, which)


def explain_no_batches(settings: Settings, result: BatchListResult) -> str:
    """Say why the list is empty. Raises: DatabaseUnavailableError, DatabaseAccessError."""
    others = count_batches(
        settings, BatchFilter(result.batch_filter.since, result.batch_filter.until)
    ).batches
    return f"No batches: {result.range_text}. " + (
        f"Without the filter there are {format_count(others)}."
        if others
        else "No batches are stored for this range."
    )


def render_batches(
    result: BatchListResult, settings: Settings, *, format_: str, now: datetime, width: int
) -> str:
    fields = TERMINAL_COLUMNS if format_ == FileFormat.TABLE else FILE_COLUMNS
    ascii_only = settings.console.glyphs is GlyphMode.ASCII
    table = _build_table(result, fields, settings, now)
    return render_table(table, FileFormat(format_), width=width, ascii_only=ascii_only)


def _resolve_range(
    settings: Settings, query: BatchListQuery, now: datetime
) -> tuple[datetime | None, datetime | None, str]:
    zone, calendar = ZoneInfo(settings.plant.timezone), settings.calendar
    given = [bool(query.since or query.until), bool(query.range), bool(query.shift)]
    if sum(given) > 1:
        raise RangeError("Give only one of --from/--to, --range and --shift.")
    if query.until and not query.since:
        raise RangeError("--to needs --from.")
    if query.shift:
        shift = parse_shift(query.shift, now, zone, calendar)
        return shift.since, shift.until, f"{shift.name} of {shift.since.astimezone(zone):%d %b}"
    written = query.range or query.since
    if not written:
        return None, None, ANY_TIME_LABEL
    spec = RangeSpec(written, query.until)
    window = range_parser.resolve_range(spec, now, zone, calendar=calendar)
    return *window, range_parser.describe_range(spec, now, zone, calendar=calendar)


def _build_table(
    result: BatchListResult, fields: Sequence[_BatchColumn], settings: Settings, now: datetime
) -> ExportTable:
    which = result.batch_filter
    words = [
        *which.status,
        *(["unreviewed"] * which.unreviewed),
        *(["with exceptions"] * which.with_findings),
        *(["clean"] * which.clean),
    ]
    begins = [row.begins_at for row in result.rows]
    return ExportTable(
        panel="batches",
        title=", ".join(["Batches", *words]),
        unit="",
        range=result.range_text,
        since=which.since or min(begins, default=now),
        until=which.until or now,
        selection=Selection(device=which.device, recipe=which.recipe),
        generated_at=now,
        zone=ZoneInfo(settings.plant.timezone),
        columns=tuple(column for column, _ in fields),
        rows=tuple(tuple(get(row) for _, get in fields) for row in result.rows),
    )
