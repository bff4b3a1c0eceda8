"""What lots a tank holds, by its entries in the material ledger and the doses between them.

Ideal mixing: shares change only when something is added, in proportion to the masses; a drum change
replaces the content. What was there before the first entry with a lot is of an unknown lot.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.domain.materials.ledger import ADDED_KINDS, MaterialKind
from dosing_tui.domain.messages.chemical_names import fold_name

UNKNOWN_LOT = ""
"""Number of what nobody has given a lot."""


_ORDER = {MaterialKind.DRUM_CHANGE: 0, MaterialKind.COUNT: 2}
_MOMENT = timedelta(microseconds=1)


class Lot(Struct, frozen=True):
    """A lot as it was entered; '' and None: not given. ``expires_on``: the last day it may be used."""

    number: str
    supplier: str = ""
    expires_on: date | None = None
    opened_on: date | None = None
    certificate: str = ""

    def merge_details(self, other: "Lot") -> "Lot":
        """This lot, with what only the other one says of it."""
        return Lot(
            self.number,
            self.supplier or other.supplier,
            self.expires_on or other.expires_on,
            self.opened_on or other.opened_on,
            self.certificate or other.certificate,
        )


class LotShare(Struct, frozen=True):
    """``share``: of the tank's content, 0 to 1. 0: it is in the tank, but nobody knows how much of it."""

    lot: Lot
    share: float


class TankEntry(Struct, frozen=True):
    """Entry of one tank, in g; a mass of None was not given. A correction has its sign."""

    entry_id: int
    time: datetime
    kind: MaterialKind
    mass_g: float | None
    lot: Lot = Lot(UNKNOWN_LOT)

    @property
    def holds_from(self) -> datetime:
        """First time of a dose after it. As in the book, a dose at the instant of a drum change is one."""
        return self.time if self.kind is MaterialKind.DRUM_CHANGE else self.time + _MOMENT


class TankMix(Struct, frozen=True):
    """Content of a tank: the book in g (None: not known), and the shares of its lots, which sum to 1.

    Without shares: no lot has been entered for it yet.
    """

    book_g: float | None = None
    shares: tuple[LotShare, ...] = ()


def sort_entries(entries: Iterable[TankEntry]) -> list[TankEntry]:
    """In the order of their times, whatever the order they were entered in.

    At the same time, as in the book: a drum change comes before what else happened, a count after it.
    """
    return sorted(entries, key=lambda each: (each.time, _ORDER.get(each.kind, 1), each.entry_id))


def mix_entries(entries: Sequence[TankEntry], uses_g: Sequence[float], start: TankMix) -> tuple[TankMix, ...]:
    """The content after each of these entries, as ``sort_entries`` orders them.

    ``uses_g``: mass dosed since the entry before each; ``start``: the content before the first.
    """
    found: list[TankMix] = []
    mix = start
    for entry, use_g in zip(entries, uses_g, strict=True):
        book_g = None if mix.book_g is None else mix.book_g - use_g
        mix = _apply_entry(replace(mix, book_g=book_g), entry)
        found.append(mix)
    return tuple(found)


def _apply_entry(mix: TankMix, entry: TankEntry) -> TankMix:
    if entry.kind is MaterialKind.DRUM_CHANGE:
        keeps_lots = bool(mix.shares) or entry.lot.number != UNKNOWN_LOT
        return TankMix(entry.mass_g, (LotShare(entry.lot, 1.0),) if keeps_lots else ())
    if entry.kind is MaterialKind.COUNT:
        return replace(mix, book_g=mix.book_g if entry.mass_g is None else entry.mass_g)
    is_addition = entry.kind in ADDED_KINDS
    shares = _add_lot(mix, entry) if is_addition else mix.shares
    change_g = entry.mass_g
    if change_g is not None and not is_addition and entry.kind is not MaterialKind.CORRECTION:
        change_g = -change_g
    if change_g is None or mix.book_g is None:
        return TankMix(None if is_addition else mix.book_g, shares)
    return TankMix(mix.book_g + change_g, shares)


def _add_lot(mix: TankMix, entry: TankEntry) -> tuple[LotShare, ...]:
    """The shares after an addition: that of each old lot is multiplied by rest / (rest + added)."""
    if not mix.shares and entry.lot.number == UNKNOWN_LOT:
        return ()
    old = mix.shares or (LotShare(Lot(UNKNOWN_LOT), 1.0),)
    if entry.mass_g is None or mix.book_g is None:
        return _forget_shares((*old, LotShare(entry.lot, 0.0)))
    rest_g = max(mix.book_g, 0.0)  # the book may fall below zero, a tank does not
    total_g = rest_g + entry.mass_g
    if rest_g <= 0.0 or total_g <= 0.0:
        return (LotShare(entry.lot, 1.0),)
    diluted = [LotShare(each.lot, each.share * rest_g / total_g) for each in old]
    return _merge_shares((*diluted, LotShare(entry.lot, entry.mass_g / total_g)))


def _forget_shares(shares: Iterable[LotShare]) -> tuple[LotShare, ...]:
    """The same lots; all of it may be of any."""
    lots = [LotShare(each.lot, 0.0) for each in shares if each.lot.number != UNKNOWN_LOT]
    return _merge_shares((*lots, LotShare(Lot(UNKNOWN_LOT), 1.0)))


def _merge_shares(shares: Iterable[LotShare]) -> tuple[LotShare, ...]:
    """One of each number, in any spelling, in their order; the newest spelling and details first."""
    found: dict[str, LotShare] = {}
    for each in shares:
        key = fold_name(each.lot.number)
        if (had := found.get(key)) is not None:
            each = LotShare(each.lot.merge_details(had.lot), had.share + each.share)
        found[key] = each
    return tuple(sorted(found.values(), key=lambda each: each.lot.number))
