"""The detail page of a batch: ingredients, lots, exceptions, remarks, timeline, reviews, stock. Pure."""

import json
from collections.abc import Sequence
from datetime import datetime, tzinfo

from msgspec import Struct

from dosing_tui.domain.batch_review.changes_since_review import describe_changes, describe_merged_reviews
from dosing_tui.domain.batch_review.ingredient_ratio import IngredientRatio, compute_ratio
from dosing_tui.domain.batch_review.query_models import BatchDetail, ContextEvents
from dosing_tui.domain.batch_review.review_rules import Decision, Review, ReviewState, describe_withdrawal
from dosing_tui.domain.batches.canonical_json import batch_to_record, to_canonical_json
from dosing_tui.domain.batches.models import Batch, BatchStatus, StockChange
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.quantities.quantity_text import (
    format_change,
    format_decimal,
    format_deviation,
    format_duration,
    format_level,
    format_mass,
)
from dosing_tui.domain.time.shift_calendar import ShiftCalendar
from dosing_tui.tui.batches.ingredient_table import build_ingredient_rows, render_ingredients
from dosing_tui.tui.batches.list_view import format_review_state, format_status, is_abnormal
from dosing_tui.tui.batches.lot_lines import render_lots
from dosing_tui.tui.batches.timeline import render_timeline
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, fit_names, sanitize_text, split_cells, wrap_text
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, FRAME, LABEL, STRONG, TEXT, CellStyle, ColourRole

_KIND_WIDTH = 18
"""Cells for the kind of an exception."""


class BatchDetailContext(Struct, frozen=True):
    """The values that the page needs besides the batch; ``context_events`` is None until they are read."""

    now: datetime
    zone: tzinfo
    calendar: ShiftCalendar
    context_events: ContextEvents | None = None
    context_error: str = ""
    """Why the context events could not be read."""


def render_batch_detail(detail: BatchDetail, batch: Batch, context: BatchDetailContext, width: int) -> Rows:
    """The whole page, of any height. ``batch`` may have newer messages than ``detail``."""
    room = width - 2
    context_events = context.context_events or ContextEvents()
    reviews = [
        *_render_merged_reviews(detail, context.zone, room),
        *_render_reviews(detail.reviews, context.zone, room),
    ]
    sections: list[tuple[str, Rows]] = [
        ("Changed since the review", _render_changes(detail, context.zone, room)),
        ("Ingredients", render_ingredients(build_ingredient_rows(batch, detail.assessment), room)),
        ("Lots", render_lots(detail.assessment.lots, room)),
        (_format_title("Exceptions", len(detail.assessment.exceptions)), _render_exceptions(detail, room)),
        (_format_title("Remarks", len(detail.assessment.remarks)), _render_remarks(detail, room)),
        ("Timeline", render_timeline(batch, context_events, context.now, context.zone, room)),
        ("Alarms and notes", _render_context_events(context, room)),
        ("Reviews", reviews),
        ("Stock", _render_stock(batch.stock, room)),
    ]
    rows = _render_header(detail, batch, context, width)
    for title, body in sections:
        if body:
            rows += _render_section(title, body, width)
    return rows


def render_batch_messages(batch: Batch, zone: tzinfo, width: int) -> Rows:
    """Each message of the batch record: its time, its kind, and all its fields."""
    record = json.loads(batch_to_record(batch))
    messages = sorted([*record["events"], *record["doses"]], key=lambda fields: str(fields["time"]))
    lines = []
    for fields in messages:
        at, kind = fields["time"], fields.get("event", "dose")
        stamp = number_format.format_clock(datetime.fromisoformat(at), zone)
        text = clean_line(to_canonical_json(fields), 2000).replace(",", ", ")
        lines.append((f"{stamp} {sanitize_text(kind, 10)}", STRONG, text, TEXT))
    title = _format_title("Stored messages", len(messages))
    return _render_section(title, _render_texts(lines, width - 2, 20), width)


def _format_title(title: str, count: int) -> str:
    return f"{title} {count}" if count else title


def _render_section(title: str, body: Rows, width: int) -> Rows:
    canvas = Canvas(width, 1 + len(body))
    x = canvas.write_text(1, 0, title, LABEL)
    canvas.write_text(x + 1, 0, "─" * (width - x - 2), FRAME)
    canvas.paste_rows(1, 1, body)
    return canvas.rows


# the header


def _render_header(detail: BatchDetail, batch: Batch, context: BatchDetailContext, width: int) -> Rows:
    row, ratio = detail.row, compute_ratio(batch.ingredients)
    narrow = width < 110
    canvas = Canvas(width, 3 + narrow + (ratio is not None))
    x = canvas.write_text(1, 0, row.batch_id, CellStyle(ColourRole.STRONG, bold=True), width=width - 34)
    shape, word = format_status(batch.status)
    style = CellStyle(ColourRole.ACCENT) if batch.status is BatchStatus.OPEN else TEXT
    canvas.write_text(x + 3, 0, f"{shape} {word}", DEVIATION if is_abnormal(batch.status) else style)
    _draw_review_state(canvas, detail, batch, context.zone)
    master = f"version {row.recipe_version}" if row.recipe_version else "no master recipe"
    _draw_parts(
        canvas,
        1,
        (sanitize_text(batch.recipe, 40), STRONG),
        (master, DIM),
        (sanitize_text(batch.mode, 20), DIM),
        (sanitize_text(batch.device_id, 40), DIM),
        (sanitize_text(batch.station_names, 40), DIM),
        (sanitize_text(batch.operators, 40), DIM),
    )
    when = (_format_period(batch, context), TEXT), (_format_shift(batch, context), DIM)
    dosed = (_format_doses(batch), TEXT), (_format_masses(batch), TEXT)
    _draw_parts(canvas, 2, *when, *(() if narrow else dosed))
    if narrow:
        _draw_parts(canvas, 3, *dosed)
    if ratio is not None:
        _draw_ratio(canvas, canvas.height - 1, ratio)
    return canvas.rows


def _draw_ratio(canvas: Canvas, y: int, ratio: IngredientRatio) -> None:
    names = " : ".join(fit_names([sanitize_text(name) for name in (ratio.numerator, ratio.denominator)], 20))
    mark = "▲ " if ratio.is_notable else ""
    _draw_parts(
        canvas,
        y,
        (f"ratio {names}", DIM),
        (format_decimal(ratio.actual, 2, " : 1"), TEXT),
        (f"target {format_decimal(ratio.target, 2)} : 1", DIM),
        (f"{mark}{format_change(ratio.deviation_percent)}", DEVIATION if ratio.is_notable else TEXT),
    )


def _draw_parts(canvas: Canvas, y: int, *parts: tuple[str, CellStyle]) -> None:
    x = 1
    for text, style in parts:
        if text:
            start = x if x == 1 else canvas.write_text(x, y, " · ", FRAME)
            x = canvas.write_text(start, y, text, style)


def _draw_review_state(canvas: Canvas, detail: BatchDetail, batch: Batch, zone: tzinfo) -> None:
    """The review state and the reviewers, at the right of the first row."""
    row, state = detail.row, detail.row.review_state
    if batch.status is BatchStatus.OPEN and state == ReviewState.UNREVIEWED:
        return
    style = CellStyle(ColourRole.STRONG, ColourRole.SELECTION, bold=state == ReviewState.UNREVIEWED)
    if state in (ReviewState.OUTDATED, Decision.REJECTED):
        style = CellStyle(ColourRole.BACKGROUND, ColourRole.DEVIATION, bold=True)
    x = canvas.write_right(canvas.width - 1, 0, f" {format_review_state(state, short=False)} ", style)
    if row.disposed_by and row.disposed_at is not None:
        when = number_format.format_timestamp(row.disposed_at, zone, now=row.disposed_at)[:5]
        canvas.write_right(x - 1, 0, f"{sanitize_text(row.reviewers, 30)} {when}", DIM)


def _format_period(batch: Batch, context: BatchDetailContext) -> str:
    begins = batch.begins_at.astimezone(context.zone)
    if batch.ends_at is None:
        return f"{begins:%Y-%m-%d %H:%M:%S} → now"
    ends, seconds = batch.ends_at.astimezone(context.zone), batch.duration_s or 0.0
    return f"{begins:%Y-%m-%d %H:%M:%S} → {ends:%H:%M:%S} · {format_duration(seconds)}"


def _format_shift(batch: Batch, context: BatchDetailContext) -> str:
    shift = context.calendar.get_current_shift(batch.begins_at, context.zone)
    return f"{sanitize_text(shift.name, 20)} shift" if shift else ""


def _format_doses(batch: Batch) -> str:
    of = f" of {batch.pumps}" if batch.pumps is not None else ""
    return f"{len(batch.doses)}{of} doses"


def _format_masses(batch: Batch) -> str:
    actual = [each.actual_g for each in batch.ingredients]
    target = [each.target_g for each in batch.ingredients]
    if not actual or None in actual or None in target:
        return ""
    dosed, planned = (sum(mass for mass in masses if mass is not None) for masses in (actual, target))
    return f"{format_mass(dosed)} of {format_mass(planned)} ({format_deviation(dosed - planned)})"


# the sections


def _render_texts(lines: Sequence[tuple[str, CellStyle, str, CellStyle]], width: int, indent: int) -> Rows:
    """A heading and a text per line; the text is wrapped at ``indent``."""
    rows: Rows = []
    for heading, heading_style, text, style in lines:
        wrapped = wrap_text(text, width - indent) or [""]
        canvas = Canvas(width, len(wrapped))
        canvas.write_text(0, 0, heading, heading_style, width=indent - 1)
        for y, line in enumerate(wrapped):
            canvas.write_text(indent, y, line, style)
        rows += canvas.rows
    return rows


def _render_exceptions(detail: BatchDetail, width: int) -> Rows:
    exceptions = detail.assessment.exceptions
    if not exceptions:
        return _render_texts([("●", DIM, "No exceptions", DIM)], width, 2)
    lines = [(f"▲ {one.kind}", DEVIATION, clean_line(one.sentence), TEXT) for one in exceptions]
    return _render_texts(lines, width, _KIND_WIDTH + 3)


def _render_remarks(detail: BatchDetail, width: int) -> Rows:
    """What says nothing about the batch itself: no warning, and not in the way of an approval."""
    lines = [(f"· {one.kind}", DIM, clean_line(one.sentence), TEXT) for one in detail.assessment.remarks]
    return _render_texts(lines, width, _KIND_WIDTH + 3)


def _render_context_events(context: BatchDetailContext, width: int) -> Rows:
    if context.context_error:
        return _render_texts([("▲", CellStyle(ColourRole.DEVIATION), context.context_error, TEXT)], width, 3)
    events, zone = context.context_events or ContextEvents(), context.zone
    lines = [
        (alarm.since, (f"▲ {_format_span(alarm.since, alarm.until, zone)}", CellStyle(ColourRole.DEVIATION),
                       f"{sanitize_text(alarm.name, 90)}  {clean_line(alarm.message)}", TEXT))
        for alarm in events.alarms
    ] + [
        (note.at, (f"◆ {number_format.format_clock(note.at, zone)}", CellStyle(ColourRole.ACCENT),
                   f"{sanitize_text(note.attribution)}: {clean_line(note.text)}", TEXT))
        for note in events.notes
    ]  # fmt: skip
    return _render_texts([line for _, line in sorted(lines, key=lambda each: each[0])], width, 21)


def _format_span(since: datetime, until: datetime | None, zone: tzinfo) -> str:
    end = number_format.format_clock(until, zone) if until else "now"
    return f"{number_format.format_clock(since, zone)}–{end}"


def _render_changes(detail: BatchDetail, zone: tzinfo, width: int) -> Rows:
    """The changes that make its review outdated."""
    lines = [("▲", DEVIATION, clean_line(each), STRONG) for each in describe_changes(detail, zone)]
    return _render_texts(lines, width, 2)


def _render_merged_reviews(detail: BatchDetail, zone: tzinfo, width: int) -> Rows:
    """Reviews of batches that are part of this batch now."""
    reviews, style = describe_merged_reviews(detail, zone), CellStyle(ColourRole.ACCENT)
    return _render_texts([("◆", style, clean_line(each, 300), TEXT) for each in reviews], width, 2)


def _render_reviews(reviews: Sequence[Review], zone: tzinfo, width: int) -> Rows:
    lines = []
    for one in reviews:
        role = f" ({sanitize_text(one.os_user)})" if one.os_user and one.os_user != one.who else ""
        comment = f": {clean_line(one.comment, 600)}" if one.comment else ""
        style = CellStyle(ColourRole.DEVIATION) if one.meaning == Decision.REJECTED else STRONG
        withdrawal = describe_withdrawal(one, reviews)
        what = f" (withdraws {withdrawal})" if withdrawal else ""
        text = (
            f"{one.meaning} by {sanitize_text(one.who)}{role}{what}, {sanitize_text(one.signature)}{comment}"
        )
        lines.append((number_format.format_full_timestamp(one.at, zone), DIM, text, style))
    return _render_texts(lines, width, 21)


def _render_stock(stock: Sequence[StockChange], width: int) -> Rows:
    lines = []
    names = fit_names([sanitize_text(change.chemical) for change in stock], 24)
    for change, name in zip(stock, names, strict=True):
        text = f"{format_mass(change.before_g)} → {format_mass(change.after_g)}"
        text += f" · {format_mass(change.taken_g)} dosed"
        if change.lost_g is not None:
            text += f" · {format_deviation(-change.lost_g)} unexplained"
        if change.percent_after is not None:
            text += f" · {format_level(change.percent_after)} left"
        lines.append((name, STRONG, text, TEXT))
    longest = max((len(split_cells(name)) for name, *_ in lines), default=0)
    return _render_texts(lines, width, 1 + max(12, longest))
