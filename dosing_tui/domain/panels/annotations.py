"""Annotations of a chart over time: batches from start to end, and operator notes."""

from datetime import datetime
from enum import StrEnum

from msgspec import Struct


class AnnotationKind(StrEnum):
    """What an annotation is about; a batch by its status in the batch list."""

    BATCH = "batch"
    """Complete."""
    ABORTED = "aborted"
    RUNNING = "running"
    """Not ended yet."""
    INCOMPLETE = "incomplete"
    """Its end was not received; it ends with its last message."""
    UNMATCHED = "unmatched"
    """Its start was not received."""
    NOTE = "note"


class Annotation(Struct, frozen=True):
    """``until`` None is a moment, or the present for a running batch; ``device`` '' is the whole plant."""

    at: datetime
    until: datetime | None
    kind: AnnotationKind
    text: str
    author: str
    device: str


class AnnotationList(Struct, frozen=True):
    """The newest of a window, in order of time; ``is_truncated``: older ones are left out."""

    items: tuple[Annotation, ...] = ()
    is_truncated: bool = False

    @property
    def truncation_text(self) -> str:
        """A sentence for the operator; '' if the list is complete."""
        return (
            f"Only the newest {len(self.items)} of the batches and notes are marked."
            if self.is_truncated
            else ""
        )
