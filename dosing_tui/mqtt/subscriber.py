"""Listens to the plant's topics and hands every message over; stores nothing and understands nothing.

The network thread belongs to paho. A second, idle one watches over it once a second.
"""

import logging
import sys
import threading
from collections.abc import Callable, Iterable
from datetime import datetime

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from dosing_tui.config.settings import MqttSettings
from dosing_tui.errors import BrokerError
from dosing_tui.mqtt.buffered_client import Reading
from dosing_tui.mqtt.client_id_conflict import Contention
from dosing_tui.mqtt.connection import (
    RETRY_MAX_S,
    RETRY_MIN_S,
    address,
    dial,
    lost,
    new_client,
    refused,
    unreachable,
)
from dosing_tui.mqtt.message import Delivery

DROPPED_TOPIC = "$SYS/broker/publish/messages/dropped"
"""Where Mosquitto counts what it threw away because a queue was full."""
WATCH_S = 1.0
STOP_S = 5.0
"""Longest wait for the network thread at the end; it may be in the middle of dialling."""
REFUSED_RETRY_S = 30
"""A wrong password does not become right by asking every second."""
_PERSON_NEEDED = (132, 133, 134, 135, 138)
"""Reasons of a refused connection that last until somebody acts: protocol, client id, account, right, ban."""

log = logging.getLogger(__name__)


def check(settings: MqttSettings) -> None:
    """Raises: BrokerError when these settings can never make a connection: a TLS file, the host's name."""
    try:
        # an impossible name would end paho's network thread
        settings.host.encode("idna")
    except UnicodeError as error:
        raise BrokerError(f"mqtt: host '{settings.host}' is not the name or address of a machine.") from error
    new_client(settings, "")


class Subscriber:
    """``persistent``: QoS 1, the broker queues while this client is away, and a message counts as taken only
    after ``ack``. Otherwise QoS 0 and a session that ends with the connection: for looking on.

    ``on_delivery`` and ``on_link(up, why)`` are called from this object's threads. ``on_delivery`` may
    block for a while: the broker then holds back.
    """

    def __init__(
        self,
        settings: MqttSettings,
        *,
        client_id: str,
        persistent: bool,
        on_delivery: Callable[[Delivery], None],
        on_link: Callable[[bool, str], None],
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._client_id = client_id
        self._persistent = persistent
        self._on_delivery = on_delivery
        self._on_link = on_link
        self._clock = clock
        self._lock = threading.Lock()
        self._generation = 0
        self._connected = self._announced = False
        self._contention = Contention(client_id)
        self._stopping = threading.Event()
        self._client: Reading | None = None
        self._network: threading.Thread | None = None
        self._watch: threading.Thread | None = None

    @property
    def contested(self) -> bool:
        """Another program seems to use the same client id: both throw each other out."""
        return self._contention.contested

    def start(self) -> None:
        """Returns at once; the first ``on_link`` tells how it went.

        Raises: BrokerError when a TLS file or the host's name cannot be used.
        """
        check(self._settings)
        self._stopping.clear()
        self._begin()
        self._watch = threading.Thread(target=self._watch_network, name="mqtt-watch", daemon=True)
        self._watch.start()

    def stop(self) -> None:
        """Leave politely. What was handed over and not acknowledged comes again after the next start."""
        self._stopping.set()
        if self._watch:
            self._watch.join()
            self._watch = None
        if self._client:
            _end(self._client)
            self._client = None
        self._new_generation(connected=False)

    def ack(self, deliveries: Iterable[Delivery]) -> None:
        """These messages are safe; the broker may forget them.

        Ignored where the connection they came by is gone: a packet id may mean another message by now.
        """
        with self._lock:
            mids = [each.mid for each in deliveries if each.qos and each.generation == self._generation]
            if self._client and mids:
                self._client.acknowledge(mids)

    def _begin(self) -> None:
        client = new_client(
            self._settings, self._client_id, persistent=self._persistent, manual_ack=self._persistent
        )
        client.on_pre_connect = self._dialling
        client.on_connect = self._answered
        client.on_connect_fail = self._unanswered
        client.on_subscribe = self._subscribed
        client.on_disconnect = self._lost
        client.on_message = self._message
        self._client, self._network = client, None
        dial(client, self._settings, persistent=self._persistent)
        client.loop_start()

    def _watch_network(self) -> None:
        while not self._stopping.wait(WATCH_S):
            if self._network and not self._network.is_alive():
                log.error("the network thread of the broker connection died; starting another")
                self._lose(
                    f"The connection to broker {address(self._settings)} broke down; starting it again."
                )
                self._begin()
            elif self._connected and not self._announced and self._contention.settled(self._clock()):
                self._announce()

    # Everything below runs in paho's thread, where an exception would end the connection for good.

    def _dialling(self, _client: Client, _userdata: object) -> None:
        self._network = threading.current_thread()

    def _answered(
        self,
        client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            patience = REFUSED_RETRY_S if reason.value in _PERSON_NEEDED else RETRY_MIN_S
            client.reconnect_delay_set(patience, max(patience, RETRY_MAX_S))
            self._tell(False, refused(self._settings, reason))
            return
        client.reconnect_delay_set(RETRY_MIN_S, RETRY_MAX_S)
        self._new_generation(connected=True)
        self._contention.connected(self._clock())
        # every time: the topics may have been changed since the broker's session was made
        client.subscribe([(topic, self._qos(topic)) for topic in self._topics()])

    def _subscribed(
        self,
        _client: Client,
        _userdata: object,
        _mid: int,
        reasons: list[ReasonCode],
        _properties: Properties,
    ) -> None:
        denied = [topic for topic, reason in zip(self._topics(), reasons, strict=False) if reason.is_failure]
        if missing := [topic for topic in denied if topic != DROPPED_TOPIC]:
            topics = ", ".join(missing)
            self._tell(False, f"Broker {address(self._settings)} does not let this account read {topics}.")
        elif not self.contested:
            self._announce()

    def _unanswered(self, _client: Client, _userdata: object) -> None:
        error = sys.exception()  # paho calls this while it handles the reason, and does not pass it
        self._tell(False, unreachable(self._settings, error if isinstance(error, Exception) else None))

    def _lost(
        self,
        _client: Client,
        _userdata: object,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if self._connected and not self._stopping.is_set():
            self._contention.lost(self._clock(), taken_over=reason.value == 142)
            self._lose(self._contention.why or lost(self._settings, reason))

    def _message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        try:
            self._on_delivery(
                Delivery(
                    topic=message.topic,
                    payload=bytes(message.payload),
                    received_at=self._clock(),
                    mid=message.mid,
                    qos=message.qos if self._persistent else 0,
                    retained=message.retain,
                    generation=self._generation,
                )
            )
        except Exception:
            # the boundary of paho's thread: unacknowledged, the message comes again with the next connection
            log.exception("a message could not be handed over")

    def _topics(self) -> tuple[str, ...]:
        return (*self._settings.topics, DROPPED_TOPIC) if self._persistent else self._settings.topics

    def _qos(self, topic: str) -> int:
        return 1 if self._persistent and topic != DROPPED_TOPIC else 0

    def _announce(self) -> None:
        self._announced = True
        self._tell(True, "")

    def _lose(self, why: str) -> None:
        self._new_generation(connected=False)
        self._tell(False, why)

    def _new_generation(self, *, connected: bool) -> None:
        with self._lock:
            self._generation += 1
            self._connected, self._announced = connected, False

    def _tell(self, up: bool, why: str) -> None:
        try:
            self._on_link(up, why)
        except Exception:
            # the boundary of paho's thread
            log.exception("a change of the broker's link could not be told")


def _end(client: Client) -> None:
    client.disconnect()
    # loop_stop waits without a limit, and the thread may hang in a name look-up
    stopper = threading.Thread(target=client.loop_stop, name="mqtt-stop", daemon=True)
    stopper.start()
    stopper.join(STOP_S)
