"""Topics without which the plant is seen as well: each is requested apart, after the readings' topics.

A broker may refuse one, and some (AWS IoT) close the connection of a client that asks for a topic which its
account may not read. Such a topic is given up.
"""

import logging
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from dosing_tui.config.settings import MqttSettings
from dosing_tui.mqtt.client_id_conflict import STABLE_AFTER

DROP_COUNT_TOPIC = "$SYS/broker/publish/messages/dropped"
"""Mosquitto's count of messages dropped because a queue was full."""
NO_DROP_COUNT = "messages that the broker drops are not counted"
NO_STATUS = "stations that lose their connection are noticed by their silence only"

log = logging.getLogger(__name__)


class OptionalTopic(NamedTuple):
    topic: str
    qos: int
    loss: str
    """What is missing without it."""


def list_optional_topics(settings: MqttSettings, *, persistent: bool) -> list[OptionalTopic]:
    """In the order in which they are requested."""
    topics = [OptionalTopic(settings.station_status_topic, int(persistent), NO_STATUS)]
    return [*topics, OptionalTopic(DROP_COUNT_TOPIC, 0, NO_DROP_COUNT)] if persistent else topics


class OptionalTopics:
    """For one thread: paho's. ``take_up_again`` is for any, while no answer is awaited."""

    def __init__(self, topics: Iterable[OptionalTopic]) -> None:
        self._topics = list(topics)
        self._given_up: list[OptionalTopic] = []
        self._due: list[OptionalTopic] = []
        self._request: OptionalTopic | None = None
        """The last one that was requested on this connection."""
        self._requested_at: datetime | None = None
        self._is_answered = False

    def on_connect(self) -> None:
        self._due, self._request, self._requested_at = list(self._topics), None, None

    def take_next(self, now: datetime) -> OptionalTopic | None:
        """The next one to request on this connection; None without one."""
        if not self._due or (self._request and not self._is_answered):
            return None
        self._request, self._requested_at, self._is_answered = self._due.pop(0), now, False
        return self._request

    def take_answer(self, topics: tuple[str, ...], *, is_refused: bool) -> bool:
        """Whether an answer of the broker is about an optional topic."""
        if not self._request or topics != (self._request.topic,):
            return False
        self._is_answered = True
        if is_refused:
            log.warning("the broker refuses %s: %s", self._request.topic, self._request.loss)
        return True

    def take_up_again(self) -> None:
        """Another client closed the connections: the topics that were given up meanwhile are due."""
        self._topics += self._given_up
        self._due += self._given_up
        self._given_up = []

    def give_up_topic(self, now: datetime) -> bool:
        """Whether the connection was closed for the last request; the topic is then no longer requested.

        An answer clears a topic; $SYS stays suspected, whose right may be checked later.
        """
        request, at = self._request, self._requested_at
        if request is None or at is None or request not in self._topics or now - at >= STABLE_AFTER:
            return False
        if self._is_answered and request.topic != DROP_COUNT_TOPIC:
            return False
        self._topics.remove(request)
        self._given_up.append(request)
        log.warning("the broker closes the connection that reads %s: %s", request.topic, request.loss)
        return True
