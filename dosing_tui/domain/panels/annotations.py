"""Annotations of a chart over time: batches from start to end, and operator notes.

The start of each end is found in ``sql/reads/annotations.sql``, which Grafana uses, too.
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
    """The newest start of its station, whose end has not been received yet."""
    INCOMPLETE = "incomplete"
    """A start without an end: its station has started another batch since."""
    UNMATCHED = "unmatched"
    """An end without a start."""
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
    """The newest of a window, in order of time; ``is_truncated``: older ones are left out."""

    items: tuple[Annotation, ...] = ()
    is_truncated: bool = False

    @property
    def truncation_text(self) -> str:
        """A sentence for the operator; '' if the list is complete."""
        return f"Only the newest {len(self.items)} batches and notes are marked." if self.is_truncated else ""
