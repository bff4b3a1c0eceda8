"""The collector inside a test, with what it shows and says."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from dosing_tui.collector.collector import Collector
from dosing_tui.collector.context.intervals import Pace
from dosing_tui.config.settings import CollectorMode, Settings
from dosing_tui.live_state import Books, Link, Live, Picture, Role
from tests.support.collector.numbered_messages import Numbered

PACE = Pace(
    poll_s=0.1,
    retry_first_s=0.05,
    retry_most_s=0.5,
    refused_s=0.5,
    idle_s=0.5,
    leftover_s=0.5,
    foreign_s=0.5,
    drain_s=1.0,
)


@dataclass(slots=True)
class Running:
    settings: Settings
    live: Live = field(default_factory=Live)
    said: list[str] = field(default_factory=list)

    @property
    def picture(self) -> Picture:
        return self.live.picture(datetime.now(UTC))

    @property
    def books(self) -> Books:
        return self.picture.books

    @property
    def role(self) -> Role:
        return self.picture.role

    @property
    def listening(self) -> bool:
        return self.picture.broker.link is Link.UP

    @property
    def ready(self) -> bool:
        return self.role is Role.COLLECTING and self.listening and self.picture.database.link is Link.UP


@contextmanager
def running(settings: Settings, *, pace: Pace = PACE) -> Iterator[Running]:
    this = Running(settings)
    collector = Collector(settings, this.live, report=this.said.append, pace=pace)
    collector.start()
    try:
        yield this
    finally:
        collector.stop()


def numbered(first: int, last: int) -> list[Numbered]:
    now = int(time.time())
    return [Numbered(number, now) for number in range(first, last)]


def in_mode(settings: Settings, mode: CollectorMode) -> Settings:
    return replace(settings, collector=replace(settings.collector, mode=mode))
