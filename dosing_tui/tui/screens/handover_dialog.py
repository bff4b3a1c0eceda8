"""Signs a shift handover: the one who leaves with a note, the one who takes over as a confirmation."""

from msgspec import Struct

from dosing_tui.domain.panels.operator_notes import MAX_AUTHOR_LENGTH
from dosing_tui.domain.shift_handover import HandoverStep, ShiftHandover, explain_refusal
from dosing_tui.tui.rendering import text_field
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.form_dialog import FormDialog, InvalidEntryError
from dosing_tui.tui.widgets.form_fields import BLANK_ROW, FormPart, TextEntry, wrap_form_text

MAX_HANDOVER_TEXT = 400
_TITLES = {HandoverStep.LEAVE: "Hand over the shift", HandoverStep.TAKE: "Take over the shift"}
_EXPLANATIONS = {
    HandoverStep.LEAVE: "You sign what you leave behind. The next shift confirms it with another name.",
    HandoverStep.TAKE: "You confirm that you have read the handover and answer for the plant from now on.",
}


class HandoverInput(Struct, frozen=True):
    name: str
    text: str


class HandoverDialog(FormDialog[HandoverInput]):
    """``shift_name`` is shown; ``handover``: what has been signed so far."""

    takes_keys_typed_ahead = False

    def __init__(
        self, theme: TerminalTheme, step: HandoverStep, shift_name: str, handover: ShiftHandover, *, name: str
    ) -> None:
        self._step, self._handover = step, handover
        is_leaving = step is HandoverStep.LEAVE
        self._text = TextEntry(
            label="Note" if is_leaving else "Comment",
            field=text_field.create_field("", MAX_HANDOVER_TEXT),
            required="Enter what the next shift has to know, or 'nothing special'." if is_leaving else "",
            preview_rows=3,
        )
        self._signer = TextEntry(
            label="Name", field=text_field.create_field(name, MAX_AUTHOR_LENGTH), required="Enter your name.",
            is_person=True,
        )  # fmt: skip
        parts: list[FormPart] = [
            wrap_form_text(f"{shift_name}. {_EXPLANATIONS[step]}"), BLANK_ROW, self._text, self._signer,
        ]  # fmt: skip
        super().__init__(theme, _TITLES[step], parts, action="Sign")

    def build_result(self) -> HandoverInput:
        if refusal := explain_refusal(self._step, self._signer.text, self._handover):
            raise InvalidEntryError(refusal)
        return HandoverInput(self._signer.text, self._text.text)
