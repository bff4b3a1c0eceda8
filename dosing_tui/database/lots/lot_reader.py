"""Traces of lots and batches, and the lots in store, for commands and screens; text is sanitized."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import select_rows, use_session
from dosing_tui.domain.materials.lots.lot_json import parse_shares
from dosing_tui.domain.materials.lots.lot_mixing import Lot, LotShare
from dosing_tui.domain.materials.lots.lot_order import StoredLot
from dosing_tui.domain.materials.lots.lot_trace import LotTraceRow
from dosing_tui.domain.materials.lots.tank_lots import TankLots
from dosing_tui.domain.messages.chemical_names import fold_name
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.domain.panels.panel_catalog import StockOutlook

APPLICATION_NAME = "lots"


def trace_lot(settings: Settings, number: str, *, chemical: str = "") -> tuple[LotTraceRow, ...]:
    """The batches that a lot is in, the oldest first. ``chemical``: '' is any.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    return _trace(settings, "lots/trace_lot", {"lot": number, "chemical": chemical or None})


def trace_batch(settings: Settings, batch_key: str) -> tuple[LotTraceRow, ...]:
    """The lots that are in a batch. Raises: DatabaseUnavailableError, DatabaseAccessError."""
    return _trace(settings, "lots/trace_batch", {"batch_key": batch_key})


def _trace(settings: Settings, statement: str, asked: dict[str, object]) -> tuple[LotTraceRow, ...]:
    with use_session(settings, application=APPLICATION_NAME) as session:
        return tuple(_clean_row(row) for row in select_rows(session, LotTraceRow, statement, asked))


def _clean_row(row: LotTraceRow) -> LotTraceRow:
    return replace(
        row,
        batch_id=clean_text(row.batch_id, limit=90),
        device_id=clean_text(row.device_id),
        recipe=clean_text(row.recipe),
        chemical=clean_text(row.chemical),
        lot_number=clean_text(row.lot_number, limit=100),
        supplier=clean_text(row.supplier or "", limit=100),
        certificate=clean_text(row.certificate or "", limit=200),
    )


class StoredLotRow(Struct, frozen=True):
    place: str
    chemical: str
    number: str
    supplier: str
    expires_on: date | None
    certificate: str
    delivered_at: datetime
    mass_g: float | None

    @property
    def stored_lot(self) -> StoredLot:
        lot = Lot(
            clean_text(self.number, limit=100),
            clean_text(self.supplier, limit=100),
            self.expires_on,
            None,
            clean_text(self.certificate, limit=200),
        )
        place = clean_text(self.place)
        return StoredLot(place, clean_text(self.chemical), lot, self.delivered_at, self.mass_g)


class TankLotsRow(Struct, frozen=True):
    device_id: str
    chemical: str
    chemical_key: str
    since: datetime
    book_g: float | None
    lots: list[Mapping[str, Any]]

    def build_lots(self, run_out: Mapping[tuple[str, str], datetime | None]) -> TankLots:
        runs_out_at = run_out.get((self.device_id, self.chemical_key))
        device, chemical = clean_text(self.device_id), clean_text(self.chemical)
        return TankLots(
            device,
            chemical,
            tuple(map(_clean_share, parse_shares(self.lots))),
            self.since,
            self.book_g,
            runs_out_at,
        )


def _clean_share(share: LotShare) -> LotShare:
    lot = share.lot
    return LotShare(
        replace(
            lot,
            number=clean_text(lot.number, limit=100),
            supplier=clean_text(lot.supplier, limit=100),
            certificate=clean_text(lot.certificate, limit=200),
        ),
        share.share,
    )


def read_tank_lots(settings: Settings, *, device: str = "") -> tuple[TankLots, ...]:
    """What tanks in service with entered lots hold now, and how long they last. ``device``: '' is any.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    now = datetime.now(UTC)
    with use_session(settings, application=APPLICATION_NAME) as session:
        rows = select_rows(
            session,
            TankLotsRow,
            "lots/select_tank_lots",
            {"now": now, "site": settings.plant.site, "device": device or None},
        )
        if not rows:
            return ()
        asked = {
            "now": now,
            "tz": settings.plant.timezone,
            "site": settings.plant.site,
            "device": sorted({row.device_id for row in rows}),
            "chemical": None,
        }
        outlook = select_rows(session, StockOutlook, "panels/stock_outlook", asked)
    run_out = {(row.device_id, fold_name(row.chemical)): row.run_out_at for row in outlook}
    return tuple(row.build_lots(run_out) for row in rows)


def list_stored_lots(settings: Settings, *, chemical: str = "") -> tuple[StoredLot, ...]:
    """The lots that wait in store. Raises: DatabaseUnavailableError, DatabaseAccessError."""
    asked = {"chemical": chemical or None, "stations": list(settings.plant.devices)}
    with use_session(settings, application=APPLICATION_NAME) as session:
        rows = select_rows(session, StoredLotRow, "lots/select_stored_lots", asked)
    return tuple(row.stored_lot for row in rows)
