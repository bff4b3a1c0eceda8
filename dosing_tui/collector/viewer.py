"""Broker to live picture, and nowhere else: what a process does that does not collect."""

import secrets

from dosing_tui.collector.alarms.alarm_service import AlarmService
from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.collector.pipeline.receive_buffer import ReceiveBuffer
from dosing_tui.domain.messages.models import ParsedItem, Rejection
from dosing_tui.mqtt.message import ReceivedMessage
from dosing_tui.mqtt.subscriber import Subscriber


class Viewer:
    def __init__(self, context: CollectorContext, *, show_alarms: bool = True) -> None:
        """``show_alarms``: show the alarms as the journal has them, which a collector does by itself."""
        self._alarm_service = AlarmService(context) if show_alarms else None
        self._buffer = ReceiveBuffer()
        self._parser = context.create_parser()
        self._live_state = context.live_state
        self._subscriber = Subscriber(
            context.settings.mqtt,
            client_id=f"dosing-tui-viewer-{secrets.token_hex(4)}",
            persistent=False,
            on_message=self._buffer.put_message,
            on_link=context.status.set_broker_link,
            clock=context.clock,
        )
        self._thread = context.create_thread("viewer", self._show_chunk)

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
        if deliveries := self._buffer.take_chunk():
            self._show_messages(deliveries)
            self._live_state.count_messages(len(deliveries), deliveries[-1].received_at)
        return bool(deliveries)

    def _show_messages(self, deliveries: list[ReceivedMessage]) -> None:
        shown: list[ParsedItem] = []
        for delivery in deliveries:
            units = self._parser.parse_message(
                delivery.topic, delivery.payload, received_at=delivery.received_at
            )
            if self._alarm_service:
                (
                    self._alarm_service.on_retained
                    if delivery.is_retained
                    else self._alarm_service.on_readings
                )(units)
            shown += units
        self._live_state.apply_readings(unit for unit in shown if not isinstance(unit, Rejection))
