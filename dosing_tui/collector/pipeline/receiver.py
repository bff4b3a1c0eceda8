"""Broker to spool: store, evaluate alarm rules, acknowledge, show. In this order."""

import logging
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.collector.pipeline.broker_drop_count import count_lost_messages, parse_drop_count
from dosing_tui.collector.pipeline.receive_buffer import ReceiveBuffer
from dosing_tui.collector.pipeline.redelivery_filter import RedeliveryFilter
from dosing_tui.collector.pipeline.spool import ParsedMessage, Spool
from dosing_tui.domain.messages.models import ParsedItem, Rejection
from dosing_tui.errors import SpoolError
from dosing_tui.mqtt.message import ReceivedMessage
from dosing_tui.mqtt.subscriber import DROP_COUNT_TOPIC

log = logging.getLogger(__name__)


class Acknowledger(Protocol):
    def ack_messages(self, messages: Iterable[ReceivedMessage]) -> None: ...


class ReadingListener(Protocol):
    """Gets what has arrived, before it is acknowledged. Never raises."""

    def on_readings(self, units: Iterable[ParsedItem]) -> None: ...
    def on_retained(self, units: Iterable[ParsedItem]) -> None: ...


class MessageReceiver:
    """One thread, from ``start`` until the inbox is closed or the spool takes no more."""

    def __init__(
        self,
        buffer: ReceiveBuffer,
        spool: Spool,
        broker: Acknowledger,
        context: CollectorContext,
        *,
        alarms: ReadingListener,
    ) -> None:
        self._buffer = buffer
        self._spool = spool
        self._redelivery_filter: RedeliveryFilter = spool.load_redelivery_filter()
        self._parser = context.create_parser()
        self._broker = broker
        self._alarms = alarms
        self._live_state = context.live_state
        self._status = context.status
        self._clock = context.clock
        # a generation counts one client's connections; this makes it differ from every other client's
        self._connection_offset = secrets.randbits(60)
        self._thread = context.create_thread("collector-intake", self._receive_chunk)
        self.stop_reason = ""
        """Why the intake ended, '' while it runs; the broker resends what is not acknowledged."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish the current chunk first."""
        self._buffer.close()
        self._thread.stop()

    def _receive_chunk(self) -> bool:
        """False once the buffer is closed.

        A failure ends the thread, not the step alone: the broker resends what is not acknowledged
        to a new connection only. The leader opens that as soon as the spool has room.
        """
        deliveries = self._buffer.take_chunk()
        try:
            if deliveries:
                self._store_chunk(deliveries)
            return bool(deliveries)
        except SpoolError as error:
            self.stop_reason = str(error)
        except BaseException as error:
            # the boundary of the thread: nothing unstored was acknowledged
            log.exception("storing received messages failed")
            self.stop_reason = f"Storing received messages failed: {error!r}."
        self._buffer.close()
        return False

    def _store_chunk(self, deliveries: list[ReceivedMessage]) -> None:
        plant = [delivery for delivery in deliveries if delivery.topic != DROP_COUNT_TOPIC]
        arrivals, shown = self._parse_chunk(plant)
        if arrivals:
            self._spool.append_messages(
                arrivals, expire_before=self._redelivery_filter.expire_old(self._clock())
            )
            self._alarms.on_readings(unit for arrival in arrivals for unit in arrival.items)
        self._broker.ack_messages(deliveries)
        if plant:
            self._live_state.apply_readings(unit for unit in shown if not isinstance(unit, Rejection))
            self._live_state.count_messages(len(plant), plant[-1].received_at)
        for delivery in deliveries:
            if delivery.topic == DROP_COUNT_TOPIC:
                self._update_drop_count(delivery.payload)

    def _parse_chunk(self, deliveries: list[ReceivedMessage]) -> tuple[list[ParsedMessage], list[ParsedItem]]:
        """Messages to store and readings to show; a retained message was stored when it was new."""
        arrivals: list[ParsedMessage] = []
        shown: list[ParsedItem] = []
        for delivery in deliveries:
            if delivery.is_retained:
                retained = self._parse_delivery(delivery, delivery.received_at)
                self._alarms.on_retained(retained)
                shown += retained
                continue
            connection = self._connection_offset + delivery.connection_number
            sighting = self._redelivery_filter.register_message(
                delivery.topic, delivery.payload, at=delivery.received_at, connection=connection
            )
            units = self._parse_delivery(delivery, sighting.received_at)
            arrivals.append(ParsedMessage(units, sighting))
            shown += units
        return arrivals, shown

    def _parse_delivery(self, delivery: ReceivedMessage, received_at: datetime) -> tuple[ParsedItem, ...]:
        return self._parser.parse_message(delivery.topic, delivery.payload, received_at=received_at)

    def _update_drop_count(self, payload: bytes) -> None:
        count = parse_drop_count(payload)
        if count is None or count == self._spool.broker_drop_count:
            return
        if lost := count_lost_messages(self._spool.broker_drop_count, count):
            self._status.set_notice(
                "dropped",
                f"The broker threw away {lost:,} messages because a queue was full: "
                "raise max_queued_messages in its configuration.",
            )
        self._spool.save_drop_count(count)
