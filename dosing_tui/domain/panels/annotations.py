"""What is marked on a chart over time: batches from start to end, and the operators' notes.

Which start belongs to which end is decided in ``sql/reads/annotations.sql``, so that Grafana marks the same.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class AnnotationKind(StrEnum):
    """What an annotation is about."""

    BATCH = "batch"
    """From a start to its completion."""
    ABORTED = "aborted"
    """From a start to the abort or error that ended it."""
    RUNNING = "running"
    """A start whose end has not been told yet, the newest of its station."""
    INCOMPLETE = "incomplete"
    """A start whose end was never told: its station has started another batch since."""
    UNMATCHED = "unmatched"
    """An end whose start was not told."""
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Annotation:
    """``until`` None is a moment, or the present for a running batch; ``device`` '' is the whole plant."""

    at: datetime
    until: datetime | None
    kind: AnnotationKind
    text: str
    author: str
    device: str


@dataclass(frozen=True, slots=True)
class AnnotationList:
    """The newest of a window, in order of time; ``is_truncated`` says that older ones are left out."""

    items: tuple[Annotation, ...] = ()
    is_truncated: bool = False

    @property
    def truncation_text(self) -> str:
        """What the reader of the chart has to know, '' if everything is there."""
        return f"Only the newest {len(self.items)} batches and notes are marked." if self.is_truncated else ""
