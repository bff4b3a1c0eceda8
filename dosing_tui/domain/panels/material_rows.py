"""Rows of the panels about stock and the material ledger; ``docs/materials.md`` has the formulas."""

from datetime import datetime

from msgspec import Struct


class BatchesLeft(Struct, frozen=True):
    """Whole batches of a recipe at a station, by the ingredient that is used up first.

    The figures are None where no ingredient has a level.
    """

    device_id: str
    recipe: str
    batches_left: int | None
    scarcest: str
    remaining_g: float | None
    """Of the scarcest ingredient."""
    median_use_g: float | None
    """Of the scarcest ingredient in a batch."""
    batches: int
    """The number of batches that the median is of, at most 20."""
    without_level: str
    """Ingredients whose tank has no level, which may run out before: 'L25B, T-12'."""


class MaterialBook(Struct, frozen=True):
    """Book, level and last count of a tank. None where there is no count, level or use.

    The book is the last count or drum change + what came in - what went out since; percentages are of the use
    since then.
    """

    device_id: str
    chemical: str
    book_g: float | None
    level_g: float | None
    """The station's."""
    level_gap_g: float | None
    """The level, less the book."""
    level_gap_percent: float | None
    count_g: float | None
    counted_at: datetime | None
    count_gap_g: float | None
    """What was counted, less the book before; entries that explain it are in that book."""
    count_gap_percent: float | None
    use_g: float | None
    """Doses since the count or drum change."""
    remark: str

    @property
    def identity(self) -> tuple[str, str]:
        """The row stays selected when its figures change."""
        return self.device_id, self.chemical


class TankBalance(Struct, frozen=True):
    """A tank's day: from its last level before the day to the last one in it. Negative: lost."""

    day: str
    """As 2026-11-23: of the plant's zone, also in Grafana."""
    device_id: str
    chemical: str
    start_g: float | None
    added_g: float | None
    """Deliveries, refills, and what a drum change added."""
    removed_g: float | None
    """Primes, purges and waste."""
    dosed_g: float | None
    end_g: float | None
    unexplained_g: float | None
    """End - start - added + dosed; what was removed or corrected explains it up to its size."""
    unexplained_percent: float | None
    """Of what was dosed."""
    count_gap_g: float | None
    """What the day's counts found, less the book before."""
    remark: str

    @property
    def identity(self) -> tuple[str, str, str]:
        """The row stays selected when its figures change."""
        return self.day, self.device_id, self.chemical
