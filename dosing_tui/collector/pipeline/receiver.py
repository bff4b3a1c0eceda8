"""Broker to spool: store, evaluate alarm rules, acknowledge, update the live state. In this order."""

import logging
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.collector.pipeline.broker_drop_count import count_lost_messages, parse_drop_count
from dosing_tui.collector.pipeline.receive_buffer import ReceiveBuffer
from dosing_tui.collector.spool.redelivery_filter import RedeliveryFilter, flag_possible_repeat
from dosing_tui.collector.spool.spool import ParsedMessage, Spool
from dosing_tui.domain.messages.models import ParsedItem, Rejection
from dosing_tui.domain.quantities.quantity_text import count_noun
from dosing_tui.errors import SpoolError
from dosing_tui.mqtt.message import ReceivedMessage
from dosing_tui.mqtt.subscriber import DROP_COUNT_TOPIC

log = logging.getLogger(__name__)


class Acknowledger(Protocol):
    def ack_messages(self, messages: Iterable[ReceivedMessage]) -> None: ...


class ReadingListener(Protocol):
    """Gets the items of stored messages before these are acknowledged. Never raises."""

    def on_readings(self, items: Iterable[ParsedItem]) -> None: ...
    def on_retained(self, items: Iterable[ParsedItem]) -> None: ...


class MessageReceiver:
    """One thread, from ``start`` until the buffer is closed or the spool fails."""

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
        self._context = context
        # connection_number counts one client's connections; the offset makes it unique among clients
        self._connection_offset = secrets.randbits(60)
        self._thread = context.create_thread("collector-intake", self._receive_chunk)
        self.stop_reason = ""
        """Reason why the intake ended, '' while it runs. The broker resends unacknowledged messages."""

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Finish the current chunk first."""
        self._buffer.close()
        self._thread.stop()

    def _receive_chunk(self) -> bool:
        """False once the buffer is closed.

        A failure ends the thread, not only the step: the broker resends unacknowledged messages only
        to a new connection. The leader opens one as soon as the spool has room.
        """
        messages = self._buffer.take_chunk()
        try:
            if messages:
                self._store_chunk(messages)
            return bool(messages)
        except SpoolError as error:
            self.stop_reason = str(error)
        except BaseException as error:
            # the boundary of the thread: nothing unstored was acknowledged
            log.exception("storing received messages failed")
            self.stop_reason = f"Storing received messages failed: {error!r}."
        self._buffer.close()
        return False

    def _store_chunk(self, messages: list[ReceivedMessage]) -> None:
        station_messages = [message for message in messages if message.topic != DROP_COUNT_TOPIC]
        parsed_messages, shown = self._parse_chunk(station_messages)
        if parsed_messages:
            self._spool.append_messages(
                parsed_messages, expire_before=self._redelivery_filter.expire_old(self._context.clock())
            )
            self._alarms.on_readings(item for message in parsed_messages for item in message.items)
        self._broker.ack_messages(messages)
        if station_messages:
            self._context.live_state.apply_readings(item for item in shown if not isinstance(item, Rejection))
            find_topic = self._context.settings.mqtt.find_topic
            topics = [find_topic(message.topic) for message in station_messages]
            self._context.live_state.count_messages(topics, station_messages[-1].received_at)
        for message in messages:
            if message.topic == DROP_COUNT_TOPIC:
                self._update_drop_count(message.payload)

    def _parse_chunk(self, messages: list[ReceivedMessage]) -> tuple[list[ParsedMessage], list[ParsedItem]]:
        """Messages to store and items to show. A retained message was stored when it was new."""
        parsed_messages: list[ParsedMessage] = []
        shown: list[ParsedItem] = []
        for message in messages:
            if message.is_retained:
                retained = self._parse_received(message, message.received_at)
                self._alarms.on_retained(retained)
                shown += retained
                continue
            connection = self._connection_offset + message.connection_number
            fingerprint = self._redelivery_filter.register_message(message, connection=connection)
            items = self._parse_received(message, fingerprint.received_at)
            if fingerprint.is_possible_repeat:
                items = tuple(map(flag_possible_repeat, items))
            parsed_messages.append(ParsedMessage(items, fingerprint))
            shown += items
        return parsed_messages, shown

    def _parse_received(self, message: ReceivedMessage, received_at: datetime) -> tuple[ParsedItem, ...]:
        return self._parser.parse_message(message.topic, message.payload, received_at=received_at)

    def _update_drop_count(self, payload: bytes) -> None:
        count = parse_drop_count(payload)
        if count is None or count == self._spool.broker_drop_count:
            return
        if lost := count_lost_messages(self._spool.broker_drop_count, count):
            self._context.status.set_notice(
                "dropped",
                f"The broker dropped {count_noun(lost, 'message')} because a queue was full: "
                "raise max_queued_messages in its configuration.",
            )
        self._spool.save_drop_count(count)
