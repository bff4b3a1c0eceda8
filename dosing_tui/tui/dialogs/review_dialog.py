"""Asks what is to be said about a batch: reason or comment, who says it, and a PIN where there are PINs."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from textual.binding import Binding

from dosing_tui.domain.batch_review.review_rules import (
    MAX_COMMENT_LENGTH,
    MAX_WHO_LENGTH,
    SHARED_ACCOUNTS,
    Decision,
)
from dosing_tui.tui.rendering import text_field
from dosing_tui.tui.rendering.canvas import Rows, wrap_text
from dosing_tui.tui.rendering.palette import DIM, LABEL, TEXT, CellStyle, ColourRole
from dosing_tui.tui.rendering.text_field import TextField
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.form_dialog import FormDialog, create_box, draw_keys, draw_message

_WIDTH, _LABEL_WIDTH = 74, 10
PIN_MAX_LENGTH = 64
CONSEQUENCES = {
    Decision.APPROVED: "You have looked at it, and it is as it should be.",
    Decision.DEVIATION: "It is not as it should be, and can be used all the same: say why.",
    Decision.REJECTED: "It must not be used: say why.",
    Decision.NEEDS_INFORMATION: "It cannot be decided yet: say what is missing.",
    Decision.CONFIRMED: "You are the second person, and agree with the approval.",
    Decision.COMMENT: "It is added to the batch, which stays as it is.",
    Decision.WITHDRAWN: "The last word is taken back by a new entry; both stay to be read. Say why.",
}
TITLES = {
    Decision.APPROVED: "Approve",
    Decision.DEVIATION: "Approve with deviation",
    Decision.REJECTED: "Reject",
    Decision.NEEDS_INFORMATION: "Needs information",
    Decision.CONFIRMED: "Confirm the approval",
    Decision.COMMENT: "Comment",
    Decision.WITHDRAWN: "Undo",
}
REASON_OPTIONAL = frozenset({Decision.APPROVED, Decision.CONFIRMED})


class ReviewField(StrEnum):
    COMMENT = "Comment"
    NAME = "Name"
    PIN = "PIN"


@dataclass(frozen=True, slots=True)
class ReviewPrompt:
    """What is asked, about what, and what is known of the answer before."""

    meaning: Decision
    summary: str
    account: str
    is_pin_required: bool
    name: str = ""
    comment: str = ""
    """What was typed before and did not get through."""
    consequence: str = ""
    """What follows, where it is not what follows for one batch."""


@dataclass(frozen=True, slots=True)
class ReviewInput:
    """What the reviewer answered."""

    comment: str
    reviewer: str
    pin: str


class ReviewDialog(FormDialog[ReviewInput]):
    """``enter`` says it; a reason has to be given where the meaning needs one."""

    BINDINGS = [
        Binding("tab,down", "line(1)", "Next line", show=False),
        Binding("shift+tab,up", "line(-1)", "Line before", show=False),
    ]

    def __init__(self, theme: TerminalTheme, prompt: ReviewPrompt) -> None:
        super().__init__(theme)
        self._prompt = prompt
        self._fields = {
            ReviewField.COMMENT: text_field.create_field(prompt.comment, MAX_COMMENT_LENGTH),
            ReviewField.NAME: text_field.create_field(prompt.name, MAX_WHO_LENGTH),
        }
        if prompt.is_pin_required:
            self._fields[ReviewField.PIN] = TextField(max_length=PIN_MAX_LENGTH)
        self._current_field = self._find_first_empty()
        self._error = ""

    def _find_first_empty(self) -> ReviewField:
        """Where the first thing is missing."""
        needed = [
            line for line in self._fields if line is not ReviewField.COMMENT or self._is_reason_required
        ]
        return next((line for line in needed if not self._fields[line].text), needed[0])

    @property
    def _is_reason_required(self) -> bool:
        return self._prompt.meaning not in REASON_OPTIONAL

    @property
    def active_field(self) -> TextField | None:
        return self._fields[self._current_field]

    def update_field(self, new_field: TextField) -> None:
        self._fields[self._current_field] = new_field
        self._error = ""

    def action_line(self, step: int) -> None:
        lines = list(self._fields)
        self._current_field = lines[(lines.index(self._current_field) + step) % len(lines)]
        self.draw_dialog()

    def action_accept(self) -> None:
        given = {line: one.text.strip() for line, one in self._fields.items()}
        self._error = self._find_missing_input(given)
        if self._error:
            self.draw_dialog()
        else:
            self.dismiss(
                ReviewInput(
                    given[ReviewField.COMMENT], given[ReviewField.NAME], given.get(ReviewField.PIN, "")
                )
            )

    def _find_missing_input(self, values: Mapping[ReviewField, str]) -> str:
        if self._is_reason_required and not values[ReviewField.COMMENT]:
            self._current_field = ReviewField.COMMENT
            return "This needs a few words."
        if not values[ReviewField.NAME]:
            self._current_field = ReviewField.NAME
            return "Say who you are."
        if ReviewField.PIN in values and not values[ReviewField.PIN]:
            self._current_field = ReviewField.PIN
            return "Your PIN signs it."
        return ""

    def render_rows(self, width: int, height: int) -> Rows:
        asked = self._prompt
        about = wrap_text(asked.summary, _WIDTH - 6)
        lines = wrap_text(asked.consequence or CONSEQUENCES[asked.meaning], _WIDTH - 6)
        shown = wrap_text(self._fields[ReviewField.COMMENT].text, _WIDTH - _LABEL_WIDTH - 6)[-2:]
        warning = wrap_text(format_account_warning(asked.account), _WIDTH - 6)
        top = 3 + len(about) + len(lines)
        canvas = create_box(_WIDTH, top + len(self._fields) + 8 + len(warning), f"{TITLES[asked.meaning]}?")
        for number, (line, pen) in enumerate(
            [*((one, TEXT) for one in about), *((one, DIM) for one in lines)]
        ):
            canvas.write_text(3, 2 + number, line, pen)
        for number, (name, one) in enumerate(self._fields.items()):
            y = top + number + (2 if number else 0)
            label = "Reason" if name is ReviewField.COMMENT and self._is_reason_required else name.value
            canvas.write_text(3, y, label, LABEL if name is self._current_field else DIM)
            drawn = replace(one, text="•" * len(one.text)) if name is ReviewField.PIN else one
            text_field.draw_field(
                canvas,
                3 + _LABEL_WIDTH,
                y,
                drawn,
                width=_WIDTH - _LABEL_WIDTH - 6,
                is_focused=name is self._current_field,
            )
        for number, line in enumerate(shown):
            canvas.write_text(3 + _LABEL_WIDTH, top + 1 + number, line, TEXT)
        y = canvas.height - 4 - len(warning)
        canvas.write_text(3, y, format_signature_notice(pin=asked.is_pin_required), DIM)
        for number, line in enumerate(warning, start=1):
            canvas.write_text(3, y + number, line, CellStyle(ColourRole.WARN))
        draw_message(canvas, canvas.height - 3, self._error, is_error=bool(self._error))
        does = TITLES[asked.meaning].lower()
        draw_keys(canvas, canvas.height - 2, ("enter", does), ("tab", "next line"), ("esc", "leaves"))
        return canvas.rows


def format_signature_notice(*, pin: bool) -> str:
    if pin:
        return "Your PIN signs the record and its exceptions as you see them now."
    return "This is not an e-signature: nobody has to prove who they are."


def format_account_warning(account: str) -> str:
    """'' for an account that is a person's."""
    if account.casefold() not in SHARED_ACCOUNTS:
        return ""
    return f"The account '{account}' is not one person's: only the name tells who you are."
