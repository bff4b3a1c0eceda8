"""Why a broker's port gives no MQTT session, in words: TLS, certificates of both sides, WebSockets.

OpenSSL's own texts name a line of its source and the protocol's old names, not what to change.
"""

import re
import ssl
from enum import Enum, auto

from paho.mqtt.client import WebsocketConnectionError

from dosing_tui.config.settings import MqttSettings

_REQUIRES_CERTIFICATE = "requires a client certificate (mqtt.cert_file)"
_REFUSES_CERTIFICATE = "refuses this client's certificate: "
_ALERTS = {
    "CERTIFICATE_REQUIRED": _REQUIRES_CERTIFICATE,
    "HANDSHAKE_FAILURE": f"{_REQUIRES_CERTIFICATE}, or has no cipher in common with this machine",
    "UNKNOWN_CA": f"{_REFUSES_CERTIFICATE}it does not know the authority that signed it",
    "CERTIFICATE_EXPIRED": f"{_REFUSES_CERTIFICATE}it has expired",
    "CERTIFICATE_REVOKED": f"{_REFUSES_CERTIFICATE}it is revoked",
    "BAD_CERTIFICATE": f"{_REFUSES_CERTIFICATE}it is not valid",
    "CERTIFICATE_UNKNOWN": f"{_REFUSES_CERTIFICATE}it is not valid",
    "UNSUPPORTED_CERTIFICATE": f"{_REFUSES_CERTIFICATE}it is of a kind that the broker does not support",
}
"""What a broker does about this client's certificate, by the end of the reason of OpenSSL's error."""
_FILE_FAULTS = {
    "KEY_VALUES_MISMATCH": "the key belongs to another certificate",
    "NO_CERTIFICATE_OR_CRL_FOUND": "it holds no certificate in PEM format",
    None: "no certificate and key in PEM format, or the key is encrypted: it has to be without a pass phrase",
}
"""Reason of OpenSSL's error -> what is wrong with a file. None: of a PEM file that it cannot read."""
_NO_PROTOCOL = "accepts the connection but does not answer"


class ConnectionFault(Enum):
    """Why there is no session, grouped by what to change."""

    UNREACHABLE = auto()
    UNTRUSTED = auto()
    """The broker's certificate."""
    CLIENT_CERTIFICATE = auto()
    NOT_MQTT = auto()
    """Another protocol: no TLS, no WebSocket, no MQTT."""


def classify_error(settings: MqttSettings, error: BaseException | None) -> ConnectionFault:
    """``error``: what the socket has raised."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return ConnectionFault.UNTRUSTED
    if isinstance(error, ssl.SSLError) and _find_alert(error):
        return ConnectionFault.CLIENT_CERTIFICATE
    # a broker without TLS resets the connection when it reads the first bytes of the handshake
    is_reset = settings.tls and isinstance(error, ConnectionResetError)
    if is_reset or isinstance(error, ssl.SSLError | WebsocketConnectionError):
        return ConnectionFault.NOT_MQTT
    return ConnectionFault.UNREACHABLE


def format_unreachable(settings: MqttSettings, error: BaseException | None = None) -> str:
    """The sentence for a connection that failed before MQTT's first packet."""
    broker = f"Broker {format_address(settings)}"
    match classify_error(settings, error):
        case ConnectionFault.UNTRUSTED if isinstance(error, ssl.SSLCertVerificationError):
            return f"{broker} is not trusted: {error.verify_message.rstrip('.')}."
        case ConnectionFault.CLIENT_CERTIFICATE if isinstance(error, ssl.SSLError):
            return f"{broker} {_find_alert(error)}."
        case ConnectionFault.NOT_MQTT if isinstance(error, WebsocketConnectionError):
            return f"{broker} {_NO_PROTOCOL} as a WebSocket: check port, tls and websocket_path in [mqtt]."
        case ConnectionFault.NOT_MQTT:
            return f"{broker} {_NO_PROTOCOL} with TLS: check port, tls and transport in [mqtt]."
    return f"{broker} cannot be reached{f': {format_error(error)}' if error else ''}."


def format_no_answer(settings: MqttSettings, error: ssl.SSLError | None = None) -> str:
    """The sentence for a port that accepts connections, but ends them or answers without a CONNACK.

    ``error``: of TLS. From TLS 1.3 on a broker refuses a client's certificate only after the handshake.
    """
    if classify_error(settings, error) is ConnectionFault.CLIENT_CERTIFICATE:
        return format_unreachable(settings, error)
    certificate = ", client certificate" if settings.tls else ""
    return (
        f"Broker {format_address(settings)} {_NO_PROTOCOL} as an MQTT broker: "
        f"check host, port, tls{certificate} and transport in [mqtt]."
    )


def format_address(settings: MqttSettings) -> str:
    return (
        f"[{settings.host}]:{settings.port}" if ":" in settings.host else f"{settings.host}:{settings.port}"
    )


def format_file_error(error: OSError) -> str:
    """What is wrong with a certificate's or key's file."""
    if isinstance(error, ssl.SSLError) and error.reason in _FILE_FAULTS:
        return _FILE_FAULTS[error.reason]
    return format_error(error)


def format_error(error: BaseException) -> str:
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    return re.sub(r"^\[[^\]]*\] | \(_ssl\.c:\d+\)$", "", text).lower()


def _find_alert(error: ssl.SSLError) -> str:
    """What the broker does about this client's certificate; '' if the error is another one."""
    _, is_alert, name = (error.reason or "").partition("_ALERT_")
    return _ALERTS.get(name, "") if is_alert else ""
