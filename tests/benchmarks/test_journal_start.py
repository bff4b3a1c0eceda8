"""How long a process takes until it knows the alarms, in figures: all of the journal read, or a checkpoint.

BENCHMARK_ENTRIES (50,000; with --full-size 1,000,000) are in the journal, of 120 alarms. Shown with -s.
"""

import sys
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import pytest

from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms import journal
from dosing_tui.database.alarms.notification_queue import NotificationQueue
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.domain.alarms.checkpoint import Checkpoint
from dosing_tui.domain.alarms.journal_filter import JournalFilter
from dosing_tui.domain.alarms.journal_projection import JournalProjection
from tests.benchmarks.alarm_history import fill_journal
from tests.support.database.reading_samples import settings_for
from tests.support.domain.alarm_entries import NOW
from tests.support.sizes import choose_size

ENTRIES = int(choose_size("ENTRIES", small=50_000, full=1_000_000))

T = TypeVar("T")

pytestmark = pytest.mark.benchmark


def test_start_of_a_long_journal(own_postgres: EmbeddedPostgres, capsys: pytest.CaptureFixture[str]) -> None:
    settings = settings_for(own_postgres.dsn)
    migrate_schema(settings, report=lambda line: None)
    fill_journal(own_postgres.dsn, ENTRIES)
    whole, all_s = measure_time(lambda: start_as_collector(settings))
    anew, anew_s = measure_time(lambda: start_as_dispatcher(settings))
    journal.save_checkpoint(settings, Checkpoint(whole.last_entry_id, whole.confirmed_states))
    on, on_s = measure_time(lambda: start_as_dispatcher(settings))
    short, checkpoint_s = measure_time(lambda: start_as_collector(settings))
    listed, list_s = measure_time(lambda: journal.read_alarm_states(settings))
    ever = JournalFilter(NOW.replace(year=2000), NOW.replace(year=2090), max_entries=200)
    page, page_s = measure_time(lambda: journal.list_entries(settings, ever))
    assert short.states == whole.states == listed == anew.states == on.states
    assert len(page) == 200
    with capsys.disabled():
        sys.stdout.write(
            f"\n{ENTRIES:,} entries, {len(whole.states)} alarms not normal"
            f"\n  all of the journal   {all_s:8.2f} s\n  from a checkpoint    {checkpoint_s * 1e3:8.0f} ms"
            f"\n  who tells, all       {anew_s:8.2f} s\n  who tells            {on_s * 1e3:8.0f} ms"
            f"\n  alarms list          {list_s * 1e3:8.0f} ms"
            f"\n  a page of 200        {page_s * 1e3:8.0f} ms\n"
        )


def start_as_collector(settings: Settings) -> JournalProjection:
    """As the collector begins."""
    replica, stopping = JournalProjection(), threading.Event()
    for heard in journal.follow_journal(settings, stopping, on_link=lambda up, why: None):
        if heard.is_restart:
            replica.restart_from(heard.checkpoint)
        replica.apply_committed(heard.entries)
        if replica.last_entry_id >= ENTRIES:
            stopping.set()
    return replica


def start_as_dispatcher(settings: Settings) -> JournalProjection:
    """As who tells of alarms begins, after an outage of the database, too."""
    replica, book = JournalProjection(), NotificationQueue(settings)
    replica.restart_from(book.open(["shift"]).checkpoint)
    while entries := book.read_entries(replica.last_entry_id):
        replica.apply_committed(entries)
    book.close()
    return replica


def measure_time(ask: Callable[[], T]) -> tuple[T, float]:
    begin = time.perf_counter()
    return ask(), time.perf_counter() - begin
