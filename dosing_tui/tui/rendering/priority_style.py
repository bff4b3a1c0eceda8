"""How urgent an alarm is, as shape, letter and colour. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from dosing_tui.domain.alarms.models import UNACKNOWLEDGED, AlarmState, Priority, Shown
from dosing_tui.tui.rendering.palette import Pen, Tone


@dataclass(frozen=True, slots=True)
class Mark:
    shape: str
    letter: str
    tone: Tone


MARKS: Mapping[Priority, Mark] = {
    Priority.HIGH: Mark("■", "H", Tone.ERROR),
    Priority.MEDIUM: Mark("▲", "M", Tone.WARN),
    Priority.LOW: Mark("▼", "L", Tone.CREST),
    Priority.DIAGNOSTIC: Mark("◆", "D", Tone.DIM),
}
STATES: Mapping[Shown, str] = {
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


def mark(priority: Priority, *, loud: bool) -> str:
    """Shape, letter, and a star for what nobody has acknowledged; 3 cells.

    >>> mark(Priority.HIGH, loud=True)
    '■H*'
    """
    found = MARKS[priority]
    return f"{found.shape}{found.letter}{'*' if loud else ' '}"


def mark_pen(state: AlarmState, ground: Tone = Tone.GROUND) -> Pen:
    """A block of colour while it is unacknowledged, the colour alone while acknowledged, dim when hidden."""
    tone = MARKS[state.priority].tone
    if state.shown in UNACKNOWLEDGED:
        return Pen(Tone.GROUND, tone, bold=True)
    return Pen(tone if state.annunciated else Tone.DIM, ground)
