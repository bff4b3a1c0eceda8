"""A leader that was replaced changes nothing any more, whatever it was about to do."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms import journal
from dosing_tui.database.alarms.notification_queue import NotificationQueue
from dosing_tui.database.batches.incremental_rebuild import rebuild_changed_days
from dosing_tui.database.leader_election import LeaderLease, LeaseToken
from dosing_tui.database.reading_writer import ReadingWriter
from dosing_tui.domain.alarms.checkpoint import Checkpoint
from dosing_tui.domain.alarms.models import AlarmEvent
from dosing_tui.domain.notifications.policy import Notice, Trigger
from dosing_tui.errors import DatabaseUnavailableError
from tests.support.database.reading_samples import number_rows, settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value
from tests.support.domain.alarm_entries import NOW, make_entry
from tests.support.domain.batch_messages import NOON, normal_batch

pytestmark = pytest.mark.new_database

SITE = "plant1"
CHANNEL = "shift"
LEADER = LeaseToken(SITE, UUID(int=1), 7)
REPLACED = LeaseToken(SITE, UUID(int=2), 6)
CHECKPOINT = Checkpoint(1, ())


@pytest.fixture
def settings(migrated: str) -> Settings:
    execute_statements(
        migrated,
        "INSERT INTO collector_leases (site, epoch, holder, holder_name, backend_pid)"
        f" VALUES ('{SITE}', {LEADER.epoch}, '{LEADER.holder}', 'the leader', 0)",
    )
    return settings_for(migrated, site=SITE)


@contextmanager
def open_queue(settings: Settings, token: LeaseToken) -> Iterator[NotificationQueue]:
    lease = LeaderLease()
    lease.confirm(token)
    with closing(NotificationQueue(settings, lease)) as queue:
        queue.open([CHANNEL])
        yield queue


def append_entry(settings: Settings, token: LeaseToken) -> None:
    journal.append_entries(settings, [make_entry(AlarmEvent.RAISE, number=1)], lease=token)


def save_checkpoint(settings: Settings, token: LeaseToken) -> None:
    journal.save_checkpoint(settings, CHECKPOINT, lease=token)


def queue_notice(settings: Settings, token: LeaseToken) -> None:
    notice = Notice(CHANNEL, Trigger.RAISE, uuid4(), 1, NOW)
    with open_queue(settings, token) as queue:
        queue.add_notices([notice], [CHANNEL], last_id=1)


def save_position(settings: Settings, token: LeaseToken) -> None:
    with open_queue(settings, token) as queue:
        queue.save_checkpoint(CHECKPOINT)


def rebuild(settings: Settings, token: LeaseToken) -> None:
    rebuild_changed_days(settings, now=NOON + timedelta(hours=1), lease=token)


@pytest.mark.parametrize(
    ("write", "table"),
    [
        (append_entry, "alarm_journal"),
        (save_checkpoint, "alarm_checkpoints"),
        (queue_notice, "alarm_notifications"),
        (save_position, "alarm_checkpoints"),
        (rebuild, "batches"),
    ],
)
def test_only_the_leader_writes(
    settings: Settings, write: Callable[[Settings, LeaseToken], None], table: str
) -> None:
    dsn = settings.database.dsn
    writer = ReadingWriter(settings)  # readings are stored whoever has them
    writer.write(uuid4(), number_rows(*normal_batch()))
    writer.close()
    with pytest.raises(DatabaseUnavailableError, match="Another process was elected"):
        write(settings, REPLACED)
    assert fetch_rows(dsn, f"SELECT FROM {table}") == []
    write(settings, LEADER)
    assert fetch_rows(dsn, f"SELECT FROM {table}") != []


def test_a_replaced_leader_claims_no_notification(settings: Settings) -> None:
    dsn = settings.database.dsn
    append_entry(settings, LEADER)
    queue_notice(settings, LEADER)
    number = fetch_value(dsn, "SELECT id FROM alarm_notifications")
    with open_queue(settings, REPLACED) as queue, pytest.raises(DatabaseUnavailableError):
        queue.claim_notice(number, now=NOW)
    assert fetch_value(dsn, "SELECT fate FROM alarm_notifications") == "waiting"
    with open_queue(settings, LEADER) as queue:
        assert queue.claim_notice(number, now=NOW)
