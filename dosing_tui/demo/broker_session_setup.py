"""Creates the collector's persistent session: the broker queues messages from then on."""

import threading
from datetime import UTC, datetime

from dosing_tui.collector.leader import build_client_id
from dosing_tui.config.settings import Settings
from dosing_tui.mqtt.message import ReceivedMessage
from dosing_tui.mqtt.subscriber import Subscriber

CONNECT_TIMEOUT_S = 5.0


def create_broker_session(settings: Settings) -> bool:
    """False if the broker does not answer in time: messages before the collector connects are lost."""
    is_connected = threading.Event()

    def on_link(up: bool, why: str) -> None:
        if up:
            is_connected.set()

    subscriber = Subscriber(
        settings.mqtt,
        client_id=build_client_id(settings),
        persistent=True,
        on_messages=_ignore_messages,
        on_link=on_link,
        clock=lambda: datetime.now(UTC),
    )
    subscriber.start()
    try:
        return is_connected.wait(CONNECT_TIMEOUT_S)
    finally:
        subscriber.stop()


def _ignore_messages(messages: list[ReceivedMessage]) -> None:
    """Leave them unacknowledged, so that the broker resends them to the collector."""
