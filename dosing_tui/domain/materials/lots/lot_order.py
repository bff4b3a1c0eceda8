"""Which lot to open next: first expired, first out (FEFO)."""

from collections.abc import Iterable
from datetime import date, datetime

from msgspec import Struct

from dosing_tui.domain.materials.lots.lot_mixing import Lot
from dosing_tui.domain.messages.chemical_names import fold_name


class StoredLot(Struct, frozen=True):
    """A lot that was delivered to a place which is no tank, and is not opened. ``mass_g``: delivered."""

    place: str
    chemical: str
    lot: Lot
    delivered_at: datetime
    mass_g: float | None


class LotProposal(Struct, frozen=True):
    """``rank``: 1 is the one of its chemical to open next; None: expired, not to be opened."""

    stored: StoredLot
    rank: int | None


def propose_lots(stored: Iterable[StoredLot], today: date) -> tuple[LotProposal, ...]:
    """By chemical: first what expires first, then what has no date, the expired last."""
    ordered = sorted(stored, key=lambda each: _get_order(each, today))
    ranks: dict[str, int] = {}
    found: list[LotProposal] = []
    for each in ordered:
        expires_on = each.lot.expires_on
        if expires_on is not None and expires_on < today:
            found.append(LotProposal(each, None))
            continue
        chemical = fold_name(each.chemical)
        ranks[chemical] = ranks.get(chemical, 0) + 1
        found.append(LotProposal(each, ranks[chemical]))
    return tuple(found)


def _get_order(stored: StoredLot, today: date) -> tuple[str, bool, date, datetime, str]:
    expires_on = stored.lot.expires_on or date.max
    return fold_name(stored.chemical), expires_on < today, expires_on, stored.delivered_at, stored.lot.number
