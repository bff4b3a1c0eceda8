"""Which lots are in a batch: the shares of its doses, weighted by their masses."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, tzinfo

from msgspec import Struct, field

from dosing_tui.domain.batches.models import Batch
from dosing_tui.domain.materials.lots.lot_mixing import UNKNOWN_LOT, Lot, LotShare
from dosing_tui.domain.messages.chemical_names import fold_name
from dosing_tui.domain.messages.models import Dose

MIN_SHARE = 0.01
"""Smaller shares are kept, hidden by default, and are no finding."""
SHARE_DIGITS = 6


class TankHistory(Struct, frozen=True):
    """Contents of one tank by time: ``shares`` hold for doses from their time on, up to the next."""

    times: tuple[datetime, ...] = ()
    shares: tuple[tuple[LotShare, ...], ...] = ()

    def find_shares(self, at: datetime) -> tuple[LotShare, ...]:
        """What a dose at this time was taken from."""
        place = bisect_right(self.times, at)
        return self.shares[place - 1] if place else ()


class StationLots(Struct, frozen=True):
    """Lots of one station's tanks, by the folded name of the chemical."""

    tanks: Mapping[str, TankHistory] = field(default_factory=dict)
    zone: tzinfo | None = None
    """Of the plant: the day of a dose decides whether its lot had expired. None: UTC."""
    entered: Mapping[tuple[str, str], tuple[tuple[datetime, Lot], ...]] = field(default_factory=dict)
    """By folded chemical and number: what the ledger says, from each time on, of lots the station named."""


NO_LOTS = StationLots()


class BatchLot(Struct, frozen=True):
    """One lot in a batch: its share of the batch's mass of this chemical; 0: nobody knows how much of it.

    ``is_expired``: it was used after the last day on which it may be. ``is_sent``: the station named it.
    ``is_unentered``: it is not in the ledger, though the tank keeps lots.
    """

    chemical: str
    lot: Lot
    share: float
    mass_g: float | None
    is_expired: bool = False
    is_sent: bool = False
    is_unentered: bool = False

    @property
    def is_known(self) -> bool:
        return self.lot.number != UNKNOWN_LOT

    @property
    def is_finding(self) -> bool:
        """Whether it is too much to be passed over, or nobody knows how much."""
        return self.share >= MIN_SHARE or self.share == 0.0


def describe_share(lot: BatchLot) -> str:
    """What of the batch's mass it is, in percent.

    >>> [describe_share(BatchLot("T-9", Lot("A"), share, None)) for share in (1.0, 0.1234, 0.00001, 0.0)]
    ['100.0 %', '12.3 %', 'below 0.1 %', 'an unknown part']
    """
    if lot.share == 0.0:
        return "an unknown part"
    percent = 100.0 * lot.share
    return f"{percent:.1f} %" if percent >= 0.1 else "below 0.1 %"


def describe_lot(lot: Lot) -> str:
    return f"lot {lot.number}" if lot.number != UNKNOWN_LOT else "unknown lot"


def list_batch_lots(batch: Batch, lots: StationLots) -> tuple[BatchLot, ...]:
    """The lots of a batch, in the order of its chemicals and of the numbers; none where no lots are kept."""
    by_chemical: defaultdict[str, list[Dose]] = defaultdict(list)
    for dose in batch.doses:
        by_chemical[fold_name(dose.chemical)].append(dose)
    return tuple(each for key, doses in by_chemical.items() for each in _list_chemical_lots(key, doses, lots))


def _list_chemical_lots(key: str, doses: Sequence[Dose], lots: StationLots) -> list[BatchLot]:
    history = lots.tanks.get(key, TankHistory())
    sources = [(dose, _find_dose_shares(key, dose, history, lots)) for dose in doses]
    if not any(shares for _, shares in sources):
        return []
    masses = [dose.actual_g for dose in doses]
    # without masses, the doses weigh alike
    weights = [max(mass, 0.0) for mass in masses if mass is not None]
    if len(weights) < len(masses) or sum(weights) <= 0:
        weights, total_g = [1.0] * len(masses), None
    else:
        total_g = sum(weights)
    found: dict[str, LotShare] = {}
    expired: set[str] = set()
    for (dose, shares), weight in zip(sources, weights, strict=True):
        for each in shares or (LotShare(Lot(UNKNOWN_LOT), 1.0),):
            name = fold_name(each.lot.number)
            had = found.get(name)
            part = each.share * weight / sum(weights)
            found[name] = LotShare(each.lot, part + (had.share if had else 0.0))
            if _is_expired(each.lot.expires_on, dose.time, lots.zone):
                expired.add(name)
    return [
        BatchLot(
            doses[0].chemical,
            one.lot,
            _round_share(one.share),
            None if total_g is None or one.share == 0.0 else round(one.share * total_g, 3),
            name in expired,
            is_sent := any(dose.lot and name == fold_name(shares[0].lot.number) for dose, shares in sources),
            is_sent and any(history.shares) and (key, name) not in lots.entered,
        )
        for name, one in sorted(found.items(), key=lambda pair: pair[1].lot.number)
    ]


def _round_share(share: float) -> float:
    """The least one is not 0, which would mean that nobody knows it."""
    return max(round(share, SHARE_DIGITS), 10.0**-SHARE_DIGITS) if share > 0.0 else 0.0


def _find_dose_shares(key: str, dose: Dose, history: TankHistory, lots: StationLots) -> tuple[LotShare, ...]:
    """What the station says it dosed comes before what the tank should hold."""
    if not dose.lot:
        return history.find_shares(dose.time)
    entries = lots.entered.get((key, fold_name(dose.lot)), ())
    known = next((lot for at, lot in reversed(entries) if at <= dose.time), Lot(dose.lot))
    return (LotShare(known, 1.0),)


def _is_expired(expires_on: date | None, at: datetime, zone: tzinfo | None) -> bool:
    return expires_on is not None and at.astimezone(zone).date() > expires_on
