"""What happened, as it is marked on the time axis of a large chart: batches, and the operators' notes."""

from collections.abc import Iterable, Iterator

from dosing_tui.domain.messages.models import Kind
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.panels.annotations import Annotation, Annotations, Mark
from dosing_tui.domain.panels.panel_catalog import Panel
from dosing_tui.tui.charts.series import Flag, Sign
from dosing_tui.tui.rendering.canvas import plain

ANNOTATIONS = Panel("annotations", "Batches and notes", "", Annotations, frozenset({Kind.EVENT}))
"""Asked like a panel, but only while a chart over time has the whole screen."""
_ENDS = {Mark.BATCH: Sign.END, Mark.ABORTED: Sign.ABORT, Mark.UNMATCHED: Sign.END}


def flags(annotations: Iterable[Annotation]) -> tuple[Flag, ...]:
    """Two of a batch that has ended, one of everything else, in order of time."""
    return tuple(sorted((flag for one in annotations for flag in _flags(one)), key=lambda flag: flag.at))


def _flags(one: Annotation) -> Iterator[Flag]:
    device = f" ({plain(one.device, 24)})" if one.device else ""
    text = clean_line(one.text)
    match one.kind:
        case Mark.NOTE:
            yield Flag(one.at, Sign.NOTE, f"{text} ({plain(one.author, 24)}){device}")
        case Mark.UNMATCHED:
            yield Flag(one.at, Sign.END, text + device)
        case Mark.BATCH | Mark.ABORTED | Mark.RUNNING | Mark.INCOMPLETE:
            recipe = text.rsplit(" ", 1)[0] if one.until is not None else text
            yield Flag(one.at, Sign.START, f"{recipe}{' started' if one.until is not None else ''}{device}")
            if one.until is not None:
                yield Flag(one.until, _ENDS.get(one.kind, Sign.END), text + device)
