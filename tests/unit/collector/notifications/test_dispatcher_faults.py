"""A dispatcher that the database keeps from its work is a fault, whatever the reason."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from dosing_tui.collector.alarms.journal_outbox import JournalOutbox
from dosing_tui.collector.notifications.database_outage import OutageNotifier
from dosing_tui.collector.notifications.dispatcher import FAULT_DELAY, NotificationDispatcher
from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms.notification_queue import NotificationQueue, QueuePosition
from dosing_tui.errors import DatabaseUnavailableError
from dosing_tui.ipc.supervised_thread import RetryDelay
from dosing_tui.live_snapshot import DatabasePart
from tests.support.collector.parsed_items import NOON
from tests.support.collector.protocol_fakes import FakeServer, make_context, take_snapshot

CAUSE = "The database server h is not available: canceling statement due to lock timeout."
REASON = f"Alarm notifications are disabled: {CAUSE}"


class LockedQueue(NotificationQueue):
    """Every statement waits for a lock, in vain."""

    def open(self, channels: Sequence[str]) -> QueuePosition:
        raise DatabaseUnavailableError(CAUSE)


class LockedDispatcher:
    def __init__(self, folder: Path, outbox: JournalOutbox) -> None:
        self.now = NOON
        context = make_context(folder, FakeServer())
        self.context = replace(
            context,
            database=replace(context.database, create_notification_queue=lambda: LockedQueue(Settings())),
            intervals=replace(context.intervals, retry=RetryDelay(0.001, 0.001)),
            clock=lambda: self.now,
        )
        self.dispatcher = NotificationDispatcher(self.context, OutageNotifier(self.context, outbox))

    def fail(self, after: timedelta) -> list[str]:
        """The faults after another attempt, so much later."""
        self.now += after
        self.dispatcher._try_session()
        faults = take_snapshot(self.context).database_faults
        return [fault.sentence for fault in faults if fault.part is DatabasePart.NOTIFICATIONS]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[LockedDispatcher]:
    with closing(JournalOutbox(tmp_path)) as outbox:
        yield LockedDispatcher(tmp_path, outbox)


def test_a_dispatcher_that_always_waits_in_vain_is_a_fault_after_its_time(bench: LockedDispatcher) -> None:
    bench.context.status.set_database_link(True, "")
    assert bench.fail(timedelta()) == []
    assert bench.fail(FAULT_DELAY - timedelta(seconds=1)) == []
    assert bench.fail(timedelta(seconds=1)) == [REASON]


@pytest.mark.parametrize("away", [FAULT_DELAY, timedelta(hours=1)])
def test_the_time_of_an_outage_does_not_count(bench: LockedDispatcher, away: timedelta) -> None:
    bench.context.status.set_database_link(False, "gone")
    assert bench.fail(timedelta()) == []
    assert bench.fail(away) == []
    bench.context.status.set_database_link(True, "")
    assert bench.fail(timedelta(seconds=1)) == []
    assert bench.fail(FAULT_DELAY) == [REASON]
