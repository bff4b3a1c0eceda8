"""The books of all of a site's processes, as the database keeps them."""

from dataclasses import dataclass
from datetime import datetime

from dosing_tui.domain.messages.models import ReadingKind
from dosing_tui.domain.panels.panel_catalog import Panel


@dataclass(frozen=True, slots=True)
class SpoolStatus:
    """What became of the readings that went through one spool; ``spool`` is the beginning of its number."""

    spool: str
    stored: int
    duplicates: int
    rejected: int
    updated_at: datetime


SPOOLS_PANEL = Panel("spools", "Spools", "", SpoolStatus, frozenset(ReadingKind))
"""Asked like a panel, but only while the books are on the screen."""
