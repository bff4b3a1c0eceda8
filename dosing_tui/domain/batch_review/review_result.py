"""What became of reviews that were to be entered: said as it is, also when it went wrong half-way. Pure."""

from dataclasses import dataclass

from dosing_tui.domain.batch_review.review_rules import Review, ReviewDraft
from dosing_tui.errors import DosingError


@dataclass(frozen=True, slots=True)
class Outcome:
    """Every draft is in one of the four."""

    entered: tuple[Review, ...] = ()
    refused: tuple[str, ...] = ()
    """Why these are not entered, each in a sentence."""
    left: tuple[ReviewDraft, ...] = ()
    """Surely not entered, because of ``error``."""
    unknown: tuple[ReviewDraft, ...] = ()
    """Whether these are entered could not be read again after ``error``."""
    error: DosingError | None = None

    def __add__(self, other: "Outcome") -> "Outcome":
        """The two one after the other."""
        return Outcome(
            self.entered + other.entered, self.refused + other.refused, self.left + other.left,
            self.unknown + other.unknown, self.error or other.error,
        )  # fmt: skip


NOTHING = "Nothing was entered"
UNKNOWN = "It is not known whether it was entered; look at the batch before you repeat it"


def fate_of_one(outcome: Outcome) -> str:
    """Of one draft that was neither entered nor refused: what is in the database, and why."""
    return f"{UNKNOWN if outcome.unknown else NOTHING}: {outcome.error}"


def fate_of_many(outcome: Outcome) -> str:
    """How many approvals were entered, how many not, and of how many it is not known; then why."""
    unknown, others = len(outcome.unknown), len(outcome.left) + len(outcome.refused)
    said = [
        f"Approved {_batches(len(outcome.entered))}.",
        *([f"Not known of {_batches(unknown)}: look before you repeat it."] if unknown else []),
        *([f"{others} {'was' if others == 1 else 'were'} not."] if others else []),
        *outcome.refused[:1],
        *([str(outcome.error)] if outcome.error is not None else []),
    ]
    return " ".join(said)


def _batches(count: int) -> str:
    return "1 batch" if count == 1 else f"{count} batches"
