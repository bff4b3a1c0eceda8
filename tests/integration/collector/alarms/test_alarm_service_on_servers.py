"""Alarms on real servers: seen by every console within seconds, agreed on, and the same after a kill -9."""

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from msgspec import structs
from msgspec.structs import replace

from dosing_tui.collector.alarms import alarm_service, offline_commands
from dosing_tui.collector.alarms.journal_outbox import FILE_NAME
from dosing_tui.collector.alarms.offline_commands import OfflineCommands
from dosing_tui.collector.context.local_state import get_spool_folder
from dosing_tui.config.settings import CollectorMode, Settings
from dosing_tui.database.alarms import journal
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.domain.alarms import operator_commands
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmState, AlarmStateName, JournalEntry
from dosing_tui.domain.alarms.operator_commands import CommandContext
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot
from dosing_tui.errors import SpoolError
from dosing_tui.mqtt.publisher import Publisher
from tests.support.collector.numbered_messages import plant_settings, run_collector
from tests.support.collector.running_collector import Running, in_mode, run_in_threads
from tests.support.database.stored_journal import read_journal
from tests.support.domain.alarm_entries import ANNA
from tests.support.polling import wait_until

RULES = ("STOCK_LOW", "DOSE_GROSS")


@contextmanager
def connect_station(settings: Settings) -> Iterator[Publisher]:
    publisher = Publisher(settings.mqtt, client_id="station")
    publisher.start()
    yield publisher
    publisher.stop()


def say_level(station: Publisher, settings: Settings, percent: float) -> None:
    said = {
        "device_id": "dosing_system_01",
        "chemical": "T-12",
        "remaining_g": percent * 100,
        "capacity_g": 10_000,
    }
    assert station.publish_message(settings.mqtt.topics[2], json.dumps(said).encode(), 1)


def say_dose(station: Publisher, settings: Settings, error_g: float) -> None:
    said = {
        "device_id": "dosing_system_01", "pump": 2, "chemical": "T-12", "target_g": 40,
        "actual_g": 40 + error_g, "error_g": error_g, "recipe": "CU-85", "mode": "CATALYST",
        "timestamp": int(time.time()),
    }  # fmt: skip
    assert station.publish_message(settings.mqtt.topics[0], json.dumps(said).encode(), 1)


def list_shown_states(this: Running) -> dict[str, AlarmStateName]:
    """The rules of this plant, as the process shows them."""
    found: AlarmSnapshot | None = this.picture.alarms
    views = found.annunciated_alarms if found else ()
    return {view.state.key.rule: view.state.state_name for view in views if view.state.key.rule in RULES}


def count_unacknowledged(this: Running) -> int:
    found = this.picture.alarms
    return found.unacknowledged_count if found else 0


def is_following(this: Running) -> bool:
    return this.listening and this.picture.alarms is not None and this.picture.alarms.is_journal_live


def read_entries(settings: Settings) -> list[JournalEntry]:
    return [entry for entry in read_journal(settings) if entry.key.rule in RULES]


def find_state(this: Running, rule: str) -> AlarmState:
    assert this.picture.alarms is not None
    return next(view.state for view in this.picture.alarms.annunciated_alarms if view.state.key.rule == rule)


def shows_journaled_alarms(this: Running, settings: Settings) -> bool:
    """It shows what is in the journal, not only what it has found itself: its answer is to that."""
    raised = {one.key.rule: one.uuid for one in read_entries(settings) if one.event is AlarmEvent.RAISE}
    shown = list_shown_states(this)
    return shown.keys() == raised.keys() and all(
        find_state(this, rule).occurrence == occurrence for rule, occurrence in raised.items()
    )


def acknowledge_alarm(settings: Settings, of: AlarmState) -> None:
    journal.enter_actions(
        settings, [operator_commands.acknowledge_alarm(of, CommandContext(ANNA, datetime.now(UTC)))]
    )


def test_an_alarm_and_its_acknowledgement_are_seen_by_every_console(settings: Settings) -> None:
    viewer = in_mode(settings, CollectorMode.NEVER)
    with (
        run_in_threads(settings) as collector,
        run_in_threads(viewer) as one,
        run_in_threads(viewer) as other,
    ):
        everybody = (collector, one, other)
        wait_until(lambda: collector.ready and all(is_following(this) for this in everybody))
        with connect_station(settings) as plant:
            say_level(plant, settings, 19.9)
            wait_until(
                lambda: (
                    [list_shown_states(this) for this in everybody]
                    == [{"STOCK_LOW": AlarmStateName.UNACK}] * 3
                ),
                timeout=3,
            )
            wait_until(lambda: all(shows_journaled_alarms(this, settings) for this in everybody))
        acknowledge_alarm(settings, find_state(one, "STOCK_LOW"))
        wait_until(
            lambda: (
                [list_shown_states(this) for this in everybody] == [{"STOCK_LOW": AlarmStateName.ACKED}] * 3
            ),
            timeout=3,
        )
        assert find_state(other, "STOCK_LOW").acked_by.name == "Anna"
    assert [entry.event for entry in read_entries(settings)] == [AlarmEvent.RAISE, AlarmEvent.ACKNOWLEDGE]


def test_after_kill_9_the_alarms_and_acknowledgements_are_the_same(
    settings: Settings, tmp_path: Path
) -> None:
    with (
        run_in_threads(in_mode(settings, CollectorMode.NEVER)) as console,
        connect_station(settings) as plant,
    ):
        with run_collector(settings, tmp_path) as collector:
            wait_until(lambda: is_following(console) and "The broker is connected." in collector.log)
            say_level(plant, settings, 19.9)
            say_dose(plant, settings, 3.0)
            wait_until(lambda: len(read_entries(settings)) == 2 and shows_journaled_alarms(console, settings))
            acknowledge_alarm(settings, find_state(console, "STOCK_LOW"))
            collector.kill()
        before = read_entries(settings)
        with run_in_threads(settings) as again:
            expected = {"STOCK_LOW": AlarmStateName.ACKED, "DOSE_GROSS": AlarmStateName.UNACK}
            wait_until(lambda: again.ready and is_following(again) and list_shown_states(again) == expected)
            say_level(plant, settings, 19.8)
            wait_until(lambda: again.books.spooled == 0 and again.books.stored >= 3)
            wait_until(lambda: list_shown_states(again) == list_shown_states(console) == expected)
            assert read_entries(settings) == before


@pytest.fixture
def own_plant(mosquitto: EmbeddedBroker, own_postgres: EmbeddedPostgres, tmp_path: Path) -> Settings:
    return plant_settings(mosquitto.settings, own_postgres.dsn, tmp_path)


def test_without_the_database_alarms_show_and_are_journaled_later_once(
    own_plant: Settings, own_postgres: EmbeddedPostgres
) -> None:
    viewer = in_mode(own_plant, CollectorMode.NEVER)
    with (
        run_in_threads(own_plant) as collector,
        run_in_threads(viewer) as console,
        connect_station(own_plant) as plant,
    ):
        wait_until(lambda: collector.ready and is_following(collector) and is_following(console))
        own_postgres.kill()
        wait_until(lambda: not is_following(collector) and not is_following(console))
        say_level(plant, own_plant, 19.9)
        wait_until(
            lambda: (
                list_shown_states(collector)
                == list_shown_states(console)
                == {"STOCK_LOW": AlarmStateName.UNACK}
            ),
            timeout=3,
        )
        own_postgres.restart()
        wait_until(
            lambda: is_following(collector) and is_following(console) and len(read_entries(own_plant)) == 1
        )
        wait_until(
            lambda: (
                list_shown_states(collector)
                == list_shown_states(console)
                == {"STOCK_LOW": AlarmStateName.UNACK}
            )
        )
        assert read_entries(own_plant)[0].message == "Low inventory: T-12 at 19.9 %"


def test_what_a_dead_collector_had_not_journaled_is_journaled_by_the_next_one(
    own_plant: Settings, own_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    with run_collector(own_plant, tmp_path) as collector, connect_station(own_plant) as plant:
        wait_until(
            lambda: (
                "The broker is connected." in collector.log and "The database is connected." in collector.log
            )
        )
        own_postgres.kill()
        say_level(plant, own_plant, 19.9)
        wait_until(lambda: _is_on_disk(own_plant))
        collector.kill()
    own_postgres.restart()
    with run_in_threads(own_plant):
        wait_until(lambda: len(read_entries(own_plant)) == 1)


def test_what_an_operator_does_without_the_database_counts_at_once_and_is_journaled_once(
    own_plant: Settings, own_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    viewer = in_mode(own_plant, CollectorMode.NEVER)
    with run_in_threads(viewer) as console, connect_station(own_plant) as plant:
        with run_collector(own_plant, tmp_path) as collector:
            wait_until(lambda: is_following(console) and "The broker is connected." in collector.log)
            say_level(plant, own_plant, 19.9)
            wait_until(
                lambda: (
                    list_shown_states(console) == {"STOCK_LOW": AlarmStateName.UNACK}
                    and shows_journaled_alarms(console, own_plant)
                )
            )
            own_postgres.kill()
            wait_until(lambda: not is_following(console))
            asked = operator_commands.acknowledge_alarm(
                find_state(console, "STOCK_LOW"), CommandContext(ANNA, datetime.now(UTC))
            )
            offline_commands.store_commands(own_plant, [asked])
            wait_until(lambda: list_shown_states(console) == {"STOCK_LOW": AlarmStateName.ACKED})
            assert console.picture.alarms is not None
            assert console.picture.alarms.pending_command_count == 1
            collector.kill()
        with pytest.raises(SpoolError, match="No process of this machine collects"):
            offline_commands.store_commands(own_plant, [asked])
        with run_collector(own_plant, tmp_path) as again:
            wait_until(lambda: "This process collects for the site." in again.log)
            offline_commands.store_commands(
                own_plant, [asked]
            )  # a console that did not hear whether it was taken
            own_postgres.restart()
            wait_until(lambda: is_following(console) and len(read_entries(own_plant)) == 2)
            wait_until(lambda: not OfflineCommands(get_spool_folder(own_plant)).read_new())
            told = read_entries(own_plant)[1]
            # not under the role of the collector, which brought it
            assert structs.replace(told, id=0) == structs.replace(asked, who=ANNA, offline=True)
            wait_until(lambda: list_shown_states(console) == {"STOCK_LOW": AlarmStateName.ACKED})
        assert len(read_entries(own_plant)) == 2


def test_a_collector_that_begins_at_a_checkpoint_shows_the_same(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alarm_service, "CHECKPOINT_INTERVAL", 1)
    with run_in_threads(settings) as collector, connect_station(settings) as plant:
        wait_until(lambda: collector.ready and is_following(collector))
        say_level(plant, settings, 19.9)
        say_dose(plant, settings, 3.0)
        wait_until(lambda: len(read_entries(settings)) == 2 and shows_journaled_alarms(collector, settings))
        acknowledge_alarm(settings, find_state(collector, "STOCK_LOW"))
        expected = {"STOCK_LOW": AlarmStateName.ACKED, "DOSE_GROSS": AlarmStateName.UNACK}
        wait_until(lambda: list_shown_states(collector) == expected)
        wait_until(lambda: read_checkpoint_id(settings) == read_journal(settings)[-1].id)
        before = [find_state(collector, rule) for rule in RULES]
    with run_in_threads(settings) as again:
        wait_until(lambda: again.ready and is_following(again) and list_shown_states(again) == expected)
        wait_until(lambda: [find_state(again, rule) for rule in RULES] == before)


def read_checkpoint_id(settings: Settings) -> int:
    with psycopg.connect(settings.database.dsn) as session:
        row = session.execute("SELECT last_id FROM alarm_checkpoints").fetchone()
    return row[0] if row else 0


def _is_on_disk(settings: Settings) -> bool:
    """The entry is committed on the disk."""
    file = get_spool_folder(settings) / FILE_NAME
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as sql:
        found = sql.execute("SELECT count(*) FROM entries WHERE entry LIKE '%Low inventory%'").fetchone()
    return bool(found[0])


def test_an_alarm_raised_before_the_picture_was_asked_for_has_its_time(settings: Settings) -> None:
    with run_in_threads(replace(settings)) as collector, connect_station(settings) as plant:
        wait_until(lambda: collector.ready and is_following(collector))
        began = datetime.now(UTC)
        say_dose(plant, settings, 3.0)
        wait_until(lambda: list_shown_states(collector) == {"DOSE_GROSS": AlarmStateName.UNACK})
        raised_at = find_state(collector, "DOSE_GROSS").raised_at
        assert raised_at is not None
        assert began <= raised_at <= datetime.now(UTC)


def test_a_flood_of_500_alarms_is_journaled_and_reported_as_one(settings: Settings) -> None:
    with run_in_threads(settings) as collector, connect_station(settings) as plant:
        wait_until(lambda: collector.ready and is_following(collector))
        for number in range(500):
            said = {
                "device_id": "flood",
                "chemical": f"C-{number}",
                "remaining_g": 1900,
                "capacity_g": 10_000,
            }
            assert plant.publish_message(settings.mqtt.topics[2], json.dumps(said).encode(), 1)
        wait_until(lambda: len(read_entries(settings)) == 500)
        wait_until(lambda: count_unacknowledged(collector) == 500)
        picture = collector.picture.alarms
        assert picture is not None
        assert (picture.is_flood, picture.unacknowledged_count, picture.recent_raise_count) == (
            True,
            500,
            500,
        )
