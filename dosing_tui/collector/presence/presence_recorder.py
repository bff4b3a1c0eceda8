"""Passes on what stations report about themselves: losses to the alarm rules, both to the database."""

import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.collector.presence.station_intake import MAX_PENDING, BrokerDelivery, StationIntake
from dosing_tui.domain.presence.models import MessageLoss, StationNews
from dosing_tui.errors import DatabaseError, DatabaseUnavailableError

INTERVAL_S = 0.5
STOP_TIMEOUT_S = 5.0
RETRY_S = 5.0
NOTICE = "stations"


class PresenceRecorder:
    """One thread of the leader. While the database is away, the newest MAX_PENDING news wait in memory."""

    def __init__(
        self,
        stations: StationIntake,
        context: CollectorContext,
        *,
        on_losses: Callable[[Iterable[StationNews]], None],
        is_schema_ready: Callable[[], bool],
        get_delivery: Callable[[], BrokerDelivery],
    ) -> None:
        self._stations = stations
        self._context = context
        self._losses_callback = on_losses
        self._writer = context.database.create_status_writer()
        self._is_schema_ready = is_schema_ready
        self._get_delivery = get_delivery
        self._pending: list[StationNews] = []
        self._next_write = 0.0
        self._thread = context.create_thread(
            "station-status", self._record_news, interval_s=INTERVAL_S, finish=self._write_last
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._thread.stop(STOP_TIMEOUT_S)

    def _record_news(self) -> None:
        self._collect_news()
        if not self._pending or not self._is_schema_ready() or time.monotonic() < self._next_write:
            return
        try:
            self._write_pending()
            self._context.status.set_notice(NOTICE, "")
        except DatabaseError as error:
            self._next_write = time.monotonic() + RETRY_S
            if not isinstance(error, DatabaseUnavailableError):  # which the database link says
                self._context.status.set_notice(NOTICE, f"Station status not stored: {error}")

    def _collect_news(self) -> None:
        news = self._stations.take_news(self._context.clock(), self._get_delivery())
        losses = [each for each in news if isinstance(each, MessageLoss)]
        if losses:
            self._losses_callback(losses)
            self._context.live_state.apply_news(losses)
        self._pending = [*self._pending, *news][-MAX_PENDING:]

    def _write_pending(self) -> None:
        self._writer.write_news(self._pending)
        self._pending = []

    def _write_last(self) -> None:
        self._collect_news()
        with suppress(DatabaseError):
            if self._pending and self._is_schema_ready():
                self._write_pending()
        self._writer.close()
