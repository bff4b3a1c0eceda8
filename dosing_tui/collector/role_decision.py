"""Who collects. Pure: what this process should be, from what it knows.

Exactly one process of a site collects. The database elects it by a lock that falls with the session. While
the database cannot be asked, the one that was elected goes on, and so does the machine that was the last to
collect; what two of them might store twice in the worst case, the database's keys hold apart.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from dosing_tui.config.settings import CollectorMode
from dosing_tui.live_state import Role

CONFLICT_GRACE = timedelta(seconds=30)
"""An elected process whose client id another one uses gives way after this, one that was not at once."""


class ElectionResult(StrEnum):
    """What the database says about this process."""

    LEADER = "won"
    FOLLOWER = "lost"
    """Another process holds the lock."""
    UNKNOWN = "unknown"
    """The database cannot be asked."""


@dataclass(frozen=True, slots=True)
class RoleInputs:
    mode: CollectorMode
    election: ElectionResult
    is_elected: bool = False
    """This process has won before, and not lost since."""
    is_last_collector: bool = False
    """This machine was the last to collect."""
    conflict: timedelta | None = None
    """How long another program has been using the collector's client id; None if none does."""


def decide_role(inputs: RoleInputs) -> Role:
    if inputs.mode is CollectorMode.NEVER:
        return Role.VIEWER
    if inputs.mode is CollectorMode.ALWAYS or inputs.election is ElectionResult.LEADER:
        return Role.COLLECTOR
    if inputs.election is ElectionResult.FOLLOWER:
        return Role.STANDBY
    patience = CONFLICT_GRACE if inputs.is_elected else timedelta()
    if inputs.conflict is not None and inputs.conflict >= patience:
        return Role.UNDECIDED
    return Role.COLLECTOR if inputs.is_elected or inputs.is_last_collector else Role.UNDECIDED
