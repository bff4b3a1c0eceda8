"""Batches and operator notes as annotations on the time axis of a chart at full screen."""

from collections.abc import Iterable, Iterator

from dosing_tui.domain.messages.models import ReadingKind
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.panels.annotations import Annotation, AnnotationKind, AnnotationList
from dosing_tui.domain.panels.panel_catalog import BATCH_SETTLE_TIME, Panel
from dosing_tui.tui.charts.series import AnnotationGlyph, ChartAnnotation
from dosing_tui.tui.rendering.canvas import sanitize_text

ANNOTATIONS_PANEL = Panel(
    "annotations",
    "Batches and notes",
    "",
    AnnotationList,
    frozenset({ReadingKind.EVENT}),
    settle_time=BATCH_SETTLE_TIME,
)
"""Queried like a panel, while a chart over time is at full screen."""
_END_GLYPHS = {
    AnnotationKind.BATCH: AnnotationGlyph.END,
    AnnotationKind.ABORTED: AnnotationGlyph.ABORT,
    AnnotationKind.UNMATCHED: AnnotationGlyph.END,
}


def build_chart_annotations(annotations: Iterable[Annotation]) -> tuple[ChartAnnotation, ...]:
    """Two for a batch that has ended, one for everything else, in order of time."""
    return tuple(
        sorted((flag for one in annotations for flag in _convert_annotation(one)), key=lambda flag: flag.at)
    )


def _convert_annotation(annotation: Annotation) -> Iterator[ChartAnnotation]:
    device = f" ({sanitize_text(annotation.device, 24)})" if annotation.device else ""
    text = clean_line(annotation.text)
    match annotation.kind:
        case AnnotationKind.NOTE:
            yield ChartAnnotation(
                annotation.at,
                AnnotationGlyph.NOTE,
                f"{text} ({sanitize_text(annotation.author, 24)}){device}",
            )
        case AnnotationKind.UNMATCHED:
            yield ChartAnnotation(annotation.until or annotation.at, AnnotationGlyph.END, text + device)
        case (
            AnnotationKind.BATCH | AnnotationKind.ABORTED | AnnotationKind.RUNNING | AnnotationKind.INCOMPLETE
        ):
            recipe = text.rsplit(" ", 1)[0] if annotation.until is not None else text
            yield ChartAnnotation(
                annotation.at,
                AnnotationGlyph.START,
                f"{recipe}{' started' if annotation.until is not None else ''}{device}",
            )
            if annotation.until is not None:
                yield ChartAnnotation(
                    annotation.until, _END_GLYPHS.get(annotation.kind, AnnotationGlyph.END), text + device
                )
