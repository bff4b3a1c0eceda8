"""Broker to spool: what has arrived is stored, looked at for alarms, acknowledged, shown. In this order."""

import logging
import secrets
import threading
from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from dosing_tui.collector.context.interfaces import Surroundings
from dosing_tui.collector.pipeline.broker_drop_count import dropped_count, lost_since
from dosing_tui.collector.pipeline.receive_buffer import Inbox
from dosing_tui.collector.pipeline.redelivery_filter import Sightings
from dosing_tui.collector.pipeline.spool import Arrival, Spool
from dosing_tui.domain.messages.models import Rejection, Unit
from dosing_tui.errors import SpoolError
from dosing_tui.mqtt.message import Delivery
from dosing_tui.mqtt.subscriber import DROPPED_TOPIC

log = logging.getLogger(__name__)


class Acknowledger(Protocol):
    def ack(self, deliveries: Iterable[Delivery]) -> None: ...


class Listener(Protocol):
    """Gets what has arrived, before it is acknowledged. Never raises."""

    def hear(self, units: Iterable[Unit]) -> None: ...
    def know(self, units: Iterable[Unit]) -> None: ...


class Receiving:
    """One thread, from ``start`` until the inbox is closed or the spool takes no more."""

    def __init__(
        self,
        inbox: Inbox,
        spool: Spool,
        broker: Acknowledger,
        around: Surroundings,
        *,
        alarms: Listener,
    ) -> None:
        self._inbox = inbox
        self._spool = spool
        self._sightings: Sightings = spool.sightings()
        self._parser = around.parser()
        self._broker = broker
        self._alarms = alarms
        self._live = around.live
        self._status = around.status
        self._clock = around.clock
        # a generation counts one client's connections; this makes it differ from every other client's
        self._first_connection = secrets.randbits(60)
        self._thread = threading.Thread(target=self._run, name="collector-intake", daemon=True)
        self.held = ""
        """Why the spool takes no more, once it does not; what is not acknowledged then comes again."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """What was taken from the inbox is finished first."""
        self._inbox.close()
        self._thread.join()

    def _run(self) -> None:
        try:
            while deliveries := self._inbox.take():
                self._handle(deliveries)
        except SpoolError as error:
            self._hold(str(error))
        except Exception as error:
            # the boundary of this thread: whatever it was, nothing unstored was acknowledged
            log.exception("taking messages in failed")
            self._hold(f"Taking messages in failed: {error!r}.")

    def _hold(self, why: str) -> None:
        self._inbox.close()
        self.held = why

    def _handle(self, deliveries: list[Delivery]) -> None:
        plant = [delivery for delivery in deliveries if delivery.topic != DROPPED_TOPIC]
        arrivals, shown = self._understand(plant)
        if arrivals:
            self._spool.append(arrivals, forget_before=self._sightings.forget(self._clock()))
            self._alarms.hear(unit for arrival in arrivals for unit in arrival.units)
        self._broker.ack(deliveries)
        if plant:
            self._live.apply(unit for unit in shown if not isinstance(unit, Rejection))
            self._live.arrived(len(plant), plant[-1].received_at)
        for delivery in deliveries:
            if delivery.topic == DROPPED_TOPIC:
                self._note_dropped(delivery.payload)

    def _understand(self, deliveries: list[Delivery]) -> tuple[list[Arrival], list[Unit]]:
        """What to store, and what to show: a retained message was stored when it was new."""
        arrivals: list[Arrival] = []
        shown: list[Unit] = []
        for delivery in deliveries:
            if delivery.retained:
                retained = self._read(delivery, delivery.received_at)
                self._alarms.know(retained)
                shown += retained
                continue
            connection = self._first_connection + delivery.generation
            sighting = self._sightings.see(
                delivery.topic, delivery.payload, at=delivery.received_at, connection=connection
            )
            units = self._read(delivery, sighting.received_at)
            arrivals.append(Arrival(units, sighting))
            shown += units
        return arrivals, shown

    def _read(self, delivery: Delivery, received_at: datetime) -> tuple[Unit, ...]:
        return self._parser.read(delivery.topic, delivery.payload, received_at=received_at)

    def _note_dropped(self, payload: bytes) -> None:
        count = dropped_count(payload)
        if count is None or count == self._spool.broker_dropped:
            return
        if lost := lost_since(self._spool.broker_dropped, count):
            self._status.notice(
                "dropped",
                f"The broker threw away {lost:,} messages because a queue was full: "
                "raise max_queued_messages in its configuration.",
            )
        self._spool.note_dropped(count)
