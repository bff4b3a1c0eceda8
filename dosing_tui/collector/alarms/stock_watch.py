"""Reads what the alarm rules need of the stock: ledger entries, use of each tank, and its lots."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.domain.alarm_rules.shared.batch_need import BatchNeed
from dosing_tui.domain.materials.ledger import TankMovement
from dosing_tui.domain.materials.lots.tank_lots import TankLots
from dosing_tui.domain.panels.panel_catalog import StockOutlook
from dosing_tui.domain.quantities.set_back_clock import is_due
from dosing_tui.errors import DatabaseError

log = logging.getLogger(__name__)

POLL_INTERVAL_S = 5.0
"""A loss is known before the level that shows it counts as a mismatch."""
OUTLOOK_INTERVAL = timedelta(minutes=1)
LOTS_INTERVAL = timedelta(seconds=30)
"""An entry or an expiry reaches the alarms so soon."""


class StockNews(Struct, frozen=True):
    """``outlook`` and ``batch_needs``: of every tank, or of none while they are not due."""

    movements: Sequence[TankMovement] = ()
    outlook: Sequence[StockOutlook] = ()
    batch_needs: Sequence[BatchNeed] = ()


StockReceiver = Callable[[StockNews], None]


class StockWatch:
    """One thread. ``is_ready``: whether the database answers, and the rules have their history."""

    def __init__(
        self, context: CollectorContext, receive: StockReceiver, *, is_ready: Callable[[], bool]
    ) -> None:
        self._store = context.database.alarm_store
        self._clock = context.clock
        self._receive, self._is_ready = receive, is_ready
        self._last_entry: int | None = None
        self._outlook_at: datetime | None = None
        self._needs_at: datetime | None = None
        self._lots_at: datetime | None = None
        self.tank_lots: tuple[TankLots, ...] = ()
        """What the tanks for which lots are entered held when it was last read."""
        self.thread = context.create_thread("alarm-stock", self._poll_stock, interval_s=POLL_INTERVAL_S)

    def _poll_stock(self) -> None:
        if not self._is_ready():
            return
        try:
            movements = self._list_new()
            outlook, needs = self._read_outlook(), self._read_needs()
            self._read_lots()
        except DatabaseError as error:
            log.info("material ledger and stock outlook not read, retrying: %s", error)
            return
        if movements or outlook or needs:
            self._receive(StockNews(movements, outlook, needs))
        if movements:
            log.info("%d ledger entries applied, the last is %d", len(movements), movements[-1].entry_id)
        self.thread.mark_working()

    def _list_new(self) -> Sequence[TankMovement]:
        """Entries since the last call; of those before the start none."""
        found = self._store.list_movements(self._last_entry)
        is_first = self._last_entry is None
        self._last_entry = found[-1].entry_id if found else self._last_entry or 0
        if is_first:
            log.info("material ledger followed from entry %d on", self._last_entry)
        return () if is_first else found

    def _read_lots(self) -> None:
        now = self._clock()
        if is_due(self._lots_at, now, LOTS_INTERVAL):
            self.tank_lots, self._lots_at = self._store.read_tank_lots(), now

    def _read_outlook(self) -> Sequence[StockOutlook]:
        """How long each tank lasts, where that has a limit."""
        now = self._clock()
        if not is_due(self._outlook_at, now, OUTLOOK_INTERVAL):
            return ()
        if self._store.read_alarm_limits().stock_cover_days <= 0:
            return ()
        self._outlook_at = now
        return self._store.read_outlook(now)

    def _read_needs(self) -> Sequence[BatchNeed]:
        now = self._clock()
        if not is_due(self._needs_at, now, OUTLOOK_INTERVAL):
            return ()
        self._needs_at = now
        return self._store.read_batch_needs(now)
