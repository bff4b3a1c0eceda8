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

PATIENCE = timedelta(seconds=30)
"""An elected process whose client id another one uses gives way after this, one that was not at once."""


class Vote(StrEnum):
    """What the database says about this process."""

    WON = "won"
    LOST = "lost"
    """Another process holds the lock."""
    UNKNOWN = "unknown"
    """The database cannot be asked."""


@dataclass(frozen=True, slots=True)
class Facts:
    mode: CollectorMode
    vote: Vote
    elected: bool = False
    """This process has won before, and not lost since."""
    collected_here: bool = False
    """This machine was the last to collect."""
    contested: timedelta | None = None
    """How long another program has been using the collector's client id; None if none does."""


def decide(facts: Facts) -> Role:
    if facts.mode is CollectorMode.NEVER:
        return Role.VIEWER
    if facts.mode is CollectorMode.ALWAYS or facts.vote is Vote.WON:
        return Role.COLLECTING
    if facts.vote is Vote.LOST:
        return Role.STANDBY
    patience = PATIENCE if facts.elected else timedelta()
    if facts.contested is not None and facts.contested >= patience:
        return Role.UNDECIDED
    return Role.COLLECTING if facts.elected or facts.collected_here else Role.UNDECIDED
