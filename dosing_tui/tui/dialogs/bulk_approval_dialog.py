"""Confirms the approval of many batches: their number, and the name of the reviewer."""

from dosing_tui.domain.batch_review.review_rules import Decision
from dosing_tui.tui.dialogs.review_dialog import ReviewDialog, ReviewPrompt
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.theme import TerminalTheme

_CONSEQUENCE = "Each batch gets its own approval in your name."


class BulkApprovalDialog(ReviewDialog):
    """A review of ``count`` batches; at ``limit`` there may be more."""

    def __init__(
        self, theme: TerminalTheme, count: int, *, limit: int, account: str, pin: bool, name: str
    ) -> None:
        note = " The newest; there may be more." if count == limit else ""
        batches = "1 batch" if count == 1 else f"{number_format.format_count(count)} batches"
        summary = f"{batches} without exceptions, complete and unreviewed.{note}"
        prompt = ReviewPrompt(Decision.APPROVED, summary, account, pin, name, consequence=_CONSEQUENCE)
        super().__init__(theme, prompt)
