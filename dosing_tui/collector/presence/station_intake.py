"""Finds status messages and sequence numbers among the received messages."""

import threading
from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from dosing_tui.config.settings import MqttSettings
from dosing_tui.domain.messages.models import ParsedItem, Rejection
from dosing_tui.domain.presence.counter_run import SavedRun
from dosing_tui.domain.presence.models import StationNews, StationReport
from dosing_tui.domain.presence.sequence_stamp import read_sequence_stamps
from dosing_tui.domain.presence.sequence_tracker import SequenceTracker
from dosing_tui.domain.presence.status_payload import parse_status
from dosing_tui.domain.topics.topic_filter import find_station
from dosing_tui.live_state import LiveState
from dosing_tui.mqtt.client_id_conflict import ClientIdSharing
from dosing_tui.mqtt.message import ReceivedMessage

MAX_KNOWN_TOPICS = 1_000
MAX_PENDING = 5_000
"""Reports that wait for the database; of more the newest."""


def read_status(topic_filter: str, message: ReceivedMessage) -> StationReport | Rejection | None:
    """What a status message says; None for a message of another topic."""
    station = find_station(topic_filter, message.topic)
    if not station:
        return None
    return parse_status(
        message.topic,
        station,
        message.payload,
        received_at=message.received_at,
        is_retained=message.is_retained,
    )


class TopicNames:
    """The topic of the settings that covers each message: their number is bounded."""

    def __init__(self, settings: MqttSettings) -> None:
        self._settings = settings
        self._status_topic = settings.station_status_topic
        self._find_name = lru_cache(MAX_KNOWN_TOPICS)(self._choose_name)

    def list_names(self, messages: Iterable[ReceivedMessage]) -> list[str]:
        """One for each message."""
        return [self._find_name(message.topic) for message in messages]

    def _choose_name(self, topic: str) -> str:
        is_status = find_station(self._status_topic, topic)
        return self._status_topic if is_status else self._settings.find_topic(topic)


def apply_to_live_state(live_state: LiveState, items: Iterable[ParsedItem | StationReport]) -> None:
    """Show readings and reports."""
    shown = [item for item in items if not isinstance(item, Rejection)]
    live_state.apply_readings(item for item in shown if not isinstance(item, StationReport))
    if reports := [item for item in shown if isinstance(item, StationReport)]:
        live_state.apply_news(reports)


class BrokerDelivery(NamedTuple):
    """Whether this process receives what the stations send, and all of it by now."""

    sharing: ClientIdSharing = ClientIdSharing.NONE
    is_withholding: bool = False
    """Messages wait at the broker: the intake is stopped, or the broker has left out packet IDs."""


ALL_DELIVERED = BrokerDelivery()


class StationIntake:
    """``take_report`` is for the receiving thread, ``take_news`` for another one."""

    def __init__(self, settings: MqttSettings) -> None:
        self._topic = settings.station_status_topic
        self._reading_topics = frozenset(settings.topics)
        self._lock = threading.Lock()
        self._tracker = SequenceTracker()
        self._reports: deque[StationReport] = deque(maxlen=MAX_PENDING)

    def take_report(self, message: ReceivedMessage) -> StationReport | Rejection | None:
        """What a status message says, None for a reading; counts the numbers of both."""
        report = None if message.topic in self._reading_topics else read_status(self._topic, message)
        station = report.device_id if isinstance(report, StationReport) else ""
        stamps = () if message.is_retained else read_sequence_stamps(message.payload, station)
        if stamps or isinstance(report, StationReport):
            with self._lock:
                self._tracker.add_stamps(stamps, message.received_at, is_resent=message.is_resent)
                if isinstance(report, StationReport):
                    self._reports.append(report)
        return report

    def save_runs(self) -> dict[str, list[SavedRun]]:
        with self._lock:
            return self._tracker.save_runs()

    def restore_runs(self, saved: Mapping[str, Iterable[SavedRun]], now: datetime) -> None:
        """Before the first message."""
        with self._lock:
            self._tracker.restore_runs(saved, now)

    def take_news(self, now: datetime, delivery: BrokerDelivery = ALL_DELIVERED) -> list[StationNews]:
        """Reports and losses of messages since the last call.

        No loss is what another program with this client ID receives, nor what still waits at the broker: gaps
        wait meanwhile.
        """
        with self._lock:
            reports: list[StationNews] = list(self._reports)
            self._reports.clear()
            if delivery.sharing is ClientIdSharing.DETECTED:
                self._tracker.restart()
            if delivery != ALL_DELIVERED:
                self._tracker.postpone_gaps(now)
                return reports
            return [*reports, *self._tracker.settle(now)]
