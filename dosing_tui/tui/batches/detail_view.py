"""One batch, whole: its header, ingredients, exceptions, course, reviews and stock. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from dosing_tui.domain.batch_review.changes_since_review import what_came, what_was_absorbed
from dosing_tui.domain.batch_review.query_models import BatchDetail, Happenings
from dosing_tui.domain.batch_review.review_rules import Meaning, Review, ReviewState, taken_back
from dosing_tui.domain.batches.canonical_json import canonical, record
from dosing_tui.domain.batches.models import Batch, Status, StockChange
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.time.shift_calendar import ShiftCalendar
from dosing_tui.tui.batches.ingredient_table import ingredient_rows, judged_ingredients
from dosing_tui.tui.batches.list_view import is_loud, review_words, status_words
from dosing_tui.tui.batches.timeline import timeline_rows
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, broken, plain
from dosing_tui.tui.rendering.palette import DIM, HOT, LABEL, LINE, TEXT, Pen, Tone

_KINDS = 18
"""Cells of the kind of an exception."""


@dataclass(frozen=True, slots=True)
class Around:
    """What the page needs to know besides the batch. ``told`` None: not read yet, or not readable."""

    now: datetime
    zone: tzinfo
    calendar: ShiftCalendar
    told: Happenings | None = None
    trouble: str = ""
    """Why what fell into it cannot be told."""


def detail_rows(detail: BatchDetail, batch: Batch, around: Around, width: int) -> Rows:
    """As many rows as it takes. ``batch`` is the one of ``detail``, or that with what was heard since."""
    room = width - 2
    told = around.told or Happenings()
    sections: list[tuple[str, Rows]] = [
        ("Changed since its review", _came(detail, around.zone, room)),
        ("Ingredients", ingredient_rows(judged_ingredients(batch, detail.judged), room)),
        (_counted("Exceptions", len(detail.judged.findings)), _exceptions(detail, room)),
        ("Course", timeline_rows(batch, told, around.now, around.zone, room)),
        ("Alarms and notes", _happenings(around, room)),
        ("Reviews", [*_absorbed(detail, around.zone, room), *_reviews(detail.reviews, around.zone, room)]),
        ("Stock", _stock(batch.stock, room)),
    ]
    rows = _header(detail, batch, around, width)
    for title, body in sections:
        if body:
            rows += [*_title(title, width), *_indented(body, width)]
    return rows


def message_rows(batch: Batch, zone: tzinfo, width: int) -> Rows:
    """Each message as its record keeps it: its time, what it is, and all its fields."""
    said = json.loads(record(batch))
    kept = [(each["time"], each.get("event", "dose"), each) for each in (*said["events"], *said["doses"])]
    found: Rows = _title(_counted("Messages as they are kept", len(kept)), width)
    for at, kind, fields in sorted(kept, key=lambda one: one[0]):
        stamp = number_format.clock(datetime.fromisoformat(at), zone)
        text = clean_line(canonical(fields), 2000).replace(",", ", ")
        lines = [(f"{stamp} {plain(kind, 10)}", HOT, text, TEXT)]
        found += _indented(_texts(lines, width - 2, 20), width)
    return found


def _counted(title: str, count: int) -> str:
    return f"{title} {count}" if count else title


def _title(text: str, width: int) -> Rows:
    canvas = Canvas(width, 1)
    x = canvas.text(1, 0, text, LABEL)
    canvas.text(x + 1, 0, "─" * (width - x - 2), LINE)
    return canvas.rows


def _indented(rows: Rows, width: int) -> Rows:
    canvas = Canvas(width, len(rows))
    canvas.paste(1, 0, rows)
    return canvas.rows


# the header


def _header(detail: BatchDetail, batch: Batch, around: Around, width: int) -> Rows:
    row = detail.row
    narrow = width < 110
    canvas = Canvas(width, 3 + narrow)
    x = canvas.text(1, 0, row.batch_id, Pen(Tone.HOT, bold=True), width=width - 34)
    shape, word = status_words(batch.status)
    loud = is_loud(batch.status)
    tone = Tone.WARN if loud else Tone.CREST if batch.status is Status.OPEN else Tone.TEXT
    canvas.text(x + 3, 0, f"{shape} {word}", Pen(tone, bold=loud))
    _draw_state(canvas, detail, batch, around.zone)
    master = f"version {row.recipe_version}" if row.recipe_version else "no recipe master"
    _parts(canvas, 1, (plain(batch.recipe, 40), HOT), (master, DIM), (plain(batch.mode, 20), DIM),
           (plain(batch.device_id, 40), DIM))  # fmt: skip
    when = (_when(batch, around), TEXT), (_shift(batch, around), DIM)
    dosed = (_doses(batch), TEXT), (_masses(batch), TEXT)
    _parts(canvas, 2, *when, *(() if narrow else dosed))
    _parts(canvas, 3, *dosed)
    return canvas.rows


def _parts(canvas: Canvas, y: int, *parts: tuple[str, Pen]) -> None:
    x = 1
    for text, pen in parts:
        if text:
            x = canvas.text(x if x == 1 else canvas.text(x, y, " · ", LINE), y, text, pen)


def _draw_state(canvas: Canvas, detail: BatchDetail, batch: Batch, zone: tzinfo) -> None:
    """How it stands with its reviewers, at the right of the first row."""
    row, state = detail.row, detail.row.review_state
    if batch.status is Status.OPEN and state == ReviewState.UNREVIEWED:
        return
    said = f" {review_words(state, short=False)} "
    loud = state in (ReviewState.OUTDATED, Meaning.REJECTED)
    waits = state == ReviewState.UNREVIEWED
    pen = Pen(Tone.GROUND, Tone.WARN, True) if loud else Pen(Tone.HOT, Tone.SELECT, bold=waits)
    x = canvas.right(canvas.width - 1, 0, said, pen)
    if row.disposed_by and row.disposed_at is not None:
        when = number_format.stamp(row.disposed_at, zone, now=row.disposed_at)[:5]
        canvas.right(x - 1, 0, f"{plain(row.reviewers, 30)} {when}", DIM)


def _when(batch: Batch, around: Around) -> str:
    begins = batch.begins_at.astimezone(around.zone)
    if batch.ends_at is None:
        return f"{begins:%Y-%m-%d %H:%M:%S} → now"
    ends, seconds = batch.ends_at.astimezone(around.zone), batch.seconds or 0.0
    spent = f"{seconds / 60:.0f} min" if seconds >= 600 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"
    return f"{begins:%Y-%m-%d %H:%M:%S} → {ends:%H:%M:%S} · {spent}"


def _shift(batch: Batch, around: Around) -> str:
    shift = around.calendar.this_shift(batch.begins_at, around.zone)
    return f"{plain(shift.name, 20)} shift" if shift else ""


def _doses(batch: Batch) -> str:
    of = f" of {batch.pumps}" if batch.pumps is not None else ""
    return f"{len(batch.doses)}{of} doses"


def _masses(batch: Batch) -> str:
    actual = [each.actual_g for each in batch.ingredients]
    target = [each.target_g for each in batch.ingredients]
    if not actual or None in actual or None in target:
        return ""
    had, wanted = (sum(mass for mass in masses if mass is not None) for masses in (actual, target))
    return f"{had:.2f} g of {wanted:.2f} g ({number_format.signed(had - wanted)} g)"


# what follows


def _texts(lines: Sequence[tuple[str, Pen, str, Pen]], width: int, indent: int) -> Rows:
    """A head and a text each, broken below itself."""
    found: Rows = []
    for head, head_pen, text, pen in lines:
        for number, line in enumerate(broken(text, width - indent) or [""]):
            canvas = Canvas(width, 1)
            if number == 0:
                canvas.text(0, 0, head, head_pen, width=indent - 1)
            canvas.text(indent, 0, line, pen)
            found += canvas.rows
    return found


def _exceptions(detail: BatchDetail, width: int) -> Rows:
    found = detail.judged.findings
    if not found:
        canvas = Canvas(width, 1)
        canvas.put(0, 0, "●", Pen(Tone.OK))
        canvas.text(2, 0, "None: everything is as it should be.", DIM)
        return canvas.rows
    warn = Pen(Tone.WARN, bold=True)
    return _texts(
        [(f"▲ {one.kind}", warn, clean_line(one.sentence), TEXT) for one in found], width, _KINDS + 3
    )


def _happenings(around: Around, width: int) -> Rows:
    if around.trouble:
        return _texts([("▲", Pen(Tone.WARN), around.trouble, TEXT)], width, 3)
    told = around.told or Happenings()
    zone = around.zone
    lines = [
        (alarm.since, (f"▲ {_span(alarm.since, alarm.until, zone)}", Pen(Tone.WARN),
                       f"{plain(alarm.name, 90)}  {clean_line(alarm.message)}", TEXT))
        for alarm in told.alarms
    ] + [
        (note.at, (f"◆ {number_format.clock(note.at, zone)}", Pen(Tone.CREST),
                   f"{plain(note.author)}: {clean_line(note.text)}", TEXT))
        for note in told.notes
    ]  # fmt: skip
    return _texts([line for _, line in sorted(lines, key=lambda each: each[0])], width, 21)


def _span(since: datetime, until: datetime | None, zone: tzinfo) -> str:
    return f"{number_format.clock(since, zone)}–{number_format.clock(until, zone) if until else 'now'}"


def _came(detail: BatchDetail, zone: tzinfo, width: int) -> Rows:
    """Why its review is outdated."""
    warn = Pen(Tone.WARN, bold=True)
    return _texts([("▲", warn, clean_line(each), HOT) for each in what_came(detail, zone)], width, 2)


def _absorbed(detail: BatchDetail, zone: tzinfo, width: int) -> Rows:
    """Old words about what is part of this batch now."""
    told = what_was_absorbed(detail, zone)
    return _texts([("◆", Pen(Tone.CREST), clean_line(each, 300), TEXT) for each in told], width, 2)


def _reviews(said: Sequence[Review], zone: tzinfo, width: int) -> Rows:
    lines = []
    for one in said:
        role = f" ({plain(one.os_user)})" if one.os_user and one.os_user != one.who else ""
        comment = f": {clean_line(one.comment, 600)}" if one.comment else ""
        pen = Pen(Tone.WARN) if one.meaning == Meaning.REJECTED else HOT
        back = f" (takes back {taken})" if (taken := taken_back(one, said)) else ""
        text = f"{one.meaning} by {plain(one.who)}{role}{back}, {plain(one.signature)}{comment}"
        lines.append((number_format.full_stamp(one.at, zone), DIM, text, pen))
    return _texts(lines, width, 21)


def _stock(stock: Sequence[StockChange], width: int) -> Rows:
    canvas = Canvas(width, len(stock))
    for y, change in enumerate(stock):
        canvas.text(0, y, plain(change.chemical, 24), HOT, width=12)
        x = canvas.text(13, y, f"{_grams(change.before_g)} → {_grams(change.after_g)}", TEXT)
        x = canvas.text(x, y, f" · {_grams(change.taken_g)} dosed", DIM)
        if change.lost_g is not None:
            x = canvas.text(x, y, f" · {number_format.signed(-change.lost_g)} g unexplained", DIM)
        if change.percent_after is not None:
            canvas.text(x, y, f" · {number_format.down_to_tenths(change.percent_after):.1f} % left", DIM)
    return canvas.rows


def _grams(mass: float | None) -> str:
    return number_format.NOTHING if mass is None else f"{mass:,.1f} g".replace(",", " ")
