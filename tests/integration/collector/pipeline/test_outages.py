"""The collector while the database, the broker or the spool is not what it should be."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import CollectorMode, Settings
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.live_snapshot import LinkStatus, MessageCounts, Role
from tests.support.collector.numbered_messages import plant_settings, publish_numbered, stored_numbers
from tests.support.collector.running_collector import in_mode, number_messages, run_in_threads
from tests.support.polling import wait_until


@pytest.fixture
def settings(mosquitto: EmbeddedBroker, own_postgres: EmbeddedPostgres, tmp_path: Path) -> Settings:
    return plant_settings(mosquitto.settings, own_postgres.dsn, tmp_path)


def test_collecting_goes_on_into_the_spool_and_from_there(
    settings: Settings, own_postgres: EmbeddedPostgres
) -> None:
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.ready)
        own_postgres.kill()
        publish_numbered(settings.mqtt, number_messages(0, 100))
        wait_until(lambda: plant.books == MessageCounts(received=100, spooled=100))
        wait_until(lambda: plant.picture.database.status is LinkStatus.DOWN)
        assert plant.role is Role.COLLECTOR
        wait_until(lambda: len(plant.picture.doses) == 50)  # shown a little after it is counted
        own_postgres.restart()
        wait_until(lambda: plant.books == MessageCounts(received=100, stored=100))
        wait_until(lambda: plant.ready)


def test_a_process_that_never_collected_only_watches_and_says_so(
    settings: Settings, own_postgres: EmbeddedPostgres
) -> None:
    own_postgres.stop()
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.listening and "Leader election unavailable" in plant.picture.notice)
        assert plant.role is Role.UNDECIDED
        publish_numbered(settings.mqtt, number_messages(0, 4))
        wait_until(lambda: len(plant.picture.doses) == 2)
        assert plant.books == MessageCounts()
        own_postgres.start()
        wait_until(lambda: plant.ready and plant.picture.notice == "")


def test_the_machine_that_was_the_last_to_collect_goes_on(
    settings: Settings, own_postgres: EmbeddedPostgres
) -> None:
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.ready)
    own_postgres.stop()
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.role is Role.COLLECTOR)
        wait_until(lambda: plant.listening)
        publish_numbered(settings.mqtt, number_messages(0, 4))
        wait_until(lambda: plant.books == MessageCounts(received=4, spooled=4))
        own_postgres.start()
        wait_until(lambda: plant.books == MessageCounts(received=4, stored=4))


def test_always_collects_with_nothing_there_at_all(
    mosquitto: EmbeddedBroker, empty_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    """Not even the schema, once the database is there."""
    empty_postgres.stop()
    mosquitto.stop()
    settings = plant_settings(mosquitto.settings, empty_postgres.dsn, tmp_path)
    settings = in_mode(settings, CollectorMode.ALWAYS)
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.role is Role.COLLECTOR)
        wait_until(
            lambda: (
                plant.picture.database.status is LinkStatus.DOWN
                and plant.picture.broker.status is LinkStatus.DOWN
            )
        )
        mosquitto.start()
        wait_until(lambda: plant.listening)
        publish_numbered(settings.mqtt, number_messages(0, 4))
        wait_until(lambda: plant.books == MessageCounts(received=4, spooled=4))
        empty_postgres.start()
        wait_until(lambda: plant.books == MessageCounts(received=4, stored=4))


def test_a_full_spool_leaves_the_rest_with_the_broker_and_recovers_by_itself(
    settings: Settings, own_postgres: EmbeddedPostgres
) -> None:
    count = 8_000
    settings = replace(settings, collector=replace(settings.collector, spool_max_mb=1))
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.ready)
        own_postgres.stop()
        publish_numbered(settings.mqtt, number_messages(0, count))
        wait_until(lambda: "is full" in plant.picture.notice)
        wait_until(lambda: plant.listening)  # to look on
        assert plant.books.received == plant.books.spooled < count
        own_postgres.start()
        wait_until(lambda: plant.books.stored == count)
        assert plant.books.is_reconciled
        wait_until(lambda: plant.picture.notice == "")
    assert stored_numbers(settings.database.dsn) == dict.fromkeys(range(count), 1)


def test_a_wrong_password_is_said_in_one_sentence_and_waited_out(settings: Settings) -> None:
    settings = replace(
        settings,
        collector=replace(settings.collector, mode=CollectorMode.ALWAYS),
        database=replace(settings.database, dsn=settings.database.dsn.replace("dosing", "nobody")),
    )
    with run_in_threads(settings) as plant:
        wait_until(lambda: plant.picture.database.status is LinkStatus.DOWN)
        wait_until(lambda: "nobody" in plant.picture.database.reason)
        publish_numbered(settings.mqtt, number_messages(0, 1))
        wait_until(lambda: plant.listening)
