"""Query models of batches: list row, filter, counts and details."""

from datetime import datetime

from msgspec import Struct

from dosing_tui.domain.batch_review.assessment import Assessment
from dosing_tui.domain.batch_review.review_rules import Decision, Review, ReviewContext, ReviewDraft
from dosing_tui.domain.batches.alarm_overlap import AlarmSpan
from dosing_tui.domain.batches.models import Batch
from dosing_tui.domain.panels.operator_notes import Note


class BatchListQuery(Struct, frozen=True):
    """Query of the batch list; '' and () match all. Range: ``since``/``until``, ``range`` or ``shift``."""

    since: str = ""
    until: str = ""
    range: str = ""
    shift: str = ""
    device: tuple[str, ...] = ()
    recipe: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    unreviewed: bool = False
    exceptions: bool = False
    clean: bool = False
    most: int = 100
    """Maximum number of batches, newest first."""


class BatchRow(Struct, frozen=True):
    """One row of a batch list."""

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
    """Second person who confirmed the review; '' without one."""
    gone: bool = False
    """The batch no longer exists: its messages belong to another batch. Its reviews are kept."""

    @property
    def review_context(self) -> ReviewContext:
        """Context for the review rules."""
        return ReviewContext(self.status, self.findings, self.review_state, self.disposed_by, self.gone)

    @property
    def reviewers(self) -> str:
        """Names of the reviewer and of the confirming second person."""
        return f"{self.disposed_by}, {self.confirmed_by}" if self.confirmed_by else self.disposed_by


def format_version_tag(row: BatchRow) -> str:
    """Format the version tag of a row, from the hashes of record and assessment, for the signature."""
    return f"{row.record_hash[:16]}-{row.judgement_hash[:16]}"


def create_review_draft(
    row: BatchRow, meaning: Decision, *, who: str, comment: str = "", pin: str = ""
) -> ReviewDraft:
    """Create a review draft for the displayed version of the batch."""
    return ReviewDraft(
        row.batch_key, meaning, who, comment, row.last_review, row.record_hash, row.judgement_hash, pin
    )


class RecordSnapshot(Struct, frozen=True):
    """Record and assessment of a batch at one time."""

    record: str
    judgement: str


class BatchFilter(Struct, frozen=True):
    """Filter of batches; an empty tuple, None or False matches all."""

    since: datetime | None = None
    until: datetime | None = None
    device: tuple[str, ...] = ()
    recipe: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    review_state: tuple[str, ...] = ()
    unreviewed: bool = False
    """Only ended batches that are unreviewed, changed since the review, or lack a required confirmation."""
    with_findings: bool = False
    clean: bool = False
    """Only batches that are complete and without exceptions."""


class BatchStatusCounts(Struct, frozen=True):
    """Number of batches matching a filter, in total and by status."""

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
    clean: int
    """Complete and without exceptions."""


class BatchDetail(Struct, frozen=True):
    """Details of one batch. ``record_text``: the canonical JSON with the hash ``row.record_hash``."""

    row: BatchRow
    batch: Batch
    assessment: Assessment
    reviews: tuple[Review, ...]
    record_text: str
    assessment_text: str
    reviewed_snapshot: RecordSnapshot | None = None
    """Reviewed record and assessment, if the batch has changed since the review."""
    merged_reviews: tuple[Review, ...] = ()
    """Reviews of batches that were merged into this one."""


class ContextEvents(Struct, frozen=True):
    """Other events during a batch, each list ordered by time."""

    alarms: tuple[AlarmSpan, ...] = ()
    notes: tuple[Note, ...] = ()
