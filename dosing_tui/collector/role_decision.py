"""Role of this process: collector, standby or viewer. Pure.

Exactly one process of a site collects. The database elects it by a lease with a heartbeat. While the
database is unreachable, the elected process continues, and so does the machine that collected last.
In the worst case two processes collect; the database's keys prevent duplicate rows.
"""

from datetime import timedelta
from enum import StrEnum

from msgspec import Struct

from dosing_tui.config.settings import CollectorMode
from dosing_tui.live_snapshot import Role

CONFLICT_GRACE = timedelta(seconds=30)
"""Time until an elected process yields to another MQTT client with its client ID; others yield at once."""


class ElectionResult(StrEnum):
    """Result of the leader election for this process."""

    LEADER = "won"
    FOLLOWER = "lost"
    """Another process holds the lease."""
    UNKNOWN = "unknown"
    """The database is unreachable."""


class RoleInputs(Struct, frozen=True):
    mode: CollectorMode
    election: ElectionResult
    is_elected: bool = False
    """The last known election result of this process is LEADER."""
    is_last_collector: bool = False
    """A process of this machine was the site's last collector."""
    conflict: timedelta | None = None
    """Duration of the client ID conflict; None without one."""


def decide_role(inputs: RoleInputs) -> Role:
    if inputs.mode is CollectorMode.NEVER:
        return Role.VIEWER
    if inputs.mode is CollectorMode.ALWAYS or inputs.election is ElectionResult.LEADER:
        return Role.COLLECTOR
    if inputs.election is ElectionResult.FOLLOWER:
        return Role.STANDBY
    grace = CONFLICT_GRACE if inputs.is_elected else timedelta()
    if inputs.conflict is not None and inputs.conflict >= grace:
        return Role.UNDECIDED
    return Role.COLLECTOR if inputs.is_elected or inputs.is_last_collector else Role.UNDECIDED
