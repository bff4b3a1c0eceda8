"""Batches as lists and pages show them: a row, a filter, how many there are of what, and the whole of one."""

from dataclasses import dataclass
from datetime import datetime

from dosing_tui.domain.batch_review.assessment import Assessment
from dosing_tui.domain.batch_review.review_rules import Decision, Review, ReviewContext, ReviewDraft
from dosing_tui.domain.batches.alarm_overlap import AlarmSpan
from dosing_tui.domain.batches.models import Batch
from dosing_tui.domain.panels.operator_notes import Note


@dataclass(frozen=True, slots=True)
class BatchListQuery:
    """'' and () are all. One of ``since`` (with ``until``), ``range`` and ``shift`` names a range."""

    since: str = ""
    until: str = ""
    range: str = ""
    shift: str = ""
    device: tuple[str, ...] = ()
    recipe: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    unreviewed: bool = False
    exceptions: bool = False
    most: int = 100
    """So many of the newest."""


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One batch in a list."""

    batch_key: str
    batch_id: str
    device_id: str
    recipe: str
    mode: str
    status: str
    reason: str
    begins_at: datetime
    ends_at: datetime | None
    last_at: datetime
    pumps: int | None
    doses: int
    target_g: float | None
    actual_g: float | None
    findings: int
    finding_kinds: tuple[str, ...]
    recipe_version: int | None
    record_hash: str
    review_state: str
    last_review: int
    disposed_by: str
    disposed_at: datetime | None
    judgement_hash: str
    confirmed_by: str = ""
    """The second person, if there is one."""
    gone: bool = False
    """Its messages turned out to be of another batch; it stays because it was reviewed."""

    @property
    def review_context(self) -> ReviewContext:
        """For what may be said of it."""
        return ReviewContext(self.status, self.findings, self.review_state, self.disposed_by, self.gone)

    @property
    def reviewers(self) -> str:
        """Who has decided, and who has confirmed it."""
        return f"{self.disposed_by}, {self.confirmed_by}" if self.confirmed_by else self.disposed_by


def format_version_tag(row: BatchRow) -> str:
    """What names the batch as it is in this row, its record and what is thought of it, for who signs it."""
    return f"{row.record_hash[:16]}-{row.judgement_hash[:16]}"


def create_review_draft(
    row: BatchRow, meaning: Decision, *, who: str, comment: str = "", pin: str = ""
) -> ReviewDraft:
    """To be said of the batch as it is in this row."""
    return ReviewDraft(
        row.batch_key, meaning, who, comment, row.last_review, row.record_hash, row.judgement_hash, pin
    )


@dataclass(frozen=True, slots=True)
class RecordSnapshot:
    """A batch's two texts at some time."""

    record: str
    judgement: str


@dataclass(frozen=True, slots=True)
class BatchFilter:
    """Which batches: an empty tuple, None or False is all. A shift is its range."""

    since: datetime | None = None
    until: datetime | None = None
    device: tuple[str, ...] = ()
    recipe: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    review_state: tuple[str, ...] = ()
    unreviewed: bool = False
    """Ended, and not reviewed, changed since, or, where the plant wants a second person, not confirmed."""
    with_findings: bool = False
    without_findings: bool = False


@dataclass(frozen=True, slots=True)
class BatchStatusCounts:
    """How many batches a filter finds, and how many of them are what."""

    batches: int
    under_way: int
    complete: int
    not_complete: int
    aborted: int
    incomplete: int
    no_start: int
    complete_only: int
    with_findings: int
    unreviewed: int


@dataclass(frozen=True, slots=True)
class BatchDetail:
    """All there is of one batch. ``record_text`` is the canonical JSON that ``row.record_hash`` is of."""

    row: BatchRow
    batch: Batch
    assessment: Assessment
    reviews: tuple[Review, ...]
    record_text: str
    assessment_text: str
    reviewed_snapshot: RecordSnapshot | None = None
    """What the review is about, if it is outdated."""
    merged_reviews: tuple[Review, ...] = ()
    """What was said of batches that are no more because their messages are of this one."""


@dataclass(frozen=True, slots=True)
class ContextEvents:
    """What fell into a batch beside its own messages, each in order of time."""

    alarms: tuple[AlarmSpan, ...] = ()
    notes: tuple[Note, ...] = ()
