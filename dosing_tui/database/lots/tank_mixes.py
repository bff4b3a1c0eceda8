"""Keeps what each tank held after each entry of the material ledger, as the entries and doses are now."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, tzinfo
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.database.connection import Session, fetch_row, select_rows
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.materials.ledger import MaterialKind
from dosing_tui.domain.materials.lots.batch_lots import StationLots, TankHistory
from dosing_tui.domain.materials.lots.lot_json import parse_shares, shares_to_json
from dosing_tui.domain.materials.lots.lot_mixing import (
    Lot,
    LotShare,
    TankEntry,
    TankMix,
    mix_entries,
    sort_entries,
)
from dosing_tui.domain.messages.chemical_names import fold_name
from dosing_tui.domain.messages.models import Dose

_JsonShares = list[Mapping[str, Any]]


class LedgerRow(Struct, frozen=True):
    """An entry with the content that is stored for it; ``lots`` is None if none is."""

    entry_id: int
    time: datetime
    kind: str
    mass_g: float | None
    number: str
    supplier: str
    expires_on: date | None
    opened_on: date | None
    certificate: str
    chemical_key: str
    book_g: float | None
    lots: _JsonShares | None
    is_before: bool
    """It is the entry to go on from."""

    @property
    def entry(self) -> TankEntry:
        lot = Lot(self.number, self.supplier, self.expires_on, self.opened_on, self.certificate)
        return TankEntry(self.entry_id, self.time, MaterialKind(self.kind), self.mass_g, lot)

    @property
    def mix(self) -> TankMix:
        return TankMix(self.book_g, parse_shares(self.lots or ()))


class TankUpdate(Struct, frozen=True):
    """Contents of a tank that are others now, and the time from which on the lots are."""

    mixes: tuple[tuple[int, TankMix], ...]
    """Number of the entry, and the content after it."""
    changed_at: datetime | None
    changed_until: datetime | None
    """The lots are as they were from then on; None: they are not."""


def has_tank_entries(session: Session, device: str, *, since: datetime) -> bool:
    """Whether ``update_tank_mixes`` has something to do."""
    asked = {"device": device, "since": since}
    return bool(fetch_row(session.execute(read_statement("lots/has_tank_entries"), asked))[0])


def update_tank_mixes(session: Session, device: str, *, since: datetime, queued_from: datetime) -> None:
    """Compute the contents of a station's tanks after the entries from ``since`` on.

    In the caller's transaction. Batches from ``queued_from`` on whose lots have changed are queued.
    """
    tanks: defaultdict[str, list[LedgerRow]] = defaultdict(list)
    asked = {"device": device, "since": since}
    for row in select_rows(session, LedgerRow, "lots/select_tank_entries", asked):
        tanks[row.chemical_key].append(row)
    for tank, rows in tanks.items():
        _store_update(session, device, _compute_update(session, device, tank, rows), queued_from)


def _compute_update(session: Session, device: str, tank: str, rows: Sequence[LedgerRow]) -> TankUpdate:
    by_id = {row.entry_id: row for row in rows}
    before = sort_entries(row.entry for row in rows if row.is_before)
    entries = sort_entries(row.entry for row in rows if not row.is_before)
    if before:
        start = by_id[before[-1].entry_id].mix
        first = before[-1]
    else:
        start = TankMix(_select_level_before(session, device, tank, entries[0].time))
        first = entries[0]  # nothing is dosed between it and itself
    mixes = mix_entries(entries, _select_uses(session, device, tank, [first, *entries]), start)
    ends = [*(each.time for each in entries[1:]), None]
    changed: list[tuple[int, TankMix]] = []
    spans: list[tuple[datetime, datetime | None]] = []
    for entry, mix, end in zip(entries, mixes, ends, strict=True):
        row = by_id[entry.entry_id]
        if row.lots is None or row.mix != mix:
            changed.append((entry.entry_id, mix))
        if row.mix.shares != mix.shares:
            spans.append((entry.time, end))
    return TankUpdate(tuple(changed), *((spans[0][0], spans[-1][1]) if spans else (None, None)))


def _select_level_before(session: Session, device: str, tank: str, before: datetime) -> float | None:
    asked = {"device": device, "tank": tank, "before": before}
    found = session.execute(read_statement("lots/select_level_before"), asked).fetchone()
    return None if found is None else found[0]


def _select_uses(session: Session, device: str, tank: str, entries: Sequence[TankEntry]) -> list[float]:
    """The mass in g that was dosed between each two of these entries."""
    asked = {
        "device": device,
        "tank": [tank] * (len(entries) - 1),
        "since": [each.holds_from for each in entries[:-1]],
        "until": [each.holds_from for each in entries[1:]],
    }
    return [float(mass_g) for (mass_g,) in session.execute(read_statement("lots/select_tank_use"), asked)]


def _store_update(session: Session, device: str, update: TankUpdate, queued_from: datetime) -> None:
    if update.mixes:
        texts = json.dumps([(n, mix.book_g, shares_to_json(mix.shares)) for n, mix in update.mixes])
        session.execute(read_statement("lots/upsert_tank_mixes"), {"mixes": texts})
    if update.changed_at is not None:
        asked = {
            "device": device,
            "since": max(update.changed_at, queued_from),
            "until": update.changed_until or datetime.max.replace(tzinfo=queued_from.tzinfo),
        }
        session.execute(read_statement("lots/queue_lot_changes"), asked)


class EnteredLotRow(Struct, frozen=True):
    time: datetime
    chemical_key: str
    lot_key: str
    number: str
    supplier: str
    expires_on: date | None
    opened_on: date | None
    certificate: str


def add_entered_lots(session: Session, lots: StationLots, doses: Iterable[Dose]) -> StationLots:
    """With what the ledger says of the lots that the station named; no query where it named none."""
    names = sorted({(fold_name(dose.chemical), fold_name(dose.lot)) for dose in doses if dose.lot})
    if not names:
        return lots
    asked = {"tank": [tank for tank, _ in names], "lot": [lot for _, lot in names]}
    entered: dict[tuple[str, str], tuple[tuple[datetime, Lot], ...]] = {}
    for row in select_rows(session, EnteredLotRow, "lots/select_entered_lots", asked):
        key = row.chemical_key, row.lot_key
        had = entered.get(key, ())
        lot = Lot(row.number, row.supplier, row.expires_on, row.opened_on, row.certificate)
        entered[key] = (*had, (row.time, lot.merge_details(had[-1][1]) if had else lot))
    return replace(lots, entered=entered)


class MixRow(Struct, frozen=True):
    chemical_key: str
    entry_id: int
    time: datetime
    kind: str
    lots: _JsonShares


def select_station_lots(
    session: Session, device: str, *, since: datetime, until: datetime, zone: tzinfo
) -> StationLots:
    """What a station's tanks held in [since, until)."""
    tanks: defaultdict[str, dict[int, MixRow]] = defaultdict(dict)
    asked = {"device": device, "from": since, "to": until}
    for row in select_rows(session, MixRow, "lots/select_tank_histories", asked):
        tanks[row.chemical_key][row.entry_id] = row
    histories = {tank: _build_history(rows) for tank, rows in tanks.items()}
    return StationLots({tank: each for tank, each in histories.items() if any(each.shares)}, zone)


def _build_history(rows: Mapping[int, MixRow]) -> TankHistory:
    ordered = sort_entries(
        TankEntry(row.entry_id, row.time, MaterialKind(row.kind), None) for row in rows.values()
    )
    contents: dict[datetime, tuple[LotShare, ...]] = {}
    for entry in ordered:
        contents[entry.holds_from] = parse_shares(rows[entry.entry_id].lots)  # the last one of that time
    return TankHistory(tuple(contents), tuple(contents.values()))
