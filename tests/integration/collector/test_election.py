"""Several processes for one site: exactly one collects."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace

from dosing_tui.collector.context.local_state import get_spool_folder, is_last_collector, set_collector_marker
from dosing_tui.config.settings import CollectorMode, Settings
from dosing_tui.live_snapshot import LinkStatus, MessageCounts, Role
from tests.support.collector.numbered_messages import publish_numbered, run_collector, stored_numbers
from tests.support.collector.running_collector import in_mode, number_messages, run_in_threads
from tests.support.polling import wait_until


def test_exactly_one_collects_and_the_other_sees_the_same(settings: Settings, tmp_path: Path) -> None:
    elsewhere = replace(
        settings, collector=replace(settings.collector, spool_dir=str(tmp_path / "elsewhere"))
    )
    with run_in_threads(settings) as first:
        wait_until(lambda: first.ready)
        with run_in_threads(elsewhere) as second:
            wait_until(lambda: second.role is Role.STANDBY and second.listening)
            publish_numbered(settings.mqtt, number_messages(0, 20))
            wait_until(lambda: first.books == MessageCounts(received=20, stored=20))
            wait_until(lambda: len(second.picture.doses) == len(first.picture.doses) == 10)
            assert second.books == MessageCounts()


def test_a_viewer_says_that_nobody_collects_until_somebody_does(settings: Settings, tmp_path: Path) -> None:
    def says_nobody() -> bool:
        return viewer.picture.database.reason.startswith("No collector: no process collects")

    with run_in_threads(in_mode(settings, CollectorMode.NEVER)) as viewer:
        wait_until(says_nobody)
        assert viewer.picture.database.status is LinkStatus.PARTIAL
        with run_collector(settings, tmp_path) as leader:
            wait_until(lambda: viewer.picture.database.status is LinkStatus.UP)
            leader.kill()
            wait_until(says_nobody)
            leader.start()
            wait_until(lambda: viewer.picture.database.status is LinkStatus.UP)
            leader.end_gracefully()
            wait_until(says_nobody)


@pytest.mark.parametrize("same_machine", [True, False])
def test_the_standby_takes_over_from_a_killed_leader_and_nothing_is_lost(
    settings: Settings, tmp_path: Path, same_machine: bool
) -> None:
    folder = str(tmp_path if same_machine else tmp_path / "elsewhere")
    elsewhere = replace(settings, collector=replace(settings.collector, spool_dir=folder))
    with run_collector(settings, tmp_path) as leader:
        wait_until(lambda: "The broker is connected." in leader.log)
        with run_in_threads(elsewhere) as standby:
            wait_until(lambda: standby.role is Role.STANDBY)
            publish_numbered(settings.mqtt, number_messages(0, 500))
            leader.kill()
            publish_numbered(settings.mqtt, number_messages(500, 1000))
            wait_until(lambda: standby.role is Role.COLLECTOR)
            leader.start()  # as a standby, it brings what it left in its spool
            wait_until(lambda: "this one stands by" in leader.log)
            wait_until(lambda: len(stored_numbers(settings.database.dsn)) == 1000)
            stored = stored_numbers(settings.database.dsn)
            assert {number for number, times in stored.items() if times > 1 and number % 4 != 3} == set()


def test_who_lost_the_election_meanwhile_steps_down_with_an_empty_spool(settings: Settings) -> None:
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.ready)
        publish_numbered(settings.mqtt, number_messages(0, 10))
        wait_until(lambda: plant.books.received == 10)  # else the broker keeps the rest for the next one
        with take_office(settings):
            wait_until(lambda: plant.role is Role.STANDBY)
            wait_until(lambda: plant.books == MessageCounts(received=10, stored=10))
            wait_until(lambda: not is_last_collector(get_spool_folder(settings)))
        wait_until(lambda: plant.ready)


def test_a_spool_left_behind_is_written_by_a_standby(settings: Settings) -> None:
    away = replace(settings, database=replace(settings.database, dsn="host=127.0.0.1 port=1"))
    with run_in_threads(in_mode(away, CollectorMode.ALWAYS)) as plant:
        wait_until(lambda: plant.listening)
        publish_numbered(settings.mqtt, number_messages(0, 10))
        wait_until(lambda: plant.books.spooled == 10)
    with take_office(settings), run_in_threads(settings) as plant:
        wait_until(lambda: plant.role is Role.STANDBY)
        wait_until(lambda: plant.books == MessageCounts(received=10, stored=10))


def test_a_spool_in_use_by_another_process_is_named(settings: Settings) -> None:
    always = in_mode(settings, CollectorMode.ALWAYS)
    with run_in_threads(always) as first:
        wait_until(lambda: first.ready)
        with run_in_threads(always) as second:
            wait_until(lambda: f"in use by process {os.getpid()}" in second.picture.notice)
            assert second.role is Role.UNDECIDED
            wait_until(lambda: second.listening)


def test_a_viewer_never_collects(settings: Settings) -> None:
    never = in_mode(settings, CollectorMode.NEVER)
    set_collector_marker(get_spool_folder(never))
    with run_in_threads(never) as plant:
        wait_until(lambda: plant.role is Role.VIEWER and plant.listening)
        publish_numbered(settings.mqtt, number_messages(0, 4))
        wait_until(lambda: plant.picture.doses)
        wait_until(lambda: plant.picture.database.status is LinkStatus.UP)
        assert plant.books == MessageCounts()


def test_a_telegraf_that_writes_the_same_tables_is_noticed(settings: Settings) -> None:
    dsn = settings.database.dsn
    with run_in_threads(settings) as plant, psycopg.connect(dsn, application_name="telegraf") as telegraf:
        wait_until(lambda: plant.ready)
        telegraf.execute("INSERT INTO batch_events (time, device_id, event) VALUES (now(), 'd', 'start')")
        telegraf.commit()
        wait_until(lambda: "telegraf" in plant.picture.notice)
        assert "counted twice" in plant.picture.notice


@contextmanager
def take_office(settings: Settings) -> Iterator[None]:
    """Be the elected one, whoever was, with a heartbeat."""
    dsn, site = settings.database.dsn, settings.plant.site
    with psycopg.connect(dsn, autocommit=True) as other:
        other.execute(
            "INSERT INTO collector_leases (site, epoch, holder, holder_name, backend_pid)"
            " VALUES (%s, 1, gen_random_uuid(), 'test', pg_backend_pid()) ON CONFLICT (site) DO UPDATE"
            " SET epoch = collector_leases.epoch + 1, holder = excluded.holder",
            (site,),
        )
        stop_event = threading.Event()

        def beat() -> None:
            while not stop_event.wait(0.2):
                other.execute("UPDATE collector_leases SET beat = beat + 1 WHERE site = %s", (site,))

        thread = threading.Thread(target=beat, daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop_event.set()
            thread.join()
        other.execute("UPDATE collector_leases SET holder = NULL WHERE site = %s", (site,))
