"""The collector inside a test, with what it shows and says."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from msgspec.structs import replace

from dosing_tui.collector.collector import Collector
from dosing_tui.collector.context.intervals import Intervals
from dosing_tui.config.settings import CollectorMode, Settings
from dosing_tui.ipc.supervised_thread import RetryDelay
from dosing_tui.live_snapshot import LinkStatus, LiveSnapshot, MessageCounts, Role
from dosing_tui.live_state import LiveState
from tests.support.collector.numbered_messages import Numbered

PACE = Intervals(
    poll_s=0.1,
    retry=RetryDelay(0.05, 0.5),
    refusal_retry_s=0.5,
    keepalive_s=0.5,
    lease_check_s=0.1,
    orphan_check_s=0.5,
    other_writers_s=0.5,
    batch_rebuild_s=2.0,
    drain_timeout_s=1.0,
)


@dataclass(slots=True)
class Running:
    settings: Settings
    live: LiveState = field(default_factory=LiveState)
    said: list[str] = field(default_factory=list)

    @property
    def picture(self) -> LiveSnapshot:
        return self.live.get_snapshot(datetime.now(UTC))

    @property
    def books(self) -> MessageCounts:
        return self.picture.message_counts

    @property
    def role(self) -> Role:
        return self.picture.role

    @property
    def listening(self) -> bool:
        return self.picture.broker.status is LinkStatus.UP

    @property
    def ready(self) -> bool:
        return (
            self.role is Role.COLLECTOR and self.listening and self.picture.database.status is LinkStatus.UP
        )


@contextmanager
def run_in_threads(settings: Settings, *, pace: Intervals = PACE) -> Iterator[Running]:
    this = Running(settings)
    collector = Collector(settings, this.live, report=this.said.append, intervals=pace)
    collector.start()
    try:
        yield this
    finally:
        collector.stop()


def number_messages(first: int, last: int) -> list[Numbered]:
    now = int(time.time())
    return [Numbered(number, now) for number in range(first, last)]


def in_mode(settings: Settings, mode: CollectorMode) -> Settings:
    return replace(settings, collector=replace(settings.collector, mode=mode))
