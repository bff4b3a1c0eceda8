"""The program's own subscriber, collecting everything, for tests of what a broker was told."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dosing_tui.config.settings import MqttSettings
from dosing_tui.mqtt.message import ReceivedMessage
from dosing_tui.mqtt.subscriber import Subscriber
from tests.support.polling import until


@dataclass(slots=True)
class Heard:
    deliveries: list[ReceivedMessage] = field(default_factory=list)
    up: bool = False

    def link(self, up: bool, why: str) -> None:
        self.up = up

    def payloads(self, settings: MqttSettings) -> list[tuple[str, bytes]]:
        """Topics and payloads in their order; the broker's own topics left out."""
        return [(each.topic, each.payload) for each in list(self.deliveries) if each.topic in settings.topics]


@contextmanager
def listening(settings: MqttSettings) -> Iterator[Heard]:
    """Everything published from here on, also over restarts of the broker."""
    heard = Heard()

    def keep(delivery: ReceivedMessage) -> None:
        heard.deliveries.append(delivery)
        subscriber.ack_messages([delivery])

    subscriber = Subscriber(
        settings,
        client_id="listener",
        persistent=True,
        on_message=keep,
        on_link=heard.link,
        clock=lambda: datetime.now(UTC),
    )
    subscriber.start()
    try:
        until(lambda: heard.up)
        yield heard
    finally:
        subscriber.stop()
