"""Enters a review of batches: reason or comment, the reviewer's name, the PIN where PINs are in use."""

from collections.abc import Sequence

from msgspec import Struct

from dosing_tui.domain.batch_review.query_models import BatchRow
from dosing_tui.domain.batch_review.review_rules import (
    MAX_COMMENT_LENGTH,
    MAX_WHO_LENGTH,
    SHARED_ACCOUNTS,
    Decision,
)
from dosing_tui.tui.rendering import number_format, text_field
from dosing_tui.tui.rendering.palette import TEXT, CellStyle, ColourRole
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.form_dialog import FormDialog
from dosing_tui.tui.widgets.form_fields import BLANK_ROW, FormText, TextEntry, wrap_form_text

PIN_MAX_LENGTH = 64
_CONSEQUENCES = {
    Decision.APPROVED: "You have checked the batch and accept it.",
    Decision.DEVIATION: "The batch deviates and may be used. Enter the reason.",
    Decision.REJECTED: "The batch must not be used. Enter the reason.",
    Decision.NEEDS_INFORMATION: "No decision yet. Enter what is missing.",
    Decision.CONFIRMED: "You are the second person and agree with the approval.",
    Decision.COMMENT: "Adds a comment. The batch's review state does not change.",
    Decision.WITHDRAWN: "Withdraws the last review. Both entries stay in the audit trail. Enter a reason.",
}
_TITLES = {
    Decision.APPROVED: "Approve",
    Decision.DEVIATION: "Approve with deviation",
    Decision.REJECTED: "Reject",
    Decision.NEEDS_INFORMATION: "Request information",
    Decision.CONFIRMED: "Confirm approval",
    Decision.COMMENT: "Comment",
    Decision.WITHDRAWN: "Withdraw",
}
_BULK_CONSEQUENCE = (
    "Each batch gets its own approval in your name. What arrives or changes meanwhile is not approved."
)
REASON_OPTIONAL = frozenset({Decision.APPROVED, Decision.CONFIRMED})


class ReviewPrompt(Struct, frozen=True):
    """The decision, the batch it is about, and the entries to start with."""

    meaning: Decision
    summary: str
    account: str
    is_pin_required: bool
    name: str = ""
    consequence: str = ""
    """In place of the decision's own, where it is not about one batch."""
    title: str = ""
    """In place of the decision's own."""
    list_text: str = ""
    """The list that the batches are of; '' for a single batch."""


class ReviewInput(Struct, frozen=True):
    """The reviewer's entries; ``pin`` is '' where none is required."""

    comment: str
    reviewer: str
    pin: str


def build_bulk_prompt(
    rows: Sequence[BatchRow], list_text: str, *, limit: int, account: str, is_pin_required: bool, name: str
) -> ReviewPrompt:
    """The approval of ``rows``, newest first, of the list named; at ``limit`` there may be more."""
    count = len(rows)
    note = " The newest; there may be more." if count == limit else ""
    batches = number_format.count_noun(count, "batch", "batches")
    ends = rows[0].batch_id if count == 1 else f"{rows[-1].batch_id} to {rows[0].batch_id}"
    summary = f"{batches} without exceptions, complete and unreviewed.{note}"
    return ReviewPrompt(
        Decision.APPROVED, summary, account, is_pin_required, name, consequence=_BULK_CONSEQUENCE,
        title=f"Approve {batches}", list_text=f"List: {list_text}. {ends}.",
    )  # fmt: skip


class ReviewDialog(FormDialog[ReviewInput]):
    """Opens on the first required field that is empty."""

    first_row, gap = 2, 0

    def __init__(self, theme: TerminalTheme, prompt: ReviewPrompt) -> None:
        is_required = prompt.meaning not in REASON_OPTIONAL
        self._comment = TextEntry(
            label="Reason" if is_required else "Comment",
            field=text_field.TextField(max_length=MAX_COMMENT_LENGTH),
            required="A reason is required." if is_required else "",
            preview_rows=2,
        )
        self._reviewer = TextEntry(
            label="Name",
            field=text_field.create_field(prompt.name, MAX_WHO_LENGTH),
            required="Enter your name.",
            is_person=True,
        )
        pin_field = text_field.TextField(max_length=PIN_MAX_LENGTH)
        self._pin = TextEntry(label="PIN", field=pin_field, required="Enter your PIN.", is_secret=True)
        fields = [self._comment, self._reviewer, *([self._pin] if prompt.is_pin_required else [])]
        super().__init__(
            theme,
            f"{prompt.title or _TITLES[prompt.meaning]}?",
            [
                wrap_form_text(prompt.summary, TEXT),
                *([wrap_form_text(prompt.list_text, TEXT)] if prompt.list_text else []),
                wrap_form_text(prompt.consequence or _CONSEQUENCES[prompt.meaning]),
                BLANK_ROW,
                *fields,
                BLANK_ROW,
                BLANK_ROW,
                FormText([_format_signature_notice(is_pin_required=prompt.is_pin_required)]),
                wrap_form_text(format_account_warning(prompt.account), CellStyle(ColourRole.DEVIATION)),
            ],
            action=_TITLES[prompt.meaning],
        )
        required = [field for field in fields if field.required]
        self._focused_field = next((field for field in required if not field.field.text), required[0])

    def build_result(self) -> ReviewInput:
        return ReviewInput(self._comment.text, self._reviewer.text, self._pin.text)


def _format_signature_notice(*, is_pin_required: bool) -> str:
    if is_pin_required:
        return "Your PIN signs the record and its exceptions as shown now."
    return "This is not an electronic signature: identity not verified."


def format_account_warning(account: str) -> str:
    """'' for the account of one person."""
    if account.casefold() not in SHARED_ACCOUNTS:
        return ""
    return f"Account '{account}' is shared: only the name identifies you."
