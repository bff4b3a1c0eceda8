"""Asks once before many batches are approved: how many they are, and who approves them."""

from dosing_tui.console.look import Look
from dosing_tui.console.screens.review_dialog import Question, ReviewDialog
from dosing_tui.plant.batches.reviews import Meaning


class BulkDialog(ReviewDialog):
    """As for one batch; says how many they are."""

    def __init__(self, look: Look, count: int, *, most: int, account: str, pin: bool, name: str) -> None:
        only = f" (the newest {most:,}; there may be more)" if count == most else ""
        batches = "1 batch" if count == 1 else f"{count:,} batches"
        about = f"{batches} without exceptions, complete and unreviewed{only}"
        super().__init__(look, Question(Meaning.APPROVED, about, account, pin, name))
