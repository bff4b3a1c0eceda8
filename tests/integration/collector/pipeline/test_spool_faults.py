"""The collector with a damaged spool, and with a full disk."""

import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest
from msgspec.structs import replace

from dosing_tui.collector.alarms.journal_outbox import open_outbox
from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.collector.context.local_state import get_spool_folder
from dosing_tui.collector.leader import Leader
from dosing_tui.collector.spool.redelivery_filter import MessageFingerprint
from dosing_tui.collector.spool.spool import ParsedMessage, Spool
from dosing_tui.config.settings import Settings
from dosing_tui.database.reading_writer import WriteProgress
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.domain.alarms.models import AlarmEvent
from dosing_tui.errors import SpoolError
from dosing_tui.live_snapshot import DatabasePart, MessageCounts, Role
from tests.support.collector.numbered_messages import plant_settings, publish_numbered, stored_numbers
from tests.support.collector.parsed_items import NOON, numbered_dose
from tests.support.collector.running_collector import number_messages, run_in_threads
from tests.support.database.schema_inspection import fetch_rows
from tests.support.domain.alarm_entries import make_entry
from tests.support.polling import wait_until

DISK_MB = 8


@pytest.fixture
def own_plant(mosquitto: EmbeddedBroker, own_postgres: EmbeddedPostgres, tmp_path: Path) -> Settings:
    return plant_settings(mosquitto.settings, own_postgres.dsn, tmp_path)


def test_flipped_digits_are_rejected_with_their_bytes_and_the_rest_is_stored(
    own_plant: Settings, own_postgres: EmbeddedPostgres
) -> None:
    with run_in_threads(own_plant) as plant:
        wait_until(lambda: plant.ready)
        own_postgres.stop()
        publish_numbered(own_plant.mqtt, number_messages(0, 20))
        wait_until(lambda: plant.books.spooled == 20)
    with closing(sqlite3.connect(get_spool_folder(own_plant) / "spool.sqlite")) as sql, sql:
        sql.execute(
            "UPDATE spool SET units = CAST(replace(CAST(units AS TEXT), '40.15', '90.15') AS BLOB)"
            " WHERE CAST(units AS TEXT) LIKE '%,8,%' AND CAST(units AS TEXT) LIKE '%40.15%'"
        )
    with run_in_threads(own_plant) as plant:
        own_postgres.start()
        wait_until(lambda: plant.books == MessageCounts(received=20, stored=19, rejected=1))
        wait_until(lambda: "of the spool is damaged" in plant.picture.notice)
    assert set(range(20)) - set(stored_numbers(own_plant.database.dsn)) == {8}
    ((record, reason),) = fetch_rows(own_plant.database.dsn, "SELECT record, reason FROM rejected_messages")
    assert b"90.15" in bytes(record)
    assert str(reason).startswith("damaged in the spool")


def test_a_spool_damaged_while_it_is_in_use_costs_its_page_and_collecting_goes_on(
    own_plant: Settings, own_postgres: EmbeddedPostgres
) -> None:
    count = 3_000
    with run_in_threads(own_plant) as plant:
        wait_until(lambda: plant.ready)
        own_postgres.stop()
        publish_numbered(own_plant.mqtt, number_messages(0, count))
        wait_until(lambda: plant.books.spooled == count)
    with run_in_threads(own_plant) as plant:
        wait_until(lambda: plant.role is Role.COLLECTOR)
        file = get_spool_folder(own_plant) / "spool.sqlite"
        with file.open("r+b") as stream:
            stream.seek(file.stat().st_size // 2 // 4096 * 4096)
            stream.write(b"\xa5" * 4096)
        own_postgres.start()
        wait_until(lambda: len(stored_numbers(own_plant.database.dsn)) > count - 100, timeout=60)
        wait_until(lambda: plant.ready)
        publish_numbered(own_plant.mqtt, number_messages(count, count + 10))
        wait_until(
            lambda: stored_numbers(own_plant.database.dsn).keys() >= set(range(count, count + 10)), timeout=30
        )
        wait_until(lambda: plant.books.is_reconciled and not plant.books.spooled)
    assert max(stored_numbers(own_plant.database.dsn).values()) == 1


@pytest.fixture
def small_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A disk of its own, of DISK_MB or of so many MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    size = getattr(request, "param", DISK_MB)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}m", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root can mount a disk")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill_disk(folder: Path) -> Path:
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as stream:
        try:
            while True:
                stream.write(bytes(4096))
        except OSError:
            pass
    return ballast


def test_a_full_disk_heals_by_itself_and_nothing_is_lost(settings: Settings, small_disk: Path) -> None:
    small = replace(settings, collector=replace(settings.collector, spool_dir=str(small_disk)))
    with run_in_threads(small) as plant:
        wait_until(lambda: plant.ready)
        publish_numbered(settings.mqtt, number_messages(0, 100))
        wait_until(lambda: plant.books.stored == 100)
        ballast = fill_disk(small_disk)
        publish_numbered(settings.mqtt, number_messages(100, 3_000))
        wait_until(lambda: "No room" in plant.picture.notice or "is full" in plant.picture.notice)
        ballast.unlink()
        wait_until(lambda: stored_numbers(settings.database.dsn).total() == 3_000, timeout=60)
        wait_until(lambda: plant.ready and plant.picture.notice == "")
    assert stored_numbers(settings.database.dsn) == dict.fromkeys(range(3_000), 1)


def test_a_site_whose_only_machine_has_no_room_is_shown_without_a_collector(
    settings: Settings, small_disk: Path
) -> None:
    small = replace(settings, collector=replace(settings.collector, spool_dir=str(small_disk)))
    ballast = fill_disk(small_disk)
    with run_in_threads(small) as plant:
        wait_until(
            lambda: [fault.part for fault in plant.picture.database_faults] == [DatabasePart.COLLECTOR]
        )
        assert "Messages wait at the broker" in plant.picture.database_faults[0].sentence
        ballast.unlink()
        wait_until(lambda: plant.ready and not plant.picture.database_faults, timeout=60)


def test_a_leader_whose_disk_is_full_leaves_collecting_to_another_machine(
    settings: Settings, small_disk: Path, tmp_path: Path
) -> None:
    small = replace(settings, collector=replace(settings.collector, spool_dir=str(small_disk)))
    elsewhere = replace(settings, collector=replace(settings.collector, spool_dir=str(tmp_path / "other")))
    with run_in_threads(small) as first:
        wait_until(lambda: first.ready)
        with run_in_threads(elsewhere) as second:
            wait_until(lambda: second.role is Role.STANDBY)
            fill_disk(small_disk)
            publish_numbered(settings.mqtt, number_messages(0, 1_000))
            wait_until(lambda: second.role is Role.COLLECTOR, timeout=60)
            wait_until(lambda: stored_numbers(settings.database.dsn).total() >= 1_000, timeout=60)
            wait_until(lambda: first.role is not Role.COLLECTOR)
    stored = stored_numbers(settings.database.dsn)
    assert stored.keys() == set(range(1_000))
    assert {number for number, times in stored.items() if times > 1 and number % 4 != 3} == set()


def test_nothing_of_a_full_disk_is_set_aside_and_all_of_it_is_read_later(small_disk: Path) -> None:
    outbox = open_outbox(small_disk, print)
    raised = make_entry(AlarmEvent.RAISE)
    outbox.put_entries([raised])
    outbox.close()
    ballast = fill_disk(small_disk)
    said: list[str] = []
    for _ in range(3):
        with suppress(SpoolError):  # an error of another class would leave the leader elected
            Spool(small_disk, max_mb=8, publish_counts=lambda counts: None).close()
        with suppress(SpoolError):
            open_outbox(small_disk, said.append).close()
    assert said == []
    ballast.unlink()
    outbox = open_outbox(small_disk, said.append)
    assert [entry.uuid for _, entry in outbox.list_pending()] == [raised.uuid]
    outbox.close()


def test_who_is_elected_and_cannot_start_leaves_collecting_to_another(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the reason is unforeseen."""
    elsewhere = replace(settings, collector=replace(settings.collector, spool_dir=str(tmp_path / "other")))

    start = Leader.__init__

    def start_or_fail(self: Leader, context: CollectorContext) -> None:
        if context.settings is settings:
            raise OSError("unforeseen")
        start(self, context)

    monkeypatch.setattr(Leader, "__init__", start_or_fail)
    with run_in_threads(settings) as broken:
        wait_until(lambda: "collector" in broken.picture.failed_threads)
        with run_in_threads(elsewhere) as second:
            wait_until(lambda: second.ready)


@pytest.mark.parametrize("small_disk", [24], indirect=True)
def test_a_disk_filled_by_the_spool_itself_is_emptied_once_the_database_answers(small_disk: Path) -> None:
    """SQLite cannot delete rows on a full disk: the space for it was set aside."""
    spool = Spool(small_disk / "spool", max_mb=2048, publish_counts=lambda counts: None)
    number = 0

    def append_chunk() -> None:
        nonlocal number
        chunk = [
            ParsedMessage((numbered_dose(each),), MessageFingerprint(each, b"%032d" % each, NOON, 1))
            for each in range(number, number + 500)
        ]
        spool.append_messages(chunk, expire_before=number)
        number += 500

    def fill_spool() -> None:
        for _ in range(10_000):
            append_chunk()

    with pytest.raises(SpoolError, match="is full"):
        fill_spool()
    assert not spool.has_room()
    while rows := spool.read_chunk(500):
        spool.confirm_progress(WriteProgress(last_seq=rows[-1][0], stored=rows[-1][0]))
    assert spool.counts.spooled == 0
    assert spool.has_room()
    append_chunk()
    spool.close()
