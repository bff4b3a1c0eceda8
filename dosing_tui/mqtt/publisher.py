"""MQTT publisher with delivery tracking. Reconnects; QoS 1 messages survive a lost link."""

import time
from collections import deque
from collections.abc import Callable
from functools import partial
from threading import Event

from msgspec import Struct
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessageInfo
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from dosing_tui.config.settings import MqttSettings
from dosing_tui.errors import BrokerError
from dosing_tui.mqtt.buffered_client import BufferedClient
from dosing_tui.mqtt.connection import (
    connect_now,
    create_client,
    disconnect_client,
    format_disconnect,
    format_refusal,
)
from dosing_tui.mqtt.connection_faults import format_address, format_no_answer

MAX_IN_FLIGHT = 1_000
"""Maximum of messages in flight. Limits the memory, and the messages resent after a lost link."""
POLL_INTERVAL_S = 0.2
"""Interval at which a waiting call evaluates ``should_stop``."""


class _InFlightMessage(Struct, frozen=True):
    info: MQTTMessageInfo
    qos: int
    on_publish: Callable[[], object]


class Publisher:
    """For one thread: paho's thread only queues events, and callbacks run within calls of this object.

    ``lost_count``: QoS 0 messages lost with a broken link. ``resent_count``: QoS 1 messages in flight when
    a link broke; they were resent, so that each may arrive twice.
    """

    def __init__(
        self,
        settings: MqttSettings,
        *,
        client_id: str,
        on_link: Callable[[bool, str], object] = lambda up, why: None,
    ) -> None:
        self.lost_count = 0
        self.resent_count = 0
        self._settings = settings
        self._client_id = client_id
        self._link_callback = on_link
        self._client: BufferedClient | None = None
        self._callbacks: deque[Callable[[], None]] = deque()
        self._callback_ready = Event()
        self._in_flight: dict[int, _InFlightMessage] = {}
        self._max_in_flight = MAX_IN_FLIGHT
        self._is_connected = False
        self._is_started = False
        self._refusal = ""

    @property
    def in_flight_count(self) -> int:
        """Number of published messages that the broker has not accepted yet."""
        return len(self._in_flight)

    def start(self, timeout_s: float = 10.0) -> None:
        """Connect. Raises: BrokerError when the broker is unreachable, does not answer or refuses."""
        client = create_client(self._settings, self._client_id)
        client.max_inflight_messages_set(0)  # limited here; paho's limit costs a scan per message
        client.on_connect = partial(self._queue_event, self._on_connect)
        client.on_disconnect = partial(self._queue_event, self._on_disconnect)
        client.on_publish = partial(self._queue_event, self._on_publish)
        connect_now(client, self._settings)
        self._client = client
        client.loop_start()
        deadline = time.monotonic() + timeout_s
        while not self._is_connected and not self._refusal and time.monotonic() < deadline:
            self._wait_for_callback(POLL_INTERVAL_S)
        if not self._is_connected:
            self.stop()
            raise BrokerError(self._refusal or f"Broker {format_address(self._settings)} does not answer.")
        self._is_started = True

    def publish_message(
        self,
        topic: str,
        payload: bytes,
        qos: int = 0,
        *,
        on_publish: Callable[[], object] = lambda: None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> bool:
        """Publish one message. Waits while too many are in flight and, at QoS 1, while the link is down.

        ``on_publish`` runs within a later call of this object: after the PUBACK (QoS 1), or after the
        write to the socket (QoS 0). False if ``should_stop`` returned True, or at QoS 0 without a link.
        """
        self.run_callbacks()
        while len(self._in_flight) >= self._max_in_flight or (qos > 0 and not self._is_connected):
            if should_stop():
                return False
            self._wait_for_callback(POLL_INTERVAL_S)
        return self._publish_now(topic, payload, qos, on_publish)

    def run_callbacks(self) -> None:
        """Run the queued callbacks; for callers that pause between messages."""
        while self._callbacks:
            self._callbacks.popleft()()

    def wait_for_publish(self, timeout_s: float) -> bool:
        """Wait until no message is in flight. False after ``timeout_s``."""
        deadline = time.monotonic() + timeout_s
        self.run_callbacks()
        while self._in_flight and (remaining := deadline - time.monotonic()) > 0:
            self._wait_for_callback(min(remaining, POLL_INTERVAL_S))
        return not self._in_flight

    def stop(self) -> None:
        """Disconnect. Messages still in flight are abandoned."""
        if self._client is not None:
            disconnect_client(self._client)
            self._client = None
        self._is_connected = False

    def _publish_now(self, topic: str, payload: bytes, qos: int, on_publish: Callable[[], object]) -> bool:
        info = self._client.publish(topic, payload, qos) if self._client and self._is_connected else None
        if info is None or (qos == 0 and info.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS):
            self.lost_count += qos == 0
            return False
        self._in_flight[info.mid] = _InFlightMessage(info, qos, on_publish)
        return True

    def _wait_for_callback(self, timeout_s: float) -> None:
        self._callback_ready.wait(timeout_s)
        self._callback_ready.clear()
        self.run_callbacks()

    def _queue_event(self, handler: Callable[..., None], *event: object) -> None:
        """Called in paho's thread, where an exception would end it unnoticed: nothing here can raise."""
        self._callbacks.append(partial(handler, *event))
        self._callback_ready.set()

    def _on_connect(
        self,
        _client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            refusal = format_refusal(self._settings, reason)
            is_repeated, self._refusal = self._refusal == refusal, refusal
            if self._is_started and not is_repeated:
                self._link_callback(False, refusal)
            return
        server_limit = getattr(properties, "ReceiveMaximum", MAX_IN_FLIGHT)
        self._max_in_flight = min(MAX_IN_FLIGHT, server_limit)
        self._is_connected, self._refusal = True, ""
        lost = [mid for mid, message in self._in_flight.items() if message.qos == 0 and message.info.rc]
        for mid in lost:
            del self._in_flight[mid]
        self.lost_count += len(lost)
        self.resent_count += sum(message.qos > 0 for message in self._in_flight.values())
        self._link_callback(True, "")

    def _on_disconnect(
        self,
        _client: Client,
        _userdata: object,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if self._is_connected:
            self._is_connected = False
            self._link_callback(False, format_disconnect(self._settings, reason))
        elif not self._refusal:
            self._refusal = format_no_answer(self._settings, self._client.tls_error if self._client else None)

    def _on_publish(
        self, _client: Client, _userdata: object, mid: int, reason: ReasonCode, _properties: Properties
    ) -> None:
        message = self._in_flight.pop(mid, None)
        if reason.is_failure:
            refusal = f"Broker {format_address(self._settings)} refuses messages: {reason}."
            is_repeated, self._refusal = self._refusal == refusal, refusal
            if not is_repeated:
                self._link_callback(True, refusal)
        elif message is not None:
            message.on_publish()
