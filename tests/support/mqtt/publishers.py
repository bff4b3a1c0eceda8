"""Who publishes and who listens in the tests of the broker room."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from dosing_tui.config.settings import MqttSettings
from dosing_tui.mqtt.message import ReceivedMessage
from dosing_tui.mqtt.publisher import Publisher
from dosing_tui.mqtt.subscriber import Subscriber
from tests.support.polling import wait_until

DOSES = MqttSettings().topics[0]


@dataclass(slots=True)
class RecordingSubscriber:
    """A subscriber and what it heard."""

    settings: MqttSettings
    client_id: str = "collector"
    persistent: bool = True
    take: Callable[[ReceivedMessage], None] | None = None
    """What to do with a message besides hearing it."""
    deliveries: list[ReceivedMessage] = field(default_factory=list)
    links: list[tuple[bool, str]] = field(default_factory=list)
    refused_topics: list[tuple[str, ...]] = field(default_factory=list)
    """Each change of the topics that the broker refuses."""
    subscriber: Subscriber = field(init=False)

    def __post_init__(self) -> None:
        self.subscriber = Subscriber(
            self.settings,
            client_id=self.client_id,
            persistent=self.persistent,
            on_messages=self._on_deliveries,
            on_link=lambda up, why: self.links.append((up, why)),
            clock=lambda: datetime.now(UTC),
            on_refused_topics=self.refused_topics.append,
        )

    def _on_deliveries(self, deliveries: list[ReceivedMessage]) -> None:
        """Every one of them, also when ``take`` fails on one."""
        failures: list[Exception] = []
        for delivery in deliveries:
            self.deliveries.append(delivery)
            try:
                if self.take:
                    self.take(delivery)
            except Exception as failure:
                failures.append(failure)
        if failures:
            raise failures[0]

    @property
    def plant(self) -> list[ReceivedMessage]:
        """Without what the broker says of itself."""
        return [delivery for delivery in self.deliveries if not delivery.topic.startswith("$")]

    @property
    def payloads(self) -> list[bytes]:
        return [delivery.payload for delivery in self.plant]

    @property
    def up(self) -> bool:
        return bool(self.links) and self.links[-1][0]

    @property
    def why(self) -> str:
        """The latest sentence about a link that is down."""
        return next((why for up, why in reversed(self.links) if not up), "")


@contextmanager
def connect_subscriber(
    settings: MqttSettings,
    *,
    client_id: str = "collector",
    persistent: bool = True,
    take: Callable[[ReceivedMessage], None] | None = None,
    wait: bool = True,
) -> Iterator[RecordingSubscriber]:
    ear = RecordingSubscriber(settings, client_id, persistent, take)
    ear.subscriber.start()
    try:
        if wait:
            wait_until(lambda: ear.up, why="the subscriber does not connect")
        yield ear
    finally:
        ear.subscriber.stop()


def publish_payloads(settings: MqttSettings, *payloads: bytes, topic: str = DOSES) -> None:
    """At QoS 1; on return the broker has them."""
    publisher = Publisher(settings, client_id="plant")
    publisher.start()
    for payload in payloads:
        assert publisher.publish_message(topic, payload, 1)
    assert publisher.wait_for_publish(20)
    publisher.stop()
