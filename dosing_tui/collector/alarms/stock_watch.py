"""Reads what the alarm rules need of the stock: ledger entries, how long each tank lasts, and its lots."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.domain.materials.ledger import TankMovement
from dosing_tui.domain.materials.lots.tank_lots import TankLots
from dosing_tui.domain.panels.panel_catalog import StockOutlook
from dosing_tui.errors import DatabaseError

log = logging.getLogger(__name__)

POLL_INTERVAL_S = 5.0
"""A loss is known before the level that shows it counts as a mismatch."""
OUTLOOK_INTERVAL = timedelta(minutes=1)
LOTS_INTERVAL = timedelta(seconds=30)
"""An entry or an expiry reaches the alarms so soon."""

StockReceiver = Callable[[Sequence[TankMovement], Sequence[StockOutlook]], None]


class StockWatch:
    """One thread. ``is_ready``: whether the database answers, and the rules have their history."""

    def __init__(
        self, context: CollectorContext, receive: StockReceiver, *, is_ready: Callable[[], bool]
    ) -> None:
        self._store = context.database.alarm_store
        self._clock = context.clock
        self._receive, self._is_ready = receive, is_ready
        self._has_cover_limit = context.settings.alarms.stock_cover_days > 0
        self._last_entry: int | None = None
        self._outlook_at: datetime | None = None
        self._lots_at: datetime | None = None
        self.tank_lots: tuple[TankLots, ...] = ()
        """What the tanks for which lots are entered held when it was last read."""
        self.thread = context.create_thread("alarm-stock", self._poll_stock, interval_s=POLL_INTERVAL_S)

    def _poll_stock(self) -> None:
        if not self._is_ready():
            return
        try:
            movements, outlook = self._list_new(), self._read_outlook()
            self._read_lots()
        except DatabaseError as error:
            log.info("material ledger and stock outlook not read, retrying: %s", error)
            return
        if movements or outlook:
            self._receive(movements, outlook)
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
        if self._lots_at is None or now - self._lots_at >= LOTS_INTERVAL:
            self.tank_lots, self._lots_at = self._store.read_tank_lots(), now

    def _read_outlook(self) -> Sequence[StockOutlook]:
        now = self._clock()
        is_due = self._outlook_at is None or now - self._outlook_at >= OUTLOOK_INTERVAL
        if not self._has_cover_limit or not is_due:
            return ()
        self._outlook_at = now
        return self._store.read_outlook(now)
