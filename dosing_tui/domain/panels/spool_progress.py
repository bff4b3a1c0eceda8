"""Message counts of each spool of the site, from the database."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from dosing_tui.domain.messages.models import ReadingKind
from dosing_tui.domain.panels.panel_catalog import Panel


@dataclass(frozen=True, slots=True)
class SpoolProgress:
    """Counts of the readings that passed one spool."""

    spool_id: UUID
    last_seq: int
    stored: int
    duplicates: int
    rejected: int
    updated_at: datetime


SPOOLS_PANEL = Panel("spools", "Spools", "", SpoolProgress, frozenset(ReadingKind))
"""Queried like a panel, while the data integrity screen is shown."""
