"""Broker to live state, without storing: for processes that do not collect."""

import secrets

from dosing_tui.collector.alarms.alarm_service import AlarmService
from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.collector.pipeline.receive_buffer import ReceiveBuffer
from dosing_tui.collector.presence.station_intake import TopicNames, apply_to_live_state, read_status
from dosing_tui.domain.messages.models import ParsedItem, Rejection
from dosing_tui.domain.presence.models import StationReport
from dosing_tui.mqtt.message import ReceivedMessage
from dosing_tui.mqtt.subscriber import Subscriber


class Viewer:
    def __init__(self, context: CollectorContext, *, show_alarms: bool = True) -> None:
        """``show_alarms``: mirror the alarm journal; False in the leader, which evaluates alarms itself."""
        self._alarm_service = AlarmService(context) if show_alarms else None
        self._buffer = ReceiveBuffer()
        self._parser = context.create_parser()
        self._live_state = context.live_state
        self._mqtt_settings = context.settings.mqtt
        self._topic_names = TopicNames(context.settings.mqtt)
        self._subscriber = Subscriber(
            context.settings.mqtt,
            client_id=f"dosing-tui-viewer-{secrets.token_hex(4)}",
            persistent=False,
            on_messages=self._buffer.put_messages,
            on_link=context.status.set_broker_link,
            on_refused_topics=context.live_state.set_refused_topics,
            clock=context.clock,
        )
        self._thread = context.create_thread("viewer", self._show_chunk, is_prompt=True)

    def start(self) -> None:
        """Raises: BrokerError when a TLS file or the host's name cannot be used."""
        self._subscriber.start()
        self._thread.start()
        if self._alarm_service:
            self._alarm_service.start()

    def stop(self) -> None:
        self._buffer.close()
        self._subscriber.stop()
        self._thread.stop()
        if self._alarm_service:
            self._alarm_service.stop()

    def _show_chunk(self) -> bool:
        """False once the buffer is closed."""
        shown: list[ParsedItem | StationReport] = []
        messages = self._buffer.take_chunk()
        for message in messages:
            report = read_status(self._mqtt_settings.station_status_topic, message)
            shown += self._parse_reading(message) if report is None else (report,)
            is_old = message.is_retained and isinstance(report, Rejection)
            if self._alarm_service and report is not None and not is_old:
                self._alarm_service.on_readings((report,))
        apply_to_live_state(self._live_state, shown)
        if messages:
            topics = self._topic_names.list_names(messages)
            self._live_state.count_messages(topics, messages[-1].received_at)
        return bool(messages)

    def _parse_reading(self, message: ReceivedMessage) -> tuple[ParsedItem, ...]:
        items = self._parser.parse_message(message.topic, message.payload, received_at=message.received_at)
        if self._alarm_service and message.is_retained:
            self._alarm_service.on_retained(items)
        elif self._alarm_service:
            self._alarm_service.on_readings(items)
        return items
