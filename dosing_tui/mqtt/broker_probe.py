"""One connection to the broker that finds out what this account gets there, and changes nothing.

It has a client ID of its own and a clean session: the collector's session is not touched.
"""

import ssl
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto
from secrets import token_hex

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from dosing_tui.config.settings import MqttSettings
from dosing_tui.errors import BrokerError
from dosing_tui.mqtt.buffered_client import BufferedClient, ReadAheadSocket
from dosing_tui.mqtt.connection import (
    connect_now,
    create_client,
    format_disconnect,
    format_refusal,
    format_silence,
)
from dosing_tui.mqtt.connection_faults import ConnectionFault, classify_error, format_no_answer
from dosing_tui.mqtt.optional_topics import DROP_COUNT_TOPIC
from dosing_tui.mqtt.subscriber import validate_mqtt_settings

VERSION_TOPIC = "$SYS/broker/version"
SYS_TOPICS = (VERSION_TOPIC, DROP_COUNT_TOPIC)
ANSWER_TIMEOUT_S = 8.0
"""Longest wait for the broker's answer to each packet."""
SYS_TIMEOUT_S = 1.0
"""Longest wait for what the broker reports of itself; it keeps these messages ready."""
_LOOP_S = 0.1
_ACCOUNT_REFUSALS = (134, 135)
"""CONNACK codes for a wrong name or password, and for an account without rights."""


class BrokerFailure(Enum):
    """Why there is no connection, grouped by who has to act."""

    SETTINGS = auto()
    UNREACHABLE = auto()
    UNTRUSTED = auto()
    CLIENT_CERTIFICATE = auto()
    NOT_MQTT = auto()
    SILENT = auto()
    ACCOUNT = auto()
    REFUSED = auto()
    LOST = auto()


@dataclass(slots=True)
class BrokerAnswers:
    """What the probe found. Without a connection ``failure`` and ``reason`` are set, and nothing else."""

    failure: BrokerFailure | None = None
    reason: str = ""
    """A sentence."""
    connect_s: float = 0.0
    """From the start of the connection to the CONNACK."""
    certificate_ends: datetime | None = None
    """End of the broker's certificate; None without TLS."""
    granted_qos: dict[str, int] = field(default_factory=dict)
    """Topic -> granted QoS; 128 or more: refused."""
    retained_topics: tuple[str, ...] = ()
    """Topics of the plant with a retained message."""
    message_count: int = 0
    """Live messages while listening."""
    qos0_count: int = 0
    """Those of them that were published with QoS 0."""
    version: str = ""
    """Name and version as the broker reports it; '' if it does not."""
    dropped_count: int | None = None
    """Messages that the broker dropped since its start; None if it does not report it."""
    closes_on_sys: bool = False
    """The broker closed the connection when asked for $SYS."""


def probe_broker(settings: MqttSettings, *, listen_s: float) -> BrokerAnswers:
    """Connect, subscribe, listen for ``listen_s``, disconnect. Never raises for what the broker does."""
    answers = BrokerAnswers()
    try:
        validate_mqtt_settings(settings)
        client = create_client(settings, f"dosing-tui-doctor-{token_hex(4)}")
    except BrokerError as error:
        answers.failure, answers.reason = BrokerFailure.SETTINGS, str(error)
        return answers
    probe = _BrokerProbe(settings, client, answers)
    began = time.monotonic()
    try:
        connect_now(client, settings)
    except BrokerError as error:
        answers.failure = BrokerFailure[classify_error(settings, error.__cause__).name]
        answers.reason = str(error)
        return answers
    if probe.wait_for_connack():
        answers.connect_s = time.monotonic() - began
        probe.ask_everything(listen_s)
    probe.disconnect()
    return answers


class _BrokerProbe:
    """Runs the client's loop in the calling thread, so that every wait has an end."""

    def __init__(self, settings: MqttSettings, client: BufferedClient, answers: BrokerAnswers) -> None:
        self._settings = settings
        self._client = client
        self._answers = answers
        self._is_connected = self._has_ended = False
        self._requests: dict[int, tuple[str, ...]] = {}
        self._messages: list[MQTTMessage] = []
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = lambda _client, _userdata, message: self._messages.append(message)

    def wait_for_connack(self) -> bool:
        if self._wait(lambda: self._is_connected or self._answers.failure is not None):
            return self._is_connected
        self._fail(BrokerFailure.SILENT, format_silence(self._settings))
        return False

    def ask_everything(self, listen_s: float) -> None:
        """The plant's topics, then $SYS apart and last: some brokers close the connection for it."""
        self._answers.certificate_ends = _read_certificate_end(self._client)
        if not self._subscribe_topics(self._settings.topics):
            return
        self._run_loop(lambda: False, listen_s)
        if self._answers.failure is None and self._subscribe_topics(SYS_TOPICS):
            self._wait(lambda: self._has_sys_message(DROP_COUNT_TOPIC), SYS_TIMEOUT_S)
            self._read_sys_messages()
        # here: a retained message comes after the answer to its subscription, and before the next answer
        self._sort_messages()

    def disconnect(self) -> None:
        self._client.on_disconnect = None
        with suppress(OSError, ValueError):
            self._client.disconnect()
            self._client.loop(_LOOP_S)

    def _subscribe_topics(self, topics: Iterable[str]) -> bool:
        """Whether the broker has answered."""
        asked = tuple(topics)
        _, mid = self._client.subscribe([(topic, 1) for topic in asked])
        if mid is None:
            return False
        self._requests[mid] = asked
        return self._wait(lambda: mid not in self._requests)

    def _sort_messages(self) -> None:
        topics = self._settings.topics
        plant = [one for one in self._messages if self._settings.find_topic(one.topic) in topics]
        retained = {one.topic: self._settings.find_topic(one.topic) for one in plant if one.retain}
        live = [one for one in plant if not one.retain]
        self._answers.retained_topics = tuple(sorted(retained, key=lambda one: topics.index(retained[one])))
        self._answers.message_count = len(live)
        self._answers.qos0_count = sum(one.qos == 0 for one in live)

    def _has_sys_message(self, topic: str) -> bool:
        return any(message.topic == topic for message in self._messages)

    def _read_sys_messages(self) -> None:
        payloads = {one.topic: one.payload.decode("utf-8", "replace") for one in self._messages}
        self._answers.version = payloads.get(VERSION_TOPIC, "")
        with suppress(ValueError):
            self._answers.dropped_count = int(payloads.get(DROP_COUNT_TOPIC, ""))

    def _wait(self, is_done: Callable[[], bool], timeout_s: float = ANSWER_TIMEOUT_S) -> bool:
        self._run_loop(is_done, timeout_s)
        return is_done()

    def _run_loop(self, is_done: Callable[[], bool], timeout_s: float) -> None:
        deadline = time.monotonic() + timeout_s
        while not self._has_ended and not is_done() and (left := deadline - time.monotonic()) > 0:
            if self._client.loop(min(left, _LOOP_S)) is not MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._has_ended = True
        if self._has_ended and not self._is_connected and self._answers.failure is None:
            error = self._client.tls_error
            fault = classify_error(self._settings, error) if error else ConnectionFault.NOT_MQTT
            self._fail(BrokerFailure[fault.name], format_no_answer(self._settings, error))

    def _fail(self, failure: BrokerFailure, reason: str) -> None:
        self._answers.failure, self._answers.reason = failure, reason

    def _on_connect(
        self,
        _client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            is_account = reason.value in _ACCOUNT_REFUSALS
            failure = BrokerFailure.ACCOUNT if is_account else BrokerFailure.REFUSED
            self._fail(failure, format_refusal(self._settings, reason))
        else:
            self._is_connected = True

    def _on_disconnect(
        self,
        _client: Client,
        _userdata: object,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        self._has_ended = True
        if not self._is_connected or self._answers.failure is not None:
            return
        if any(topics == SYS_TOPICS for topics in self._requests.values()):
            self._answers.closes_on_sys = True
        else:
            self._fail(BrokerFailure.LOST, format_disconnect(self._settings, reason))

    def _on_subscribe(
        self,
        _client: Client,
        _userdata: object,
        mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        topics = self._requests.pop(mid, ())
        self._answers.granted_qos |= {
            topic: reason.value for topic, reason in zip(topics, reasons, strict=False)
        }


def _read_certificate_end(client: Client) -> datetime | None:
    connection = client.socket()
    if isinstance(connection, ReadAheadSocket):
        connection = connection.connection
    if not isinstance(connection, ssl.SSLSocket):
        return None
    ends = (connection.getpeercert() or {}).get("notAfter")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(ends), UTC) if isinstance(ends, str) else None
