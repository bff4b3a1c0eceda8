"""Result of saving reviews, including partial failures."""

from msgspec import Struct

from dosing_tui.domain.batch_review.review_rules import Review, ReviewDraft
from dosing_tui.domain.quantities.quantity_text import count_noun
from dosing_tui.errors import DosingError


class ReviewResult(Struct, frozen=True):
    """Result of saving drafts; each draft is in exactly one of the four lists."""

    new_reviews: tuple[Review, ...] = ()
    refusals: tuple[str, ...] = ()
    """Reasons of the refused drafts, one sentence each."""
    unsaved_drafts: tuple[ReviewDraft, ...] = ()
    """Drafts not saved, because of ``error``."""
    unknown_drafts: tuple[ReviewDraft, ...] = ()
    """Drafts with an unknown result: they could not be read back after ``error``."""
    error: DosingError | None = None

    def __add__(self, other: "ReviewResult") -> "ReviewResult":
        """Return the combined result; the first error is kept."""
        return ReviewResult(
            self.new_reviews + other.new_reviews,
            self.refusals + other.refusals,
            self.unsaved_drafts + other.unsaved_drafts,
            self.unknown_drafts + other.unknown_drafts,
            self.error or other.error,
        )


NOT_SAVED = "Not saved"
RESULT_UNKNOWN = "Result unknown; check the batch before trying again"


def describe_failure(result: ReviewResult) -> str:
    """Describe the failure of one draft that was neither saved nor refused."""
    return f"{RESULT_UNKNOWN if result.unknown_drafts else NOT_SAVED}: {result.error}"


def describe_bulk_result(result: ReviewResult) -> str:
    """Describe the numbers of approvals saved, not saved and unknown, and the reasons."""
    unknown, others = len(result.unknown_drafts), len(result.unsaved_drafts) + len(result.refusals)
    said = [
        f"Approved {count_noun(len(result.new_reviews), 'batch', 'batches')}.",
        *(
            [f"Result unknown for {count_noun(unknown, 'batch', 'batches')}: check before trying again."]
            if unknown
            else []
        ),
        *([f"{others} {'was' if others == 1 else 'were'} not."] if others else []),
        *result.refusals[:1],
        *([str(result.error)] if result.error is not None else []),
    ]
    return " ".join(said)
