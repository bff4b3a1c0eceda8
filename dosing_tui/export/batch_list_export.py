"""``dosing-tui batches list``: the batches that a filter finds, as a table, CSV or JSON."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from dosing_tui.config.settings import Glyphs, Settings
from dosing_tui.database.batches.queries import BatchFilter, BatchRow, counts, listed
from dosing_tui.domain.batch_review.query_models import Wanted
from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.time import range_parser
from dosing_tui.domain.time.shift_names import named_shift
from dosing_tui.domain.time.time_range import RangeSpec
from dosing_tui.errors import RangeError
from dosing_tui.export.csv_format import to_csv
from dosing_tui.export.json_format import to_json
from dosing_tui.export.table import Cell, Column, Extract
from dosing_tui.export.text_format import to_table

ALWAYS = "all that are known"


@dataclass(frozen=True, slots=True)
class Found:
    """``all_of_them``: how many the filter finds; ``words`` is the range."""

    rows: list[BatchRow]
    all_of_them: int
    words: str
    which: BatchFilter


_Field = tuple[Column, Callable[[BatchRow], Cell]]
SHORT: tuple[_Field, ...] = (
    (Column("batch_id", "batch"), lambda row: row.batch_id),
    (Column("recipe", "recipe"), lambda row: row.recipe),
    (Column("status", "status"), lambda row: row.status),
    (Column("begins_at", "begin"), lambda row: row.begins_at),
    (Column("doses", "doses"), lambda row: row.doses),
    (Column("actual_g", "dosed", "g"), lambda row: row.actual_g),
    (Column("findings", "exceptions"), lambda row: row.findings),
    (Column("review_state", "review"), lambda row: row.review_state),
    (Column("disposed_by", "by"), lambda row: row.reviewers or None),
)
"""What a terminal has room for."""
WHOLE: tuple[_Field, ...] = (
    (Column("batch_id", "batch"), lambda row: row.batch_id),
    (Column("batch_key", "batch key"), lambda row: row.batch_key),
    (Column("device_id", "device id"), lambda row: row.device_id),
    (Column("recipe", "recipe"), lambda row: row.recipe),
    (Column("mode", "mode"), lambda row: row.mode),
    (Column("recipe_version", "recipe version"), lambda row: row.recipe_version),
    (Column("status", "status"), lambda row: row.status),
    (Column("reason", "reason"), lambda row: row.reason),
    (Column("begins_at", "begin"), lambda row: row.begins_at),
    (Column("ends_at", "end"), lambda row: row.ends_at),
    (Column("pumps", "announced ingredients"), lambda row: row.pumps),
    (Column("doses", "doses"), lambda row: row.doses),
    (Column("target_g", "target", "g"), lambda row: row.target_g),
    (Column("actual_g", "dosed", "g"), lambda row: row.actual_g),
    (Column("findings", "exceptions"), lambda row: row.findings),
    (Column("finding_kinds", "kinds of exceptions"), lambda row: "; ".join(row.finding_kinds)),
    (Column("review_state", "review"), lambda row: row.review_state),
    (Column("disposed_by", "reviewed by"), lambda row: row.disposed_by or None),
    (Column("disposed_at", "reviewed at"), lambda row: row.disposed_at),
    (Column("confirmed_by", "confirmed by"), lambda row: row.confirmed_by or None),
    (Column("last_review", "last entry"), lambda row: row.last_review or None),
    (Column("record_hash", "record hash"), lambda row: row.record_hash),
)


def find(settings: Settings, wanted: Wanted, *, now: datetime) -> Found:
    """The newest ``most`` batches. Raises: RangeError, DatabaseAway, DatabaseRefused."""
    since, until, words = _window(settings, wanted, now)
    which = BatchFilter(
        since, until, wanted.device, wanted.recipe, wanted.status,
        unreviewed=wanted.unreviewed, with_findings=wanted.exceptions,
    )  # fmt: skip
    rows = listed(settings, which, rows=wanted.most)
    return Found(rows, counts(settings, which).batches, words, which)


def why_none(settings: Settings, found: Found) -> str:
    """In a sentence. Raises: DatabaseAway, DatabaseRefused."""
    others = counts(settings, BatchFilter(found.which.since, found.which.until)).batches
    return f"No batches: {found.words}. " + (
        f"Without the filter there are {others:,}." if others else "None is known in this time."
    )


def rendered(found: Found, settings: Settings, *, format_: str, now: datetime, width: int) -> str:
    fields = SHORT if format_ == "table" else WHOLE
    what = _extract(found, fields, settings, now)
    match format_:
        case "csv":
            return to_csv(what)
        case "json":
            return to_json(what)
        case _:
            return to_table(what, width=width, ascii_only=settings.console.glyphs is Glyphs.ASCII)


def _window(
    settings: Settings, wanted: Wanted, now: datetime
) -> tuple[datetime | None, datetime | None, str]:
    zone, calendar = ZoneInfo(settings.plant.timezone), settings.calendar
    ways = [bool(wanted.since or wanted.until), bool(wanted.range), bool(wanted.shift)]
    if sum(ways) > 1:
        raise RangeError("--from and --to, --range, --shift: each names a range; choose one way.")
    if wanted.until and not wanted.since:
        raise RangeError("--to is given without --from: where does the range begin?")
    if wanted.shift:
        shift = named_shift(wanted.shift, now, zone, calendar)
        return shift.since, shift.until, f"{shift.name} of {shift.since.astimezone(zone):%d %b}"
    written = wanted.range or wanted.since
    if not written:
        return None, None, ALWAYS
    spec = RangeSpec(written, wanted.until)
    window = range_parser.resolve(spec, now, zone, calendar=calendar)
    return *window, range_parser.described(spec, now, zone, calendar=calendar)


def _extract(found: Found, fields: Sequence[_Field], settings: Settings, now: datetime) -> Extract:
    which = found.which
    words = [
        *which.status,
        *(["unreviewed"] * which.unreviewed),
        *(["with exceptions"] * which.with_findings),
    ]
    begins = [row.begins_at for row in found.rows]
    return Extract(
        panel="batches",
        title=", ".join(["Batches", *words]),
        unit="",
        range=found.words,
        since=which.since or min(begins, default=now),
        until=which.until or now,
        selection=Selection(device=which.device, recipe=which.recipe),
        generated_at=now,
        zone=ZoneInfo(settings.plant.timezone),
        columns=tuple(column for column, _ in fields),
        rows=tuple(tuple(get(row) for _, get in fields) for row in found.rows),
    )
