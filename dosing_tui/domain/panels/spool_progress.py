"""Message counts of each spool of the site, from the database."""

from datetime import datetime
from uuid import UUID

from msgspec import Struct

from dosing_tui.domain.messages.models import ReadingKind
from dosing_tui.domain.panels.panel_catalog import Panel


class SpoolProgress(Struct, frozen=True):
    """Counts of the readings that passed one spool."""

    spool_id: UUID
    last_seq: int
    stored: int
    duplicates: int
    rejected: int
    updated_at: datetime


SPOOLS_PANEL = Panel("spools", "Spools", "", SpoolProgress, frozenset(ReadingKind))
"""Queried like a panel, while the data integrity screen is shown."""
