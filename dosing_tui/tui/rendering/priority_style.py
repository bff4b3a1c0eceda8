"""How urgent an alarm is, as shape, letter and colour. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from dosing_tui.domain.alarms.models import UNACKNOWLEDGED_STATES, AlarmState, AlarmStateName, Priority
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
STATE_LABELS: Mapping[AlarmStateName, str] = {
    AlarmStateName.NORMAL: "normal",
    AlarmStateName.UNACK: "active",
    AlarmStateName.ACKED: "acknowledged",
    AlarmStateName.RTN_UNACK: "returned",
    AlarmStateName.LATCHED_UNACK: "latched",
    AlarmStateName.LATCHED_ACKED: "latched, ackn.",
    AlarmStateName.SHELVED: "shelved",
    AlarmStateName.SUPPRESSED: "suppressed",
    AlarmStateName.OUT_OF_SERVICE: "out of service",
}


def format_mark(priority: Priority, *, is_unacknowledged: bool) -> str:
    """Shape, letter, and a star for what nobody has acknowledged; 3 cells.

    >>> format_mark(Priority.HIGH, is_unacknowledged=True)
    '■H*'
    """
    found = PRIORITY_MARKS[priority]
    return f"{found.shape}{found.letter}{'*' if is_unacknowledged else ' '}"


def choose_mark_style(state: AlarmState, background: ColourRole = ColourRole.BACKGROUND) -> CellStyle:
    """A block of colour while it is unacknowledged, the colour alone while acknowledged, dim when hidden."""
    tone = PRIORITY_MARKS[state.priority].colour
    if state.state_name in UNACKNOWLEDGED_STATES:
        return CellStyle(ColourRole.BACKGROUND, tone, bold=True)
    return CellStyle(tone if state.is_annunciated else ColourRole.DIM, background)
