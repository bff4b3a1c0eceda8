"""MQTT subscriber: passes every message of the plant's topics on, unparsed.

The network thread belongs to paho. A watchdog thread checks it once a second.
"""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from dosing_tui.config.settings import MqttSettings
from dosing_tui.domain.quantities.set_back_clock import is_due
from dosing_tui.errors import BrokerError
from dosing_tui.ipc.supervised_thread import SupervisedThread
from dosing_tui.mqtt.buffered_client import BufferedClient, SilenceWatch
from dosing_tui.mqtt.client_id_conflict import ClientIdConflict, ClientIdSharing
from dosing_tui.mqtt.connection import (
    RETRY_MAX_S,
    RETRY_MIN_S,
    connect_async,
    create_client,
    disconnect_client,
    format_disconnect,
    format_refusal,
    format_silence,
)
from dosing_tui.mqtt.connection_faults import format_address, format_no_answer, format_unreachable
from dosing_tui.mqtt.message import ReceivedMessage
from dosing_tui.mqtt.optional_topics import OptionalTopics, list_optional_topics
from dosing_tui.mqtt.publish_frames import PublishFrame
from dosing_tui.mqtt.withheld_messages import WithheldMessages

WATCHDOG_INTERVAL_S = 1.0
REFUSED_RETRY_S = 30
"""Retry after a refusal that lasts until a person acts, such as a wrong password or a refused topic."""
REFUSED_RETRY = timedelta(seconds=REFUSED_RETRY_S)
SESSION_TAKEN_OVER = 142
"""Reason code of MQTT 5: another client connected with this client ID."""
CONNACK_TIMEOUT = timedelta(seconds=8)
"""From the start of a connection to the broker's CONNACK."""
TIME_STEP = timedelta(microseconds=1)
"""Between messages received at once: the time of receipt is part of the key of a reading without a time, and
two equal doses are two."""
MAX_TIME_LEAD = timedelta(seconds=1)
"""Most that the time of receipt is ahead of the clock; a clock set back further is followed."""
_PERMANENT_REFUSALS = (132, 133, 134, 135, 138)
"""CONNACK codes that last until a person acts: protocol, client ID, account, authorization, ban."""

log = logging.getLogger(__name__)


def validate_mqtt_settings(settings: MqttSettings) -> None:
    """Raises: BrokerError when a TLS file or the host's name cannot be used."""
    try:
        # an invalid name would end paho's network thread
        settings.host.encode("idna")
    except UnicodeError as error:
        raise BrokerError(f"mqtt: host '{settings.host}' is not the name or address of a machine.") from error
    create_client(settings, "")


def _ignore_refused_topics(topics: tuple[str, ...]) -> None:
    """Default callback of refused topics."""


class Subscriber:
    """``persistent``: QoS 1 with manual acknowledgement; the broker queues while this client is offline.

    Otherwise QoS 0 and a clean session, for viewers. ``on_messages``, ``on_link(up, why)`` and
    ``on_refused_topics(topics)`` are called from this object's threads. ``on_messages`` gets what arrived at
    once, in order; it may block: the broker then stops sending. A link that is up has a reason while the
    broker refuses some of the topics.
    """

    def __init__(
        self,
        settings: MqttSettings,
        *,
        client_id: str,
        persistent: bool,
        on_messages: Callable[[list[ReceivedMessage]], None],
        on_link: Callable[[bool, str], None],
        clock: Callable[[], datetime],
        on_refused_topics: Callable[[tuple[str, ...]], None] = _ignore_refused_topics,
        may_connect: Callable[[], bool] | None = None,
        session: int = 0,
        on_new_session: Callable[[], int] = int,
    ) -> None:
        """``session``: number of the last session; ``on_new_session`` gives a new one's, 0 by default."""
        self._session = session
        self._new_session_callback = on_new_session
        self._settings, self._client_id, self._persistent = settings, client_id, persistent
        self._messages_callback = on_messages
        self._link_callback = on_link
        self._refused_topics_callback = on_refused_topics
        self._clock = clock
        self._may_connect = may_connect
        self._lock = threading.Lock()
        self._connection_number = 0
        self._is_connected = self._is_link_up = False
        self._client_id_conflict = ClientIdConflict(client_id)
        self.withheld, self._silence = WithheldMessages(), SilenceWatch()
        self._requests: dict[int, tuple[str, ...]] = {}
        """SUBSCRIBE packet ID -> its topics, until the SUBACK."""
        self._refused_topics: tuple[str, ...] = ()
        self._refused_at: datetime | None = None
        self._connect_began_at: datetime | None = None
        self._received_at: datetime | None = None
        """Time of receipt of the last message."""
        self._optional_topics = OptionalTopics(list_optional_topics(settings, persistent=persistent))
        self._stop_event = threading.Event()
        self._client: BufferedClient | None = None
        self._network_thread: threading.Thread | None = None
        self._watchdog: SupervisedThread | None = None

    @property
    def has_client_id_conflict(self) -> bool:
        """Another program probably uses the same client ID: both disconnect each other."""
        return self._client_id_conflict.is_detected

    @property
    def client_id_sharing(self) -> ClientIdSharing:
        return self._client_id_conflict.judge_sharing(self._clock())

    def start(self) -> None:
        """Start to connect. Returns at once; the first ``on_link`` reports the result.

        Raises: BrokerError when a TLS file or the host's name cannot be used.
        """
        validate_mqtt_settings(self._settings)
        self._stop_event.clear()
        self._start_client()
        self._watchdog = SupervisedThread(
            "mqtt-watchdog",
            self._check_network_thread,
            interval_s=WATCHDOG_INTERVAL_S,
            on_failure=self._report_watchdog,
        )
        self._watchdog.start()

    def stop(self) -> None:
        """Disconnect. The broker resends unacknowledged messages after the next start."""
        self._stop_event.set()
        if self._watchdog:
            self._watchdog.stop()
            self._watchdog = None
        if self._client:
            disconnect_client(self._client)
            self._client = None
        self._advance_connection(connected=False)

    def ack_messages(self, messages: Iterable[ReceivedMessage]) -> None:
        """Acknowledge these messages, so that the broker deletes them.

        Messages of an earlier connection are ignored: their packet IDs may be in use again.
        """
        with self._lock:
            mids = [
                each.packet_id
                for each in messages
                if each.qos and each.connection_number == self._connection_number
            ]
            if self._client and mids:
                self._client.acknowledge_all(mids)

    def _start_client(self) -> None:
        client = create_client(
            self._settings, self._client_id, persistent=self._persistent, manual_ack=self._persistent
        )
        client.may_connect = self._may_connect
        client.on_pre_connect = self._on_pre_connect
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_subscribe = self._on_subscribe
        client.on_disconnect = self._on_disconnect
        client.on_message = self._on_message
        client.on_frames = self._on_frames
        if self._persistent:
            client.bulk_topics = {topic.encode(): topic for topic in self._settings.topics}
        self._client, self._network_thread = client, None
        connect_async(client, self._settings, persistent=self._persistent)
        client.loop_start()

    def _check_network_thread(self) -> None:
        if self._network_thread and not self._network_thread.is_alive():
            log.error("the network thread of the broker connection died; starting another")
            self._report_link_down(
                f"The connection to broker {format_address(self._settings)} broke down; restarting it."
            )
            self._start_client()
        elif self._has_waited(self._connect_began_at, CONNACK_TIMEOUT):
            self._connect_began_at = None  # the end of this connection has no reason of its own
            self._report_link(False, format_silence(self._settings))
            if self._client:
                self._client.abort_connection()
        elif not self._is_connected or not self._client:
            return
        elif self._silence.is_silent(self._client, time.monotonic()) or self.withheld.take_stuck(
            self._clock()
        ):
            self._client.abort_connection()
        elif self._has_waited(self._refused_at, REFUSED_RETRY):
            self._refused_at = self._clock()
            self._subscribe_topics(self._client, self._refused_topics)
        elif (
            not self._is_link_up
            and not self._requests
            and self._client_id_conflict.clear_if_stable(self._clock())
        ):
            self._report_link_up()
            self._optional_topics.take_up_again()
            self._request_next_topic(self._client)

    def _has_waited(self, since: datetime | None, duration: timedelta) -> bool:
        return since is not None and is_due(since, self._clock(), duration)

    def _report_watchdog(self, _name: str, reason: str) -> None:
        if reason:
            self._report_link(False, reason)
        elif self._is_link_up:
            self._report_link_up()

    # Everything below runs in paho's thread, where an exception would end the connection for good.

    def _on_pre_connect(self, _client: Client, _userdata: object) -> None:
        self._network_thread = threading.current_thread()
        self._connect_began_at = self._clock()

    def _on_connect(
        self,
        client: Client,
        _userdata: object,
        flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._connect_began_at = None
        if reason.is_failure:
            retry_s = REFUSED_RETRY_S if reason.value in _PERMANENT_REFUSALS else RETRY_MIN_S
            client.reconnect_delay_set(retry_s, max(retry_s, RETRY_MAX_S))
            self._report_link(False, format_refusal(self._settings, reason))
            return
        client.reconnect_delay_set(RETRY_MIN_S, RETRY_MAX_S)
        self._advance_connection(connected=True)
        self._client_id_conflict.on_connect(self._clock())
        self.withheld.on_connect(self._clock(), is_session_resumed=flags.session_present)
        with self._lock:
            self._requests.clear()
        self._optional_topics.on_connect()
        if not flags.session_present:
            # before the subscription: a session without one holds no messages
            self._begin_session()
        # on each connection: the topics may have changed since the broker created the session
        self._subscribe_topics(client, self._settings.topics)

    def _begin_session(self) -> None:
        try:
            self._session = self._new_session_callback()
        except Exception:
            # the boundary of paho's thread
            log.exception("the broker's new session could not be recorded")
            self._session += 1

    def _on_subscribe(
        self,
        client: Client,
        _userdata: object,
        mid: int,
        reasons: list[ReasonCode],
        _properties: Properties,
    ) -> None:
        with self._lock:
            topics = self._requests.pop(mid, ())
        refused = {topic for topic, reason in zip(topics, reasons, strict=False) if reason.is_failure}
        if not self._optional_topics.take_answer(topics, is_refused=bool(refused)):
            self._set_refused_topics(refused | set(self._refused_topics).difference(topics))
            if not self.has_client_id_conflict:
                self._report_link_up()
        self._request_next_topic(client)

    def _request_next_topic(self, client: Client) -> None:
        if request := self._optional_topics.take_next(self._clock()):
            self._subscribe_topics(client, (request.topic,), request.qos)

    def _on_connect_fail(self, _client: Client, _userdata: object) -> None:
        self._connect_began_at = None
        # paho calls this in its except block and does not pass the exception
        self._report_link(False, format_unreachable(self._settings, sys.exception()))

    def _on_disconnect(
        self,
        _client: Client,
        _userdata: object,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        began_at, self._connect_began_at = self._connect_began_at, None
        if self._stop_event.is_set():
            return
        if self._is_connected:
            is_taken_over = reason.value == SESSION_TAKEN_OVER
            if is_taken_over or not self._optional_topics.give_up_topic(self._clock()):
                self._client_id_conflict.on_disconnect(self._clock(), taken_over=is_taken_over)
            self._report_link_down(
                self._client_id_conflict.reason or format_disconnect(self._settings, reason)
            )
        elif began_at:
            self._report_link(
                False, format_no_answer(self._settings, self._client.tls_error if self._client else None)
            )

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        """A message that paho has read: received in part, say, or of the broker itself."""
        try:
            topic, payload = message.topic, bytes(message.payload)
        except UnicodeDecodeError:
            log.warning("a message was received whose topic is not UTF-8")
            return
        packet_id = message.mid if message.qos else 0
        self._on_frames([PublishFrame(topic, payload, packet_id, message.dup, message.retain)])

    def _on_frames(self, frames: list[PublishFrame]) -> None:
        self._silence.is_handling = True
        try:
            first_at, connection, session = self._stamp_receipt(), self._connection_number, self._session
            self._received_at = first_at + (len(frames) - 1) * TIME_STEP
            self.withheld.add_frames(frames, first_at)
            self._messages_callback(
                [
                    ReceivedMessage(
                        frame.topic,
                        frame.payload,
                        first_at + index * TIME_STEP,
                        frame.packet_id,
                        int(frame.packet_id > 0 and self._persistent),
                        frame.is_retained,
                        connection,
                        frame.is_resent,
                        session,
                    )
                    for index, frame in enumerate(frames)
                ]
            )
        except Exception:
            # the boundary of paho's thread: the broker resends the message on the next connection
            log.exception("a received message could not be processed")
        finally:
            self._silence.is_handling = False

    def _stamp_receipt(self) -> datetime:
        """The time now, but later than that of the last message unless the clock was set back."""
        now, last = self._clock(), self._received_at
        return last + TIME_STEP if last and now <= last < now + MAX_TIME_LEAD else now

    def _subscribe_topics(self, client: Client, topics: tuple[str, ...], qos: int | None = None) -> None:
        level = int(self._persistent) if qos is None else qos
        with self._lock:
            _, mid = client.subscribe([(topic, level) for topic in topics])
            if mid is not None:
                self._requests[mid] = topics

    def _set_refused_topics(self, refused: set[str]) -> None:
        topics = tuple(topic for topic in self._settings.topics if topic in refused)
        self._refused_at = self._clock() if topics else None
        if topics != self._refused_topics:
            self._refused_topics = topics
            self._refused_topics_callback(topics)

    def _report_link_up(self) -> None:
        self._is_link_up = True
        topics = ", ".join(self._refused_topics)
        address = format_address(self._settings)
        self._report_link(
            True, f"Broker {address} does not let this account read {topics}." if topics else ""
        )

    def _report_link_down(self, reason: str) -> None:
        self._advance_connection(connected=False)
        self._report_link(False, reason)

    def _advance_connection(self, *, connected: bool) -> None:
        with self._lock:
            self._connection_number += 1
            self._is_connected, self._is_link_up = connected, False

    def _report_link(self, up: bool, reason: str) -> None:
        try:
            self._link_callback(up, reason)
        except Exception:
            # the boundary of paho's thread
            log.exception("a change of the broker link could not be reported")
