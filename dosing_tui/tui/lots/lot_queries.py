"""The queries of the lots page, in worker threads."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct

from dosing_tui.config.settings import Settings
from dosing_tui.domain.materials.lots.lot_order import propose_lots
from dosing_tui.domain.materials.lots.lot_trace import LotTraceRow
from dosing_tui.tui.data.driver_import import import_driver
from dosing_tui.tui.lots.lot_lists import LotRow, list_lot_rows


class LotSource(Protocol):
    """Each may raise DatabaseUnavailableError or DatabaseAccessError."""

    def list_lots(self, now: datetime) -> Sequence[LotRow]: ...
    def trace_lot(self, number: str, chemical: str) -> Sequence[LotTraceRow]: ...
    def trace_batch(self, batch_key: str) -> Sequence[LotTraceRow]: ...


class LotQueries(Struct, frozen=True):
    """Reads the plant's database."""

    settings: Settings

    def list_lots(self, now: datetime) -> Sequence[LotRow]:
        # imported here to save start-up
        import_driver()
        from dosing_tui.database.lots.lot_reader import list_stored_lots, read_tank_lots

        zone = ZoneInfo(self.settings.plant.timezone)
        store = propose_lots(list_stored_lots(self.settings), now.astimezone(zone).date())
        return list_lot_rows(read_tank_lots(self.settings), store, now, zone)

    def trace_lot(self, number: str, chemical: str) -> Sequence[LotTraceRow]:
        import_driver()
        from dosing_tui.database.lots.lot_reader import trace_lot

        return trace_lot(self.settings, number, chemical=chemical)[::-1]  # the newest first, as in every list

    def trace_batch(self, batch_key: str) -> Sequence[LotTraceRow]:
        import_driver()
        from dosing_tui.database.lots.lot_reader import trace_batch

        return trace_batch(self.settings, batch_key)
