"""How urgent an alarm is, as shape, letter and colour. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from dosing_tui.domain.alarms.models import UNACKNOWLEDGED, AlarmState, Priority, Shown
from dosing_tui.tui.rendering.palette import CellStyle, ColourRole


@dataclass(frozen=True, slots=True)
class PriorityMark:
    shape: str
    letter: str
    colour: ColourRole


PRIORITY_MARKS: Mapping[Priority, PriorityMark] = {
    Priority.HIGH: PriorityMark("■", "H", ColourRole.ERROR),
    Priority.MEDIUM: PriorityMark("▲", "M", ColourRole.WARN),
    Priority.LOW: PriorityMark("▼", "L", ColourRole.ACCENT),
    Priority.DIAGNOSTIC: PriorityMark("◆", "D", ColourRole.DIM),
}
STATE_LABELS: Mapping[Shown, str] = {
    Shown.NORMAL: "normal",
    Shown.UNACK: "active",
    Shown.ACKED: "acknowledged",
    Shown.RTN_UNACK: "returned",
    Shown.LATCHED_UNACK: "latched",
    Shown.LATCHED_ACKED: "latched, ackn.",
    Shown.SHELVED: "shelved",
    Shown.SUPPRESSED: "suppressed",
    Shown.OUT_OF_SERVICE: "out of service",
}


def format_mark(priority: Priority, *, is_unacknowledged: bool) -> str:
    """Shape, letter, and a star for what nobody has acknowledged; 3 cells.

    >>> mark(Priority.HIGH, loud=True)
    '■H*'
    """
    found = PRIORITY_MARKS[priority]
    return f"{found.shape}{found.letter}{'*' if is_unacknowledged else ' '}"


def choose_mark_style(state: AlarmState, background: ColourRole = ColourRole.BACKGROUND) -> CellStyle:
    """A block of colour while it is unacknowledged, the colour alone while acknowledged, dim when hidden."""
    tone = PRIORITY_MARKS[state.priority].colour
    if state.shown in UNACKNOWLEDGED:
        return CellStyle(ColourRole.BACKGROUND, tone, bold=True)
    return CellStyle(tone if state.annunciated else ColourRole.DIM, background)
