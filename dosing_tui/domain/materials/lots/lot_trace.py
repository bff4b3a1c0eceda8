"""Genealogy: the batches that a lot is in, and the lots that are in a batch."""

from collections.abc import Sequence
from datetime import date, datetime

from msgspec import Struct

from dosing_tui.domain.materials.lots.batch_lots import MIN_SHARE


class LotTraceRow(Struct, frozen=True):
    """One lot in one batch. ``share``: of the batch's mass of the chemical, 0: nobody knows how much."""

    batch_key: str
    batch_id: str
    device_id: str
    recipe: str
    begins_at: datetime
    ends_at: datetime | None
    status: str
    review_state: str
    chemical: str
    lot_number: str
    share: float
    mass_g: float | None
    supplier: str | None = None
    expires_on: date | None = None
    opened_on: date | None = None
    certificate: str | None = None
    is_expired: bool = False

    @property
    def identity(self) -> tuple[str, str, str]:
        """The row stays selected when its figures change."""
        return self.batch_key, self.lot_number, self.chemical

    @property
    def share_percent(self) -> float | None:
        return None if self.share == 0.0 else 100.0 * self.share

    @property
    def is_small(self) -> bool:
        """Below 1 %: hidden by default."""
        return 0.0 < self.share < MIN_SHARE


def drop_small_shares(rows: Sequence[LotTraceRow]) -> tuple[LotTraceRow, ...]:
    return tuple(row for row in rows if not row.is_small)
