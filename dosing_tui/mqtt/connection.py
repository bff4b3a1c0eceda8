"""Creates and connects MQTT clients: protocol version, TLS, account, error sentences.

Shared by subscriber and publisher.
"""

import ssl

from paho.mqtt.client import MQTT_CLEAN_START_FIRST_ONLY, CleanStartOption, Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from dosing_tui.config.settings import MqttSettings, MqttTransport, MqttVersion
from dosing_tui.errors import BrokerError
from dosing_tui.ipc.supervised_thread import start_one_shot
from dosing_tui.mqtt.buffered_client import BufferedClient
from dosing_tui.mqtt.connection_faults import format_address, format_file_error, format_unreachable

SESSION_EXPIRY_S = 7 * 86_400
"""Session Expiry Interval of MQTT 5; in MQTT 3.1.1 the broker decides."""
RECEIVE_MAXIMUM = 1_000
"""Receive Maximum of MQTT 5: unacknowledged messages that the broker may send."""
UNSPECIFIED_REASON = 128
"""MQTT's reason code Unspecified error."""
RETRY_MIN_S = 1
RETRY_MAX_S = 30
STOP_TIMEOUT_S = 5.0


def create_client(
    settings: MqttSettings, client_id: str, *, persistent: bool = False, manual_ack: bool = False
) -> BufferedClient:
    """A client with account and TLS set; it reconnects by itself after ``connect_async``.

    ``persistent``: the broker keeps the subscriptions, and queues messages while this client is offline.
    Raises: BrokerError when a TLS file cannot be used.
    """
    v5 = settings.protocol is MqttVersion.V5
    client = BufferedClient(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=None if v5 else not persistent,
        protocol=MQTTProtocolVersion.MQTTv5 if v5 else MQTTProtocolVersion.MQTTv311,
        transport=settings.transport.value,
        manual_ack=manual_ack,
    )
    client.reconnect_delay_set(RETRY_MIN_S, RETRY_MAX_S)
    if settings.transport is MqttTransport.WEBSOCKETS:
        headers = (header.split(":", 1) for header in settings.websocket_headers)
        client.ws_set_options(settings.websocket_path, {name: value.strip() for name, value in headers})
    if settings.username:
        client.username_pw_set(settings.username, settings.password or None)
    if settings.tls:
        client.tls_set_context(_create_tls_context(settings))
    return client


def connect_async(client: Client, settings: MqttSettings, *, persistent: bool = False) -> None:
    """Set the address; the client's loop connects, and retries until it succeeds."""
    # with MQTT 3.1.1 the client's constructor has set the session
    clean_start: CleanStartOption = MQTT_CLEAN_START_FIRST_ONLY
    properties = None
    if settings.protocol is MqttVersion.V5:
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it untyped
        properties.SessionExpiryInterval = SESSION_EXPIRY_S if persistent else 0
        properties.ReceiveMaximum = RECEIVE_MAXIMUM
        properties.MaximumPacketSize = settings.max_packet_kb * 1024
        clean_start = not persistent
    client.connect_async(
        settings.host, settings.port, settings.keepalive_s, clean_start=clean_start, properties=properties
    )


def connect_now(client: Client, settings: MqttSettings) -> None:
    """Open the connection now; the CONNACK is received when the loop runs.

    Raises: BrokerError when the address is unreachable or its certificate is not trusted.
    """
    connect_async(client, settings)
    try:
        client.reconnect()
    except (OSError, ValueError) as error:
        raise BrokerError(format_unreachable(settings, error)) from error


def disconnect_client(client: Client) -> None:
    """Send DISCONNECT and wait at most STOP_TIMEOUT_S for the end of the client's loop."""
    client.disconnect()
    # loop_stop waits without a timeout, and the thread may hang in a name look-up
    start_one_shot("mqtt-stop", client.loop_stop).join(STOP_TIMEOUT_S)


def format_silence(settings: MqttSettings) -> str:
    """The sentence for a port that accepts connections and sends nothing."""
    return (
        f"Broker {format_address(settings)} accepts the connection and answers nothing: it hangs, or it is "
        f"not an MQTT broker. Check the broker, and host, port, tls and transport in [mqtt]."
    )


def format_refusal(settings: MqttSettings, reason: ReasonCode) -> str:
    """The sentence for a CONNACK with a failure code."""
    return f"Broker {format_address(settings)} refuses this client: {str(reason).lower()}."


def format_disconnect(settings: MqttSettings, reason: ReasonCode) -> str:
    """The sentence for a lost connection, with the reason code that an MQTT 5 broker may send."""
    why = "" if reason.value == UNSPECIFIED_REASON else f" ({str(reason).lower()})"
    return f"The connection to broker {format_address(settings)} was lost{why}; connecting again."


def _create_tls_context(settings: MqttSettings) -> ssl.SSLContext:
    """Raises: BrokerError with the file that is missing or invalid."""
    try:
        context = ssl.create_default_context(cafile=settings.ca_file or None)
    except OSError as error:
        raise BrokerError(
            f"mqtt: ca_file '{settings.ca_file}' cannot be used: {format_file_error(error)}."
        ) from error
    if settings.cert_file:
        try:
            # an empty password for an encrypted key: an error instead of a prompt on the terminal
            context.load_cert_chain(settings.cert_file, settings.key_file or None, password=str)
        except OSError as error:
            files = f"cert_file '{settings.cert_file}' with key_file '{settings.key_file}'"
            raise BrokerError(f"mqtt: {files} cannot be used: {format_file_error(error)}.") from error
    return context
