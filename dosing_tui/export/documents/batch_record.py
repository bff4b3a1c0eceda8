"""The printed record of one batch: what was made, what was wrong with it, and what people said of it."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, tzinfo

from dosing_tui import __version__
from dosing_tui.config.settings import Settings
from dosing_tui.database.batches.queries import BatchDetail, BatchRow
from dosing_tui.database.reports.batch_record import WholeBatch
from dosing_tui.domain.alarms.occurrence import Occurrence
from dosing_tui.domain.batch_review.changes_since_review import what_came, what_was_absorbed
from dosing_tui.domain.batch_review.query_models import seen_as
from dosing_tui.domain.batch_review.review_rules import NO_SIGNATURE, Review, taken_back
from dosing_tui.domain.batches.models import Batch, Ingredient, Message, Status
from dosing_tui.domain.messages.models import Dose, TimeQuality
from dosing_tui.domain.panels.operator_notes import Note
from dosing_tui.domain.time.shift_calendar import ShiftCalendar
from dosing_tui.export.documents.document import (
    Block,
    Document,
    Row,
    Section,
    Signatures,
    Table,
    facts,
    headings,
    said,
)
from dosing_tui.export.documents.formatting import UNKNOWN, clock, day_and_clock, fixed, length, span, stamp

_VERDICTS = {True: "ok", False: "OUT", None: "unknown"}


def batch_record(whole: WholeBatch, settings: Settings, *, now: datetime, zone: tzinfo) -> Document:
    """``now`` is when it is printed."""
    detail = whole.detail
    row, batch = detail.row, detail.batch
    sections = (
        Section("Batch", (_header(detail, settings.calendar, zone),)),
        Section("Ingredients (masses in g)", _ingredients(detail)),
        Section("Exceptions", (_exceptions(detail),)),
        Section("Course", (_course(batch, zone),)),
        Section("Stock (g)", (_stock(batch),)),
        Section("Alarms active during the batch", (_alarms(whole.alarms, zone),)),
        Section("Operators' notes", (_notes(whole.notes, zone),)),
        Section("Quality of times and data", _quality(batch)),
        Section("Reviews", _reviews(detail, zone)),
        Section("Integrity", (_integrity(detail),)),
        Section("Signed on paper", (Signatures(("Reviewed by", "Approved by")),)),
    )
    return Document(
        title="Batch record",
        name=row.batch_id,
        plant=settings.plant.name,
        sections=sections,
        foot=f"{row.batch_id}, record {row.record_hash[:16]}, printed {stamp(now, zone)}"
        f" ({settings.plant.timezone}) by dosing-tui {__version__}",
    )


def _header(detail: BatchDetail, calendar: ShiftCalendar, zone: tzinfo) -> Block:
    row, batch = detail.row, detail.batch
    shift = calendar.this_shift(batch.begins_at, zone)
    good = batch.status is Status.COMPLETE
    version = detail.judged.recipe_version
    return facts(
        ("Recipe", batch.recipe or "not said"),
        ("Recipe master", f"version {version}" if version else "none: targets are the station's own"),
        ("Mode", batch.mode or "not said"),
        ("Station", batch.device_id),
        ("Status", f"{batch.status}: {batch.reason}" if batch.reason else batch.status.value, not good),
        ("Review", _stands(row), row.review_state in ("outdated", "rejected")),
        ("Begin", stamp(batch.begins_at, zone)),
        ("End", stamp(batch.ends_at, zone) if batch.ends_at else "under way"),
        ("Duration", span(batch.seconds)),
        ("Shift", shift.name if shift else "none"),
        ("Ingredients", f"{len(batch.ingredients)} dosed, {_said(batch.pumps)} announced"),
    )


def _stands(row: BatchRow) -> str:
    """How it stands with its reviewers, and who they are."""
    return f"{row.review_state} ({row.reviewers})" if row.disposed_by else row.review_state


def _said(number: int | None) -> str:
    return "not" if number is None else str(number)


def _ingredients(detail: BatchDetail) -> tuple[Block, ...]:
    batch, bands = detail.batch, detail.judged.bands
    rows = [_ingredient(each, *band) for each, band in zip(batch.ingredients, bands, strict=True)]
    if len(rows) > 1:
        rows.append(_total(detail))
    titles = headings(
        "Chemical", ">Pump", ">Target", ">Actual", ">Error", ">Error %", ">Tol.", ">Time s", ">g/s", "Verdict"
    )
    return (Table(titles, tuple(rows), "Nothing was dosed."),)


def _ingredient(what: Ingredient, tolerance_g: float | None, within: bool | None) -> Row:
    seconds = None if what.duration_ms is None else what.duration_ms / 1000
    flow = None if what.actual_g is None or not seconds else what.actual_g / seconds
    cells = (
        what.chemical, str(what.pump), fixed(what.target_g), fixed(what.actual_g),
        fixed(what.error_g, sign=True), fixed(what.error_percent, sign=True), fixed(tolerance_g),
        fixed(seconds, 1), fixed(flow, 3), _VERDICTS[within],
    )  # fmt: skip
    return Row(cells, marked=within is not True)


def _total(detail: BatchDetail) -> Row:
    target_g, actual_g = detail.row.target_g, detail.row.actual_g
    error_g = None if target_g is None or actual_g is None else actual_g - target_g
    percent = None if error_g is None or not target_g else 100 * error_g / target_g
    cells = (
        "Total", "", fixed(target_g), fixed(actual_g), fixed(error_g, sign=True), fixed(percent, sign=True),
        "", "", "", "",
    )  # fmt: skip
    return Row(cells, total=True)


def _exceptions(detail: BatchDetail) -> Block:
    found = detail.judged.findings
    numbered = [f"{n}. {each.kind}: {each.sentence}." for n, each in enumerate(found, start=1)]
    return said(numbered, marked=True) if found else said(["None."])


def _course(batch: Batch, zone: tzinfo) -> Block:
    """Every message in the order of its time, with how long after the one before."""
    messages: list[Message] = sorted((*batch.events, *batch.doses), key=lambda each: each.time)
    rows = []
    for number, each in enumerate(messages):
        gap = length(messages[number - 1].time, each.time) if number else ""
        ours = each.time_quality is not TimeQuality.DEVICE
        quality = each.time_quality.value if ours else ""
        rows.append(Row((clock(each.time, zone), _told(each), gap, quality), marked=ours))
    return Table(headings("Time", "Message", ">After", "Time is not the station's"), tuple(rows))


def _told(message: Message) -> str:
    if isinstance(message, Dose):
        return f"{message.chemical}, pump {message.pump}: {fixed(message.actual_g)} g"
    return message.event


def _stock(batch: Batch) -> Block:
    rows = tuple(
        Row(
            (each.chemical, fixed(each.before_g), fixed(each.taken_g), fixed(each.after_g),
             fixed(each.percent_after, 1), fixed(each.lost_g, sign=True)),
        )
        for each in batch.stock
    )  # fmt: skip
    titles = headings("Chemical", ">Before", ">Dosed", ">After", ">After %", ">Not accounted for")
    return Table(titles, rows, "No tank level was told.")


def _alarms(alarms: Sequence[Occurrence], zone: tzinfo) -> Block:
    rows = tuple(
        Row(
            (day_and_clock(each.raised_at, zone), day_and_clock(each.returned_at, zone), each.priority.value,
             f"{each.key.tag}: {each.message}", _acknowledged(each, zone)),
            marked=True,
        )
        for each in alarms
    )  # fmt: skip
    return Table(headings("Raised", "Returned", "Priority", "Alarm", "Acknowledged"), rows)


def _acknowledged(alarm: Occurrence, zone: tzinfo) -> str:
    if alarm.acked_at is None:
        return "no"
    comment = f": {alarm.comment}" if alarm.comment else ""
    return f"{day_and_clock(alarm.acked_at, zone)} by {alarm.acked_by}{comment}"


def _notes(notes: Sequence[Note], zone: tzinfo) -> Block:
    rows = tuple(Row((clock(note.at, zone), note.author, note.text)) for note in notes)
    return Table(headings("Time", "Author", "Note"), rows)


def _quality(batch: Batch) -> tuple[Block, ...]:
    messages: tuple[Message, ...] = (*batch.events, *batch.doses)
    counts = Counter(message.time_quality for message in messages)
    own = counts.pop(TimeQuality.DEVICE, 0)
    kinds = "".join(f"; {count} {quality.value}" for quality, count in sorted(counts.items()))
    flags = sorted({flag for message in messages for flag in message.flags})
    return (
        facts(
            ("Times", f"{own} of {len(messages)} are the station's own{kinds}", bool(counts)),
            ("Data", "; ".join(flags) or "nothing was repaired", bool(flags)),
            ("Messages", "; ".join(batch.marks) or "fit together", bool(batch.marks)),
        ),
    )


def _reviews(detail: BatchDetail, zone: tzinfo) -> tuple[Block, ...]:
    """Printed name, date and time, meaning and reason of every review, with what its signature is."""
    told = said([*what_came(detail, zone), *what_was_absorbed(detail, zone)], marked=True)
    before = (told,) if told.lines else ()
    if not detail.reviews:
        return (*before, said(["Nobody has reviewed this batch."], marked=True))
    return (*before, *(_review(each, detail, zone) for each in detail.reviews))


def _review(review: Review, detail: BatchDetail, zone: tzinfo) -> Block:
    row, back = detail.row, taken_back(review, detail.reviews)
    same = (review.record_hash, review.judgement_hash) == (row.record_hash, row.judgement_hash)
    whose = "this record" if same else f"an earlier record, {review.record_hash[:16]}"
    if review.record_hash == row.record_hash and not same:
        whose = f"this record with other exceptions or alarms, {review.judgement_hash[:16]}"
    unsigned = review.signature == NO_SIGNATURE
    account = f"account {review.os_user or UNKNOWN}, database role {review.db_role}"
    return facts(
        (f"Entry {review.review_id}", review.meaning.upper() + (f", takes back {back}" if back else "")),
        ("Name", f"{review.who} ({account})"),
        ("Date and time", stamp(review.at, zone)),
        ("Reason", review.comment or "none given"),
        ("Signature", f"{review.signature}; it is about {whose}", unsigned or not same),
    )


def _integrity(detail: BatchDetail) -> Block:
    chain = detail.reviews[-1].hash if detail.reviews else "no review yet"
    return facts(
        ("Key", detail.row.batch_key),
        ("Hash, SHA-256", detail.row.record_hash),
        ("Exceptions' hash", detail.row.judgement_hash),
        ("To sign it", f"--record {seen_as(detail.row)}"),
        ("Audit trail", chain),
        ("Last entry", str(detail.row.last_review)),
        ("Checked by", "dosing-tui audit verify"),
    )
