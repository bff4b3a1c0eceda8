"""Publishes, and knows which messages the broker took. Lost links are dialled again; QoS 1 survives them."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from threading import Event

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessageInfo
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from dosing_tui.config.settings import MqttSettings
from dosing_tui.errors import BrokerError
from dosing_tui.mqtt.connection import address, connect, hang_up, lost, new_client, refused

WINDOW = 1_000
"""Most messages on the way at once. Bounds the memory, and what is sent again after a lost link."""
POLL_S = 0.2
"""How soon ``give_up`` is asked again while there is nothing to do but wait."""


@dataclass(frozen=True, slots=True)
class _OnTheWay:
    info: MQTTMessageInfo
    qos: int
    on_taken: Callable[[], None]


def _ignore_taken() -> None:
    """Nobody wants to know which message was taken."""


def _ignore_link(up: bool, why: str) -> None:
    """Nobody wants to know how the link is."""


def _never() -> bool:
    return False


class Publisher:
    """Used from one thread: paho's thread only leaves news, and every callback is made from the user's calls.

    ``lost`` counts QoS 0 messages that met a broken link. ``resent`` counts QoS 1 messages that were on the
    way when a link broke: they were sent again, so that each may arrive twice.
    """

    def __init__(
        self,
        settings: MqttSettings,
        *,
        client_id: str,
        on_link: Callable[[bool, str], None] = _ignore_link,
    ) -> None:
        self.lost = 0
        self.resent = 0
        self._settings = settings
        self._client_id = client_id
        self._on_link = on_link
        self._client: Client | None = None
        self._news: deque[Callable[[], None]] = deque()
        self._moved = Event()
        self._on_the_way: dict[int, _OnTheWay] = {}
        self._window = WINDOW
        self._up = False
        self._started = False
        self._no = ""

    @property
    def unconfirmed(self) -> int:
        """Messages that were handed over and not taken yet."""
        return len(self._on_the_way)

    def start(self, timeout_s: float = 10.0) -> None:
        """Connect. Raises: BrokerError when the broker is not there, does not answer or says no."""
        client = new_client(self._settings, self._client_id)
        client.max_inflight_messages_set(0)  # the window here is the limit; paho's costs a scan per message
        client.on_connect, client.on_disconnect = self._connected, self._disconnected
        client.on_publish = self._published
        connect(client, self._settings)
        self._client = client
        client.loop_start()
        deadline = time.monotonic() + timeout_s
        while not self._up and not self._no and time.monotonic() < deadline:
            self._wait(POLL_S)
        if not self._up:
            self.stop()
            raise BrokerError(self._no or f"Broker {address(self._settings)} does not answer.")
        self._started = True

    def publish(
        self,
        topic: str,
        payload: bytes,
        qos: int = 0,
        *,
        on_taken: Callable[[], None] = _ignore_taken,
        give_up: Callable[[], bool] = _never,
    ) -> bool:
        """Hand one message over, waiting while the window is full and, at QoS 1, while the link is down.

        ``on_taken`` is called, from a later call of this object, when the broker has it (QoS 1) or when it
        was written to the socket (QoS 0). False: ``give_up`` said so, or QoS 0 found no link.
        """
        self._heed_news()
        while len(self._on_the_way) >= self._window or (qos > 0 and not self._up):
            if give_up():
                return False
            self._wait(POLL_S)
        return self._hand_over(topic, payload, qos, on_taken)

    def poll(self) -> None:
        """Make the callbacks that are due; for callers that pause between messages."""
        self._heed_news()

    def flush(self, timeout_s: float) -> bool:
        """Wait until nothing is on the way; False when something still is after ``timeout_s``."""
        deadline = time.monotonic() + timeout_s
        self._heed_news()
        while self._on_the_way and (remaining := deadline - time.monotonic()) > 0:
            self._wait(min(remaining, POLL_S))
        return not self._on_the_way

    def stop(self) -> None:
        """Take leave of the broker. What is still on the way is given up."""
        if self._client is not None:
            hang_up(self._client)
            self._client = None
        self._up = False

    def _hand_over(self, topic: str, payload: bytes, qos: int, on_taken: Callable[[], None]) -> bool:
        if self._client is None or not self._up:
            self.lost += qos == 0
            return False
        info = self._client.publish(topic, payload, qos)
        if qos == 0 and info.rc is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            self.lost += 1
            return False
        self._on_the_way[info.mid] = _OnTheWay(info, qos, on_taken)
        return True

    def _wait(self, timeout_s: float) -> None:
        self._moved.wait(timeout_s)
        self._moved.clear()
        self._heed_news()

    def _heed_news(self) -> None:
        while self._news:
            self._news.popleft()()

    def _now_up(self, properties: Properties | None) -> None:
        server_limit = getattr(properties, "ReceiveMaximum", WINDOW)
        self._window = min(WINDOW, server_limit)
        self._up, self._no = True, ""
        broken = [mid for mid, way in self._on_the_way.items() if way.qos == 0 and way.info.rc]
        for mid in broken:
            del self._on_the_way[mid]
        self.lost += len(broken)
        self.resent += sum(way.qos > 0 for way in self._on_the_way.values())
        self._on_link(True, "")

    def _now_down(self, why: str) -> None:
        if self._up:
            self._up = False
            self._on_link(False, why)
        elif not self._no:
            self._no = f"Broker {address(self._settings)} closes the connection without an answer."

    def _now_refused(self, why: str) -> None:
        known, self._no = self._no == why, why
        if self._started and not known:
            self._on_link(False, why)

    def _now_taken(self, mid: int, refusal: str) -> None:
        way = self._on_the_way.pop(mid, None)
        if way is not None and not refusal:
            way.on_taken()
        elif refusal and self._no != refusal:
            self._no = refusal
            self._on_link(True, refusal)

    def _tell(self, news: Callable[[], None]) -> None:
        self._news.append(news)
        self._moved.set()

    # From here on: paho's thread. An exception would end it unnoticed, so nothing here can raise.

    def _connected(
        self,
        client: Client,
        userdata: object,
        flags: ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._tell(partial(self._now_refused, refused(self._settings, reason)))
        else:
            self._tell(partial(self._now_up, properties))

    def _disconnected(
        self,
        client: Client,
        userdata: object,
        flags: DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        self._tell(partial(self._now_down, lost(self._settings, reason)))

    def _published(
        self, client: Client, userdata: object, mid: int, reason: ReasonCode, properties: Properties
    ) -> None:
        refusal = f"Broker {address(self._settings)} refuses messages: {reason}." if reason.is_failure else ""
        self._tell(partial(self._now_taken, mid, refusal))
