"""Message counts of each spool of the site, from the database."""

from dataclasses import dataclass
from datetime import datetime

from dosing_tui.domain.messages.models import ReadingKind
from dosing_tui.domain.panels.panel_catalog import Panel


@dataclass(frozen=True, slots=True)
class SpoolStatus:
    """Counts of the readings that passed one spool; ``spool`` is the start of its UUID."""

    spool: str
    stored: int
    duplicates: int
    rejected: int
    updated_at: datetime


SPOOLS_PANEL = Panel("spools", "Spools", "", SpoolStatus, frozenset(ReadingKind))
"""Queried like a panel, while the data integrity screen is shown."""
