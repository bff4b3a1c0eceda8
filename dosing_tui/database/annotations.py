"""Rows of ``sql/reads/select_annotations.sql`` as annotations of a chart."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text
from dosing_tui.domain.panels.annotations import Annotation, AnnotationKind, AnnotationList
from dosing_tui.domain.panels.operator_notes import MAX_TEXT_LENGTH


class AnnotationRow(Struct, frozen=True):
    """Columns as Grafana requires: ``timeend`` None is a point in time; ``tags`` are separated by commas."""

    time: datetime
    timeend: datetime | None
    text: str
    tags: str
    kind: str
    device: str
    author: str
    more: bool


def rows_to_annotations(rows: Sequence[AnnotationRow]) -> AnnotationList:
    """With harmless text."""
    cleaned = (
        Annotation(
            at=row.time,
            until=row.timeend,
            kind=AnnotationKind(row.kind),
            text=clean_line(row.text, MAX_TEXT_LENGTH),
            author=clean_text(row.author),
            device=clean_text(row.device),
        )
        for row in rows
    )
    return AnnotationList(tuple(cleaned), is_truncated=bool(rows) and rows[0].more)
