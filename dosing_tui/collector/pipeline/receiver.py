"""Broker to spool: store, evaluate alarm rules, acknowledge, update the live state. In this order."""

import logging
import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple, Protocol

from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.collector.pipeline.broker_drop_count import count_lost_messages, parse_drop_count
from dosing_tui.collector.pipeline.receive_buffer import ReceiveBuffer
from dosing_tui.collector.presence.station_intake import StationIntake, TopicNames, apply_to_live_state
from dosing_tui.collector.spool.redelivery_filter import RedeliveryFilter, flag_possible_repeat
from dosing_tui.collector.spool.spool import ParsedMessage, Spool
from dosing_tui.domain.messages.models import ParsedItem
from dosing_tui.domain.presence.models import StationNews, StationReport
from dosing_tui.domain.quantities.quantity_text import count_noun
from dosing_tui.errors import SpoolError
from dosing_tui.mqtt.message import ReceivedMessage
from dosing_tui.mqtt.optional_topics import DROP_COUNT_TOPIC

log = logging.getLogger(__name__)


class ParsedChunk(NamedTuple):
    """``messages`` are to be stored; ``new_items``: their items and the stations' reports, in order."""

    messages: list[ParsedMessage]
    new_items: list[ParsedItem | StationReport]
    retained: list[ParsedItem]
    """Were stored when they were new."""


class Acknowledger(Protocol):
    def ack_messages(self, messages: Iterable[ReceivedMessage]) -> None: ...


class ReadingListener(Protocol):
    """Gets the items of stored messages before these are acknowledged. Never raises."""

    def on_readings(self, items: Iterable[ParsedItem | StationNews]) -> None: ...
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
        stations: StationIntake | None = None,
    ) -> None:
        self._buffer = buffer
        self._spool = spool
        self._redelivery_filter: RedeliveryFilter = spool.load_redelivery_filter()
        self._parser = context.create_parser()
        self._broker = broker
        self._alarms = alarms
        self._stations = stations or StationIntake(context.settings.mqtt)
        self._topic_names = TopicNames(context.settings.mqtt)
        self._context = context
        # connection_number counts one client's connections; the offset makes it unique among clients
        self._connection_offset = secrets.randbits(60)
        self._thread = context.create_thread("collector-intake", self._receive_chunk, is_prompt=True)
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
        finally:
            self._spool.wake_reader()
        self._buffer.close(messages)
        return False

    def _store_chunk(self, messages: list[ReceivedMessage]) -> None:
        station_messages = [message for message in messages if message.topic != DROP_COUNT_TOPIC]
        chunk = self._parse_chunk(station_messages)
        if chunk.messages:
            self._spool.append_messages(
                chunk.messages, expire_before=self._redelivery_filter.expire_old(self._context.clock())
            )
        self._alarms.on_readings(chunk.new_items)
        self._broker.ack_messages(messages)
        if station_messages:
            apply_to_live_state(self._context.live_state, [*chunk.retained, *chunk.new_items])
            topics = self._topic_names.list_names(station_messages)
            self._context.live_state.count_messages(topics, station_messages[-1].received_at)
        for message in messages:
            if message.topic == DROP_COUNT_TOPIC:
                self._update_drop_count(message.payload)

    def _parse_chunk(self, messages: list[ReceivedMessage]) -> ParsedChunk:
        chunk = ParsedChunk([], [], [])
        for message in messages:
            report = self._stations.take_report(message)
            if isinstance(report, StationReport):
                chunk.new_items.append(report)
                continue
            if message.is_retained:
                retained = () if report else self._parse_received(message, message.received_at)
                self._alarms.on_retained(retained)
                chunk.retained.extend(retained)
                continue
            connection = self._connection_offset + message.connection_number
            fingerprint = self._redelivery_filter.register_message(message, connection=connection)
            items = (report,) if report else self._parse_received(message, fingerprint.received_at)
            if fingerprint.is_possible_repeat:
                items = tuple(map(flag_possible_repeat, items))
            chunk.messages.append(ParsedMessage(items, fingerprint))
            chunk.new_items.extend(items)
        return chunk

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
