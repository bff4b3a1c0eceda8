"""The program's own subscriber, collecting everything, for tests of what a broker was told."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dosing_tui.config.settings import MqttSettings
from dosing_tui.mqtt.message import ReceivedMessage
from dosing_tui.mqtt.subscriber import Subscriber
from tests.support.polling import wait_until


@dataclass(slots=True)
class RecordedTraffic:
    deliveries: list[ReceivedMessage] = field(default_factory=list)
    up: bool = False

    def on_link(self, up: bool, why: str) -> None:
        self.up = up

    def list_payloads(self, settings: MqttSettings) -> list[tuple[str, bytes]]:
        """Topics and payloads in their order; the broker's own topics left out."""
        return [(each.topic, each.payload) for each in list(self.deliveries) if each.topic in settings.topics]


@contextmanager
def record_traffic(settings: MqttSettings) -> Iterator[RecordedTraffic]:
    """Everything published from here on, also over restarts of the broker."""
    heard = RecordedTraffic()

    def keep(deliveries: list[ReceivedMessage]) -> None:
        heard.deliveries += deliveries
        subscriber.ack_messages(deliveries)

    subscriber = Subscriber(
        settings,
        client_id="listener",
        persistent=True,
        on_messages=keep,
        on_link=heard.on_link,
        clock=lambda: datetime.now(UTC),
    )
    subscriber.start()
    try:
        wait_until(lambda: heard.up)
        yield heard
    finally:
        subscriber.stop()
