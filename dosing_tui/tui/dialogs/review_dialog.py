"""Asks what is to be said about a batch: reason or comment, who says it, and a PIN where there are PINs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from textual.binding import Binding

from dosing_tui.domain.batch_review.review_rules import COMMENT_LONGEST, SHARED_ACCOUNTS, WHO_LONGEST, Meaning
from dosing_tui.tui.rendering import text_field
from dosing_tui.tui.rendering.canvas import Rows, broken
from dosing_tui.tui.rendering.palette import DIM, LABEL, TEXT, Pen, Tone
from dosing_tui.tui.rendering.text_field import Field
from dosing_tui.tui.rendering.theme import Look
from dosing_tui.tui.widgets.form_dialog import Sheet, box, keys_row, say

_WIDTH, _LABELS = 74, 10
PIN_LONGEST = 64
CONSEQUENCES = {
    Meaning.APPROVED: "You have looked at it, and it is as it should be.",
    Meaning.DEVIATION: "It is not as it should be, and can be used all the same: say why.",
    Meaning.REJECTED: "It must not be used: say why.",
    Meaning.NEEDS_INFORMATION: "It cannot be decided yet: say what is missing.",
    Meaning.CONFIRMED: "You are the second person, and agree with the approval.",
    Meaning.COMMENT: "It is added to the batch, which stays as it is.",
    Meaning.WITHDRAWN: "The last word is taken back by a new entry; both stay to be read. Say why.",
}
TITLES = {
    Meaning.APPROVED: "Approve",
    Meaning.DEVIATION: "Approve with deviation",
    Meaning.REJECTED: "Reject",
    Meaning.NEEDS_INFORMATION: "Needs information",
    Meaning.CONFIRMED: "Confirm the approval",
    Meaning.COMMENT: "Comment",
    Meaning.WITHDRAWN: "Undo",
}
UNREASONED = frozenset({Meaning.APPROVED, Meaning.CONFIRMED})


class Line(StrEnum):
    COMMENT = "Comment"
    NAME = "Name"
    PIN = "PIN"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, about what, and what is known of the answer before."""

    meaning: Meaning
    about: str
    account: str
    pin: bool
    name: str = ""
    comment: str = ""
    """What was typed before and did not get through."""
    consequence: str = ""
    """What follows, where it is not what follows for one batch."""


@dataclass(frozen=True, slots=True)
class Said:
    """What the reviewer answered."""

    comment: str
    who: str
    pin: str


class ReviewDialog(Sheet[Said]):
    """``enter`` says it; a reason has to be given where the meaning needs one."""

    BINDINGS = [
        Binding("tab,down", "line(1)", "Next line", show=False),
        Binding("shift+tab,up", "line(-1)", "Line before", show=False),
    ]

    def __init__(self, look: Look, asked: Question) -> None:
        super().__init__(look)
        self._asked = asked
        self._fields = {
            Line.COMMENT: text_field.filled(asked.comment, COMMENT_LONGEST),
            Line.NAME: text_field.filled(asked.name, WHO_LONGEST),
        }
        if asked.pin:
            self._fields[Line.PIN] = Field(longest=PIN_LONGEST)
        self._line = self._first()
        self._sentence = ""

    def _first(self) -> Line:
        """Where the first thing is missing."""
        needed = [line for line in self._fields if line is not Line.COMMENT or self._reasoned]
        return next((line for line in needed if not self._fields[line].text), needed[0])

    @property
    def _reasoned(self) -> bool:
        return self._asked.meaning not in UNREASONED

    @property
    def typing(self) -> Field | None:
        return self._fields[self._line]

    def put(self, changed: Field) -> None:
        self._fields[self._line] = changed
        self._sentence = ""

    def action_line(self, step: int) -> None:
        lines = list(self._fields)
        self._line = lines[(lines.index(self._line) + step) % len(lines)]
        self.draw()

    def action_accept(self) -> None:
        given = {line: one.text.strip() for line, one in self._fields.items()}
        self._sentence = self._missing(given)
        if self._sentence:
            self.draw()
        else:
            self.dismiss(Said(given[Line.COMMENT], given[Line.NAME], given.get(Line.PIN, "")))

    def _missing(self, given: Mapping[Line, str]) -> str:
        if self._reasoned and not given[Line.COMMENT]:
            self._line = Line.COMMENT
            return "This needs a few words."
        if not given[Line.NAME]:
            self._line = Line.NAME
            return "Say who you are."
        if Line.PIN in given and not given[Line.PIN]:
            self._line = Line.PIN
            return "Your PIN signs it."
        return ""

    def rows(self, width: int, height: int) -> Rows:
        asked = self._asked
        about = broken(asked.about, _WIDTH - 6)
        lines = broken(asked.consequence or CONSEQUENCES[asked.meaning], _WIDTH - 6)
        shown = broken(self._fields[Line.COMMENT].text, _WIDTH - _LABELS - 6)[-2:]
        warning = broken(shared_warning(asked.account), _WIDTH - 6)
        top = 3 + len(about) + len(lines)
        canvas = box(_WIDTH, top + len(self._fields) + 8 + len(warning), f"{TITLES[asked.meaning]}?")
        for number, (line, pen) in enumerate(
            [*((one, TEXT) for one in about), *((one, DIM) for one in lines)]
        ):
            canvas.text(3, 2 + number, line, pen)
        for number, (name, one) in enumerate(self._fields.items()):
            y = top + number + (2 if number else 0)
            label = "Reason" if name is Line.COMMENT and self._reasoned else name.value
            canvas.text(3, y, label, LABEL if name is self._line else DIM)
            drawn = replace(one, text="•" * len(one.text)) if name is Line.PIN else one
            text_field.draw(
                canvas, 3 + _LABELS, y, drawn, width=_WIDTH - _LABELS - 6, focused=name is self._line
            )
        for number, line in enumerate(shown):
            canvas.text(3 + _LABELS, top + 1 + number, line, TEXT)
        y = canvas.height - 4 - len(warning)
        canvas.text(3, y, signature_words(pin=asked.pin), DIM)
        for number, line in enumerate(warning, start=1):
            canvas.text(3, y + number, line, Pen(Tone.WARN))
        say(canvas, canvas.height - 3, self._sentence, fault=bool(self._sentence))
        does = TITLES[asked.meaning].lower()
        keys_row(canvas, canvas.height - 2, ("enter", does), ("tab", "next line"), ("esc", "leaves"))
        return canvas.rows


def signature_words(*, pin: bool) -> str:
    if pin:
        return "Your PIN signs the record and its exceptions as you see them now."
    return "This is not an e-signature: nobody has to prove who they are."


def shared_warning(account: str) -> str:
    """'' for an account that is a person's."""
    if account.casefold() not in SHARED_ACCOUNTS:
        return ""
    return f"The account '{account}' is not one person's: only the name tells who you are."
