"""What became of reviews that were to be entered: said as it is, also when it went wrong half-way. Pure."""

from dataclasses import dataclass

from dosing_tui.domain.batch_review.review_rules import Review, ReviewDraft
from dosing_tui.errors import DosingError


@dataclass(frozen=True, slots=True)
class ReviewResult:
    """Every draft is in one of the four."""

    new_reviews: tuple[Review, ...] = ()
    refusals: tuple[str, ...] = ()
    """Why these are not entered, each in a sentence."""
    unsaved_drafts: tuple[ReviewDraft, ...] = ()
    """Surely not entered, because of ``error``."""
    unknown_drafts: tuple[ReviewDraft, ...] = ()
    """Whether these are entered could not be read again after ``error``."""
    error: DosingError | None = None

    def __add__(self, other: "ReviewResult") -> "ReviewResult":
        """The two one after the other."""
        return ReviewResult(
            self.new_reviews + other.new_reviews,
            self.refusals + other.refusals,
            self.unsaved_drafts + other.unsaved_drafts,
            self.unknown_drafts + other.unknown_drafts,
            self.error or other.error,
        )


NOT_SAVED = "Nothing was entered"
RESULT_UNKNOWN = "It is not known whether it was entered; look at the batch before you repeat it"


def describe_failure(result: ReviewResult) -> str:
    """Of one draft that was neither entered nor refused: what is in the database, and why."""
    return f"{RESULT_UNKNOWN if result.unknown_drafts else NOT_SAVED}: {result.error}"


def describe_bulk_result(result: ReviewResult) -> str:
    """How many approvals were entered, how many not, and of how many it is not known; then why."""
    unknown, others = len(result.unknown_drafts), len(result.unsaved_drafts) + len(result.refusals)
    said = [
        f"Approved {_format_batch_count(len(result.new_reviews))}.",
        *([f"Not known of {_format_batch_count(unknown)}: look before you repeat it."] if unknown else []),
        *([f"{others} {'was' if others == 1 else 'were'} not."] if others else []),
        *result.refusals[:1],
        *([str(result.error)] if result.error is not None else []),
    ]
    return " ".join(said)


def _format_batch_count(count: int) -> str:
    return "1 batch" if count == 1 else f"{count} batches"
