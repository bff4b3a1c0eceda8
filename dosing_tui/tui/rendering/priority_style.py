"""Alarm priority as shape, word and colour. Pure.

The only place that gives out the colours of alarms, each for the priority of an alarm or of its rule.
Source: ANSI/ISA-101.01, colours of alarms are used for nothing else.
"""

from collections.abc import Mapping

from msgspec import Struct

from dosing_tui.domain.alarms.catalog import RULES
from dosing_tui.domain.alarms.models import UNACKNOWLEDGED_STATES, AlarmState, AlarmStateName, Priority
from dosing_tui.tui.rendering.palette import CellStyle, ColourRole

MARK_WIDTH = 6
"""Cells of a priority's shape, word and star."""


class PriorityMark(Struct, frozen=True):
    shape: str
    word: str
    colour: ColourRole


PRIORITY_MARKS: Mapping[Priority, PriorityMark] = {
    Priority.HIGH: PriorityMark("■", "HIGH", ColourRole.ALARM_HIGH),
    Priority.MEDIUM: PriorityMark("▲", "MED", ColourRole.ALARM_MEDIUM),
    Priority.LOW: PriorityMark("▼", "LOW", ColourRole.ALARM_LOW),
    Priority.DIAGNOSTIC: PriorityMark("◆", "DIAG", ColourRole.DIM),
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
SHORT_STATE_LABELS: Mapping[AlarmStateName, str] = {
    **STATE_LABELS,
    AlarmStateName.ACKED: "ackn.",
    AlarmStateName.LATCHED_ACKED: "latch.ack",
}
"""For a narrow list; 9 cells in the list of alarms."""


def format_mark(priority: Priority, *, is_unacknowledged: bool) -> str:
    """Shape, word, and a star while unacknowledged; ``MARK_WIDTH`` cells.

    >>> format_mark(Priority.HIGH, is_unacknowledged=True)
    '■HIGH*'
    """
    mark = PRIORITY_MARKS[priority]
    return f"{mark.shape}{mark.word}{'*' if is_unacknowledged else ''}".ljust(MARK_WIDTH)


def choose_priority_style(priority: Priority, background: ColourRole = ColourRole.BACKGROUND) -> CellStyle:
    """Colour of an alarm of this priority."""
    return CellStyle(PRIORITY_MARKS[priority].colour, background, bold=True)


def choose_rule_style(rule: str, background: ColourRole = ColourRole.BACKGROUND) -> CellStyle:
    """Colour of the condition for which this rule of the catalog raises its alarm."""
    return CellStyle(PRIORITY_MARKS[RULES[rule].priority].colour, background, bold=True)


def choose_rule_block(rule: str) -> CellStyle:
    """The same, reversed."""
    return choose_priority_block(RULES[rule].priority)


def choose_priority_block(priority: Priority) -> CellStyle:
    """Colour of an alarm of this priority, reversed."""
    return CellStyle(ColourRole.BACKGROUND, PRIORITY_MARKS[priority].colour, bold=True)


def choose_mark_style(state: AlarmState, background: ColourRole = ColourRole.BACKGROUND) -> CellStyle:
    """Reversed while unacknowledged, in colour while acknowledged, dim while suppressed."""
    colour = PRIORITY_MARKS[state.priority].colour
    if state.state_name in UNACKNOWLEDGED_STATES:
        return CellStyle(ColourRole.BACKGROUND, colour, bold=True)
    return CellStyle(colour if state.is_annunciated else ColourRole.DIM, background)
