"""Broker to live picture, and nowhere else: what a process does that does not collect."""

import logging
import secrets
import threading

from dosing_tui.collector.alarms.alarm_service import Alarming
from dosing_tui.collector.context.interfaces import Surroundings
from dosing_tui.collector.pipeline.receive_buffer import Inbox
from dosing_tui.domain.messages.models import Rejection, Unit
from dosing_tui.mqtt.message import Delivery
from dosing_tui.mqtt.subscriber import Subscriber

log = logging.getLogger(__name__)


class Watching:
    def __init__(self, around: Surroundings, *, mirror: bool = True) -> None:
        """``mirror``: show the alarms as the journal has them, which a collector does by itself."""
        self._alarms = Alarming(around) if mirror else None
        self._inbox = Inbox()
        self._parser = around.parser()
        self._live = around.live
        self._subscriber = Subscriber(
            around.settings.mqtt,
            client_id=f"dosing-tui-viewer-{secrets.token_hex(4)}",
            persistent=False,
            on_delivery=self._inbox.put,
            on_link=around.status.broker,
            clock=around.clock,
        )
        self._thread = threading.Thread(target=self._run, name="watching", daemon=True)

    def start(self) -> None:
        """Raises: BrokerError when a TLS file or the host's name cannot be used."""
        self._subscriber.start()
        self._thread.start()
        if self._alarms:
            self._alarms.start()

    def stop(self) -> None:
        self._inbox.close()
        self._subscriber.stop()
        self._thread.join()
        if self._alarms:
            self._alarms.stop()

    def _run(self) -> None:
        while deliveries := self._inbox.take():
            try:
                self._show(deliveries)
                self._live.arrived(len(deliveries), deliveries[-1].received_at)
            except Exception:
                # the boundary of this thread: the picture goes on with the next message
                log.exception("showing messages failed")

    def _show(self, deliveries: list[Delivery]) -> None:
        shown: list[Unit] = []
        for delivery in deliveries:
            units = self._parser.read(delivery.topic, delivery.payload, received_at=delivery.received_at)
            if self._alarms:
                (self._alarms.know if delivery.retained else self._alarms.hear)(units)
            shown += units
        self._live.apply(unit for unit in shown if not isinstance(unit, Rejection))
