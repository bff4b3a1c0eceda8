"""Asks once before many batches are approved: how many they are, and who approves them."""

from dosing_tui.domain.batch_review.review_rules import Meaning
from dosing_tui.tui.dialogs.review_dialog import Question, ReviewDialog
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.theme import Look

CONSEQUENCE = "Each of them gets an approval of its own, with your name."


class BulkDialog(ReviewDialog):
    """As for one batch; says how many they are."""

    def __init__(self, look: Look, count: int, *, most: int, account: str, pin: bool, name: str) -> None:
        only = " The newest; there may be more." if count == most else ""
        batches = "1 batch" if count == 1 else f"{number_format.count(count)} batches"
        about = f"{batches} without exceptions, complete and unreviewed.{only}"
        asked = Question(Meaning.APPROVED, about, account, pin, name, consequence=CONSEQUENCE)
        super().__init__(look, asked)
