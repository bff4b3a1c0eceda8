"""Asks the operator for a note about a moment: text, author, time, station."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from enum import IntEnum

from textual.binding import Binding

from dosing_tui.domain.panels.operator_notes import AUTHOR_LONGEST, TEXT_LONGEST, NoteDraft, cleaned, fault
from dosing_tui.tui.rendering import number_format, text_field
from dosing_tui.tui.rendering.canvas import Canvas, Rows, broken, plain
from dosing_tui.tui.rendering.palette import DIM, LABEL, TEXT
from dosing_tui.tui.rendering.text_field import Field
from dosing_tui.tui.rendering.theme import Look
from dosing_tui.tui.widgets.form_dialog import CHOSEN, Sheet, box, keys_row, say

WHOLE_PLANT = "the whole plant"
_WIDTH, _LABELS = 74, 10
_SHOWN = 4
"""Lines of the note that are shown again, whole, under its field."""


class Line(IntEnum):
    """What the keys are about, from top to bottom."""

    TEXT = 0
    AUTHOR = 1
    TIME = 2
    DEVICE = 3


@dataclass(frozen=True, slots=True)
class Entry:
    """A note as it is being entered. ``device`` counts in ``devices``; 0 is the whole plant."""

    given: datetime
    fields: tuple[Field, Field, Field]
    devices: tuple[str, ...] = ()
    device: int = 0
    line: Line = Line.TEXT


def entry(given: NoteDraft, devices: Sequence[str], zone: tzinfo) -> Entry:
    """To be filled in from what is known: the moment, the author, perhaps the station and a text."""
    known = tuple(dict.fromkeys([*([given.device] if given.device else []), *devices]))
    return Entry(
        given=given.at,
        fields=(
            text_field.filled(given.text, TEXT_LONGEST),
            text_field.filled(given.author, AUTHOR_LONGEST),
            text_field.filled(number_format.full_stamp(given.at, zone), 25),
        ),
        devices=known,
        device=1 if given.device else 0,
    )


def moment(asked: Entry, zone: tzinfo) -> datetime | None:
    """The time that stands in its field, in the plant's zone; None if it cannot be read."""
    text = asked.fields[Line.TIME].text.strip()
    if text == number_format.full_stamp(asked.given, zone):
        return asked.given  # to the microsecond, and in the right one of two equal hours
    try:
        written = datetime.fromisoformat(text)
        return (written if written.tzinfo else written.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def draft(asked: Entry, zone: tzinfo) -> NoteDraft | str:
    """The note, or why it is none yet."""
    at = moment(asked, zone)
    if at is None:
        return "The time is written like 2026-11-24 06:00:00, in the plant's zone."
    made = NoteDraft(
        at=at,
        text=asked.fields[Line.TEXT].text,
        author=asked.fields[Line.AUTHOR].text,
        device=asked.devices[asked.device - 1] if asked.device else None,
    )
    return fault(made) or replace(cleaned(made), device=made.device)


def note_rows(asked: Entry, sentence: str, width: int = _WIDTH) -> Rows:
    canvas = box(width, 15 + _SHOWN, "Note", hint=f"{len(asked.fields[0].text)} of {TEXT_LONGEST}")
    room = width - _LABELS - 6
    for line, label in zip(Line, ("Text", "Author", "Time", "About"), strict=True):
        y = _row(line)
        canvas.text(3, y, label, LABEL if line is asked.line else DIM)
        if line is Line.DEVICE:
            _draw_device(canvas, asked, room)
        else:
            text_field.draw(
                canvas, 3 + _LABELS, y, asked.fields[line], width=room, focused=line is asked.line
            )
    for number, shown in enumerate(broken(asked.fields[Line.TEXT].text, room)[-_SHOWN:]):
        canvas.text(3 + _LABELS, 4 + number, shown, TEXT)
    say(canvas, canvas.height - 4, sentence, fault=bool(sentence))
    keys_row(canvas, canvas.height - 2, ("enter", "saves"), ("tab", "next line"), ("esc", "leaves, unsaved"))
    return canvas.rows


def _row(line: Line) -> int:
    return 3 if line is Line.TEXT else 4 + _SHOWN + line


def _draw_device(canvas: Canvas, asked: Entry, room: int) -> None:
    name = plain(asked.devices[asked.device - 1]) if asked.device else WHOLE_PLANT
    pen = CHOSEN if asked.line is Line.DEVICE else TEXT
    canvas.text(3 + _LABELS, _row(Line.DEVICE), f"← {name} →", pen, width=room)


class NoteDialog(Sheet[NoteDraft]):
    """``given`` holds what is known before: ``at`` now or the chart's cursor, the author of the last note."""

    BINDINGS = [
        Binding("tab,down", "line(1)", "Next line", show=False),
        Binding("shift+tab,up", "line(-1)", "Line before", show=False),
    ]

    def __init__(self, look: Look, given: NoteDraft, *, devices: Sequence[str], zone: tzinfo) -> None:
        super().__init__(look)
        self._zone = zone
        self._entry = entry(given, devices, zone)
        self._sentence = ""

    @property
    def typing(self) -> Field | None:
        line = self._entry.line
        return None if line is Line.DEVICE else self._entry.fields[line]

    def put(self, changed: Field) -> None:
        first, second, third = (
            changed if line == self._entry.line else old for line, old in enumerate(self._entry.fields)
        )
        self._entry = replace(self._entry, fields=(first, second, third))
        self._sentence = ""

    def rows(self, width: int, height: int) -> Rows:
        return note_rows(self._entry, self._sentence)

    def action_line(self, step: int) -> None:
        self._entry = replace(self._entry, line=Line((self._entry.line + step) % len(Line)))
        self.draw()

    def action_edit(self, key: str) -> None:
        """On the line of the stations ← and → choose one."""
        if self._entry.line is Line.DEVICE and key in ("left", "right"):
            count = len(self._entry.devices) + 1
            step = 1 if key == "right" else -1
            self._entry = replace(self._entry, device=(self._entry.device + step) % count)
            self.draw()
        else:
            super().action_edit(key)

    def action_accept(self) -> None:
        made = draft(self._entry, self._zone)
        if isinstance(made, NoteDraft):
            self.dismiss(made)
        else:
            self._sentence = made
            self.draw()
