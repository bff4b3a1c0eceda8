"""Signs an operator on or off, and asks for the PIN where PINs are in use."""

from datetime import tzinfo

from dosing_tui.domain.panels.operator_notes import MAX_AUTHOR_LENGTH
from dosing_tui.tui.data.operator_session import SignedOnOperator
from dosing_tui.tui.dialogs.review_dialog import PIN_MAX_LENGTH
from dosing_tui.tui.rendering import number_format, text_field
from dosing_tui.tui.rendering.canvas import sanitize_text
from dosing_tui.tui.rendering.palette import TEXT
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.form_dialog import FormDialog, KeyLabels
from dosing_tui.tui.widgets.form_fields import BLANK_ROW, FormPart, TextEntry, wrap_form_text

_CONSEQUENCE = (
    "Acknowledgements and approvals by a single key are entered in your name until you sign off"
    " or the shift changes."
)


class SignOnDialog(FormDialog[str]):
    """The result is the name to sign on; '' signs off the one who is signed on."""

    def __init__(self, theme: TerminalTheme, operator: SignedOnOperator | None, zone: tzinfo) -> None:
        self._operator = operator
        self._person = TextEntry(
            label="Name", field=text_field.TextField(max_length=MAX_AUTHOR_LENGTH), is_person=True
        )
        present = "Nobody is signed on at this console."
        if operator is not None:
            since = number_format.format_clock(operator.since, zone, seconds=False)
            label = "PIN verified" if operator.is_verified else "identity not verified"
            present = f"{sanitize_text(operator.name)} is signed on since {since}: {label}."
        else:
            self._person.required = "Enter your name."
        parts: list[FormPart] = [
            wrap_form_text(present, TEXT),
            wrap_form_text(_CONSEQUENCE),
            BLANK_ROW,
            self._person,
        ]
        super().__init__(theme, "Sign on", parts, action="Sign on")

    def list_keys(self) -> KeyLabels:
        is_leaving = self._operator is not None and not self._person.text
        return ("Enter", "Sign off" if is_leaving else "Sign on"), ("Esc", "Cancel")

    def build_result(self) -> str:
        return self._person.text


class PinDialog(FormDialog[str]):
    """The result is the PIN, which is checked once and not kept; '' for somebody who has none."""

    def __init__(self, theme: TerminalTheme, name: str) -> None:
        self._pin = TextEntry(
            label="PIN", field=text_field.TextField(max_length=PIN_MAX_LENGTH), is_secret=True
        )
        text = wrap_form_text(
            "PINs are in use at this plant. The database checks yours once, now."
            " Without one you are signed on, and your identity is not verified."
        )
        title = f"PIN of {sanitize_text(name)}"
        super().__init__(theme, title, [text, BLANK_ROW, self._pin], action="Sign on")

    def list_keys(self) -> KeyLabels:
        return ("Enter", "Sign on" if self._pin.text else "Sign on without a PIN"), ("Esc", "Cancel")

    def build_result(self) -> str:
        return self._pin.text
