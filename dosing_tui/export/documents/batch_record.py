"""Builds the printed batch record: ingredients, lots, exceptions, remarks, timeline, alarms, reviews."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, tzinfo
from itertools import pairwise

from dosing_tui import __version__
from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms.occurrences import MAX_OCCURRENCES
from dosing_tui.database.operator_notes import MAX_NOTES
from dosing_tui.database.reports.batch_record import BatchRecordContent
from dosing_tui.domain.alarms.occurrence import Occurrence
from dosing_tui.domain.batch_review.changes_since_review import describe_changes, describe_merged_reviews
from dosing_tui.domain.batch_review.ingredient_ratio import compute_ratio
from dosing_tui.domain.batch_review.query_models import BatchDetail, BatchRow, format_version_tag
from dosing_tui.domain.batch_review.review_rules import NO_SIGNATURE, Review, describe_withdrawal
from dosing_tui.domain.batches.models import Batch, BatchMessage, BatchStatus, Ingredient
from dosing_tui.domain.messages.models import Dose, TimeQuality
from dosing_tui.domain.panels.operator_notes import Note
from dosing_tui.domain.quantities.quantity_text import format_change, format_decimal
from dosing_tui.domain.time.shift_calendar import ShiftCalendar
from dosing_tui.export.documents.document import (
    Document,
    DocumentBlock,
    DocumentRow,
    DocumentSection,
    DocumentTable,
    SignatureBlock,
    TextBlock,
    make_field_list,
    make_headings,
    mark_cut,
)
from dosing_tui.export.documents.formatting import (
    UNKNOWN,
    format_date_time,
    format_duration,
    format_elapsed,
    format_level_number,
    format_number,
    format_time,
    format_timestamp,
)
from dosing_tui.export.documents.lot_section import build_lot_sections

_VERDICTS = {True: "within", False: "OUT", None: "unknown"}


def build_batch_document(
    record: BatchRecordContent, settings: Settings, *, now: datetime, zone: tzinfo
) -> Document:
    """``now`` is the time of printing."""
    detail = record.detail
    row, batch = detail.row, detail.batch
    sections = (
        DocumentSection("Batch", (_build_header(detail, settings.calendar, zone),)),
        DocumentSection("Ingredients (masses in g)", (_build_ingredients(detail),)),
        *build_lot_sections(detail.assessment.lots),
        DocumentSection("Exceptions", (_build_exceptions(detail),)),
        DocumentSection("Remarks (not about the batch itself)", (_build_remarks(detail),)),
        DocumentSection("Timeline", (_build_timeline(batch, zone),)),
        DocumentSection("Stock (g)", (_build_stock(batch),)),
        DocumentSection("Alarms active during the batch", (_build_alarms(record.alarms, zone),)),
        DocumentSection("Operator notes", (_build_notes(record.notes, zone),)),
        DocumentSection("Data quality", _build_quality(batch)),
        DocumentSection("Reviews", _build_reviews(detail, zone)),
        DocumentSection("Integrity", (_build_integrity(detail),)),
        DocumentSection("Signatures on paper", (SignatureBlock(("Reviewed by", "Approved by")),)),
    )
    return Document(
        title="Batch record",
        name=row.batch_id,
        plant=settings.plant.name,
        sections=sections,
        footer=f"{row.batch_id}, record {row.record_hash[:16]}, printed {format_timestamp(now, zone)}"
        f" ({settings.plant.timezone}) by dosing-tui {__version__}",
    )


def _build_header(detail: BatchDetail, calendar: ShiftCalendar, zone: tzinfo) -> DocumentBlock:
    row, batch = detail.row, detail.batch
    shift = calendar.get_current_shift(batch.begins_at, zone)
    good = batch.status is BatchStatus.COMPLETE
    version = detail.assessment.recipe_version
    announced = "unknown number" if batch.pumps is None else batch.pumps
    return make_field_list(
        ("Recipe", batch.recipe or "not reported"),
        ("Recipe master", f"version {version}" if version else "none (targets from the station)"),
        ("Mode", batch.mode or "not reported"),
        ("Station", batch.device_id),
        ("Status", f"{batch.status}: {batch.reason}" if batch.reason else batch.status.value, not good),
        ("Review", _format_review_state(row), row.review_state in ("outdated", "rejected")),
        ("Started", format_timestamp(batch.begins_at, zone)),
        ("Ended", format_timestamp(batch.ends_at, zone) if batch.ends_at else "running"),
        ("Duration", format_duration(batch.duration_s)),
        ("Shift", shift.name if shift else "none"),
        ("Ingredients", f"{len(batch.ingredients)} dosed, {announced} announced"),
        *_list_ratio_fields(batch),
        *([("Batch at the station", batch.station_names)] if batch.station_names else []),
        *([("Operator there", batch.operators)] if batch.operators else []),
    )


def _list_ratio_fields(batch: Batch) -> list[tuple[str, str, bool]]:
    """Nothing unless two chemicals were dosed."""
    ratio = compute_ratio(batch.ingredients)
    if ratio is None:
        return []
    text = (
        f"{ratio.numerator} : {ratio.denominator} = {format_decimal(ratio.actual, 2)} : 1,"
        f" target {format_decimal(ratio.target, 2)} : 1 ({format_change(ratio.deviation_percent)})"
    )
    return [("Ratio", text, ratio.is_notable)]


def _format_review_state(row: BatchRow) -> str:
    """The review state, with the reviewers if there are any."""
    return f"{row.review_state} ({row.reviewers})" if row.disposed_by else row.review_state


def _build_ingredients(detail: BatchDetail) -> DocumentBlock:
    batch, bands = detail.batch, detail.assessment.tolerance_bands
    rows = [_build_ingredient_row(each, *band) for each, band in zip(batch.ingredients, bands, strict=True)]
    if len(rows) > 1:
        rows.append(_build_total_row(detail))
    return DocumentTable(
        make_headings("Chemical", ">Pump", ">Target", ">Actual", ">Error", ">Error %", ">Tol.", ">Time s",
                      ">g/s", "Verdict"),
        tuple(rows),
        "No doses.",
    )  # fmt: skip


def _build_ingredient_row(
    ingredient: Ingredient, tolerance_g: float | None, within: bool | None
) -> DocumentRow:
    seconds = None if ingredient.duration_ms is None else ingredient.duration_ms / 1000
    is_unweighable = within is None and tolerance_g is not None and ingredient.error_g is not None
    flow = None if ingredient.actual_g is None or not seconds else ingredient.actual_g / seconds
    return DocumentRow(
        (
            *_format_masses(ingredient.chemical, str(ingredient.pump), ingredient),
            format_number(tolerance_g),
            format_number(seconds, 1),
            format_number(flow, 3),
            "too small for the scale" if is_unweighable else _VERDICTS[within],
        ),
        is_flagged=within is not True and not is_unweighable,
    )


def _build_total_row(detail: BatchDetail) -> DocumentRow:
    row = detail.row
    total = Ingredient("", 0, row.target_g, row.actual_g, None, row.doses)
    return DocumentRow((*_format_masses("Total", "", total), "", "", "", ""), is_total=True)


def _format_masses(label: str, pump: str, masses: Ingredient) -> tuple[str, ...]:
    return (
        label,
        pump,
        format_number(masses.target_g),
        format_number(masses.actual_g),
        format_number(masses.error_g, sign=True),
        format_number(masses.error_percent, sign=True),
    )


def _build_exceptions(detail: BatchDetail) -> DocumentBlock:
    found = detail.assessment.exceptions
    numbered = (f"{n}. {each.kind}: {each.sentence}." for n, each in enumerate(found, start=1))
    return TextBlock(tuple(numbered) or ("None.",), is_flagged=bool(found))


def _build_remarks(detail: BatchDetail) -> DocumentBlock:
    numbered = (f"{n}. {each.kind}: {each.sentence}." for n, each in enumerate(detail.assessment.remarks, 1))
    return TextBlock(tuple(numbered) or ("None.",))


def _build_timeline(batch: Batch, zone: tzinfo) -> DocumentBlock:
    """All messages in the order of their times, each with the time since the one before."""
    messages: list[BatchMessage] = sorted((*batch.events, *batch.doses), key=lambda each: each.time)
    return DocumentTable(
        make_headings("Time", "Message", ">After", "Time quality"),
        tuple(
            _build_timeline_row(each, before, zone) for before, each in pairwise((None, *messages)) if each
        ),
    )


def _build_timeline_row(message: BatchMessage, before: BatchMessage | None, zone: tzinfo) -> DocumentRow:
    gap = format_elapsed(before.time, message.time) if before else ""
    is_substituted = message.time_quality is not TimeQuality.DEVICE
    quality = message.time_quality.value if is_substituted else ""
    cells = (format_time(message.time, zone), _format_message(message), gap, quality)
    return DocumentRow(cells, is_flagged=is_substituted)


def _format_message(message: BatchMessage) -> str:
    if isinstance(message, Dose):
        return f"{message.chemical}, pump {message.pump}: {format_number(message.actual_g)} g"
    return message.event


def _build_stock(batch: Batch) -> DocumentBlock:
    return DocumentTable(
        make_headings("Chemical", ">Before", ">Dosed", ">After", ">After %", ">Unaccounted"),
        tuple(
            DocumentRow(
                (
                    each.chemical,
                    format_number(each.before_g),
                    format_number(each.taken_g),
                    format_number(each.after_g),
                    format_level_number(each.percent_after),
                    format_number(each.lost_g, sign=True),
                ),
            )
            for each in batch.stock
        ),
        "No tank levels.",
    )


def _build_alarms(alarms: Sequence[Occurrence], zone: tzinfo) -> DocumentBlock:
    return DocumentTable(
        make_headings("Raised", "RTN", "Priority", "Alarm", "Acknowledged"),
        mark_cut(
            [
                DocumentRow(
                    (
                        format_date_time(each.raised_at, zone),
                        format_date_time(each.returned_at, zone),
                        each.priority.value,
                        f"{each.key.tag}: {each.message}",
                        _format_acknowledgement(each, zone),
                    ),
                    is_flagged=True,
                )
                for each in alarms
            ],
            MAX_OCCURRENCES,
            5,
        ),
    )


def _format_acknowledgement(alarm: Occurrence, zone: tzinfo) -> str:
    if alarm.acked_at is None:
        return "no"
    comment = f": {alarm.comment}" if alarm.comment else ""
    return f"{format_date_time(alarm.acked_at, zone)} by {alarm.acked_by}{comment}"


def _build_notes(notes: Sequence[Note], zone: tzinfo) -> DocumentBlock:
    return DocumentTable(
        make_headings("Time", "Author", "Note"),
        mark_cut(
            [DocumentRow((format_time(note.at, zone), note.attribution, note.text)) for note in notes],
            MAX_NOTES,
            3,
        ),
    )


def _build_quality(batch: Batch) -> tuple[DocumentBlock, ...]:
    messages: tuple[BatchMessage, ...] = (*batch.events, *batch.doses)
    counts = Counter(message.time_quality for message in messages)
    own = counts.pop(TimeQuality.DEVICE, 0)
    kinds = "".join(f"; {count} {quality.value}" for quality, count in sorted(counts.items()))
    flags = sorted({flag for message in messages for flag in message.flags})
    return (
        make_field_list(
            ("Times", f"{own} of {len(messages)} from the station's clock{kinds}", bool(counts)),
            ("Data", "; ".join(flags) or "no repaired values", bool(flags)),
            ("Messages", "; ".join(batch.anomalies) or "consistent", bool(batch.anomalies)),
        ),
    )


def _build_reviews(detail: BatchDetail, zone: tzinfo) -> tuple[DocumentBlock, ...]:
    """Name, date and time, meaning, reason and kind of signature of every review (21 CFR 11.50)."""
    changes = (*describe_changes(detail, zone), *describe_merged_reviews(detail, zone))
    return (
        *([TextBlock(changes, is_flagged=True)] if changes else []),
        *(_build_review_fields(each, detail, zone) for each in detail.reviews),
        *([] if detail.reviews else [TextBlock(("Not reviewed.",), is_flagged=True)]),
    )


def _build_review_fields(review: Review, detail: BatchDetail, zone: tzinfo) -> DocumentBlock:
    row, withdrawn = detail.row, describe_withdrawal(review, detail.reviews)
    same = (review.record_hash, review.judgement_hash) == (row.record_hash, row.judgement_hash)
    covered = "this record" if same else f"an earlier record, {review.record_hash[:16]}"
    if review.record_hash == row.record_hash and not same:
        covered = f"this record with other exceptions or alarms, {review.judgement_hash[:16]}"
    unsigned = review.signature == NO_SIGNATURE
    account = f"account {review.os_user or UNKNOWN}, database role {review.db_role}"
    return make_field_list(
        (
            f"Entry {review.review_id}",
            review.meaning.upper() + (f", withdraws {withdrawn}" if withdrawn else ""),
        ),
        ("Name", f"{review.who} ({account})"),
        ("Date and time", format_timestamp(review.at, zone)),
        ("Reason", review.comment or "none"),
        ("Signature", f"{review.signature}; covers {covered}", unsigned or not same),
    )


def _build_integrity(detail: BatchDetail) -> DocumentBlock:
    chain = detail.reviews[-1].hash if detail.reviews else "no reviews"
    return make_field_list(
        ("Key", detail.row.batch_key),
        ("Hash, SHA-256", detail.row.record_hash),
        ("Hash of exceptions", detail.row.judgement_hash),
        ("Rules", f"version {detail.assessment.rules}"),
        ("To sign it", f"--record {format_version_tag(detail.row)}"),
        ("Audit trail", chain),
        ("Last review", str(detail.row.last_review)),
        ("Verify with", "dosing-tui audit verify"),
    )
