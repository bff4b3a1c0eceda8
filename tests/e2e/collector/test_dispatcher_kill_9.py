"""A collector that is killed with alarms active tells nobody twice, and forgets neither alarm nor answer."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from dosing_tui.config.notification_channel import NotificationSettings
from dosing_tui.config.settings import Settings
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.domain.alarms.journal_projection import JournalProjection, fold_entries
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmKey, AlarmStateName
from tests.integration.collector.alarms.test_alarm_service_on_servers import (
    acknowledge_alarm,
    connect_station,
    is_following,
    say_dose,
    say_level,
)
from tests.support.collector.numbered_messages import CollectorProcess, plant_settings, run_collector
from tests.support.collector.running_collector import run_in_threads
from tests.support.database.schema_inspection import fetch_rows
from tests.support.database.stored_journal import read_journal
from tests.support.notifiers.message_receivers import HANG, WebServer, web_server
from tests.support.polling import wait_until

SILENT = ("dosing_system_02", "dosing_system_03")

FATES = """
SELECT j.rule, n.fate FROM alarm_notifications AS n JOIN alarm_journal AS j ON j.id = n.journal_id
"""


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    with web_server() as server:
        monkeypatch.setenv("DOSING_NOTIFICATIONS_SHIFT_URL", server.url)
        yield server


@pytest.fixture
def notifying(settings: Settings, web: WebServer) -> Settings:
    channel = NotificationSettings(name="shift", url=web.url, on=("raise", "return"), timeout_s=30.0)
    return replace(settings, notifications=(channel,))


def has_dispatcher(settings: Settings) -> bool:
    """A collector tells from now on."""
    return bool(fetch_rows(settings.database.dsn, "SELECT 1 FROM alarm_notification_channels"))


def read_deliveries(settings: Settings) -> set[tuple[object, ...]]:
    return set(fetch_rows(settings.database.dsn, FATES))


def list_notified_rules(web: WebServer) -> list[str]:
    return [one.content["alarms"][0]["rule"] for one in web.posted]


def read_alarm_states(settings: Settings) -> dict[str, AlarmStateName]:
    return {state.key.rule: state.state_name for state in fold_entries(read_journal(settings)).values()}


def of_stations(settings: Settings) -> list[tuple[str, AlarmEvent]]:
    entries = read_journal(settings)
    return [(entry.key.device, entry.event) for entry in entries if entry.key.rule == "DEVICE_OFFLINE"]


def is_connected(collector: CollectorProcess) -> bool:
    return all(f"The {one} is connected." in collector.log for one in ("broker", "database"))


def test_after_a_kill_the_alarms_are_the_same_and_nobody_is_notified_again(
    notifying: Settings, web: WebServer, tmp_path: Path
) -> None:
    with run_collector(notifying, tmp_path) as collector, connect_station(notifying) as plant:
        wait_until(lambda: is_connected(collector) and has_dispatcher(notifying))
        say_level(plant, notifying, 19.9)
        wait_until(lambda: read_deliveries(notifying) == {("STOCK_LOW", "sent")})
        acknowledge_alarm(notifying, fold_entries(read_journal(notifying)).popitem()[1])
        web.answers = [HANG]
        say_dose(plant, notifying, 3.0)
        wait_until(lambda: list_notified_rules(web) == ["STOCK_LOW", "DOSE_GROSS"])
        collector.kill()  # while the server has the message, and has not answered
        before = read_alarm_states(notifying)
        assert before == {"STOCK_LOW": AlarmStateName.ACKED, "DOSE_GROSS": AlarmStateName.UNACK}
        with run_collector(notifying, tmp_path) as again:
            wait_until(lambda: is_connected(again))
            say_level(plant, notifying, 19.8)
            say_level(plant, notifying, 4.0)  # the next alarm shows that what was before has had its turn
            wait_until(
                lambda: (
                    len(list_notified_rules(web)) == 4
                    and ("STOCK_CRITICAL", "sent") in read_deliveries(notifying)
                )
            )
            assert again.end_gracefully() == 0
    occasions = [(one.content["alarms"][0]["rule"], one.content["occasion"]) for one in web.posted]
    assert occasions[:2] == [("STOCK_LOW", "raise"), ("DOSE_GROSS", "raise")]
    # the tank that is nearly empty hides that it is low
    assert sorted(occasions[2:]) == [("STOCK_CRITICAL", "raise"), ("STOCK_LOW", "hidden")]
    assert read_deliveries(notifying) >= {("STOCK_LOW", "sent"), ("DOSE_GROSS", "claimed")}
    after = read_alarm_states(notifying)
    assert after["DOSE_GROSS"] is AlarmStateName.UNACK
    # one that was raised before the journal was heard is in it, and changes nothing
    raised = [
        effect.entry.key.rule
        for effect in JournalProjection().apply_committed(read_journal(notifying))
        if effect.is_new_occurrence
    ]
    assert raised == ["STOCK_LOW", "DOSE_GROSS", "STOCK_CRITICAL"]


def test_a_restart_while_the_database_is_down_ends_no_alarm_and_notifies_nobody_again(
    mosquitto: EmbeddedBroker, own_postgres: EmbeddedPostgres, web: WebServer, tmp_path: Path
) -> None:
    site = plant_settings(mosquitto.settings, own_postgres.dsn, tmp_path)
    channel = NotificationSettings(name="shift", url=web.url, on=("raise", "return"))
    six_seconds = replace(site.alarms, offline_minutes=0.1)
    notifying = replace(
        site, notifications=(channel,), alarms=six_seconds, plant=replace(site.plant, devices=SILENT[:1])
    )
    with run_collector(notifying, tmp_path) as collector:
        wait_until(lambda: is_connected(collector) and has_dispatcher(notifying))
        wait_until(lambda: read_deliveries(notifying) == {("DEVICE_OFFLINE", "sent")})
        acknowledge_alarm(notifying, fold_entries(read_journal(notifying)).popitem()[1])
        collector.kill()
    own_postgres.kill()
    # one more that is silent shows that the rules have looked at the first again
    with run_in_threads(replace(notifying, plant=replace(notifying.plant, devices=SILENT))) as again:
        wait_until(lambda: again.listening and again.picture.alarms is not None)
        assert not is_following(again)
        own_postgres.restart()
        wait_until(lambda: len(web.posted) > 1 and (SILENT[1], AlarmEvent.RAISE) in of_stations(notifying))
    assert of_stations(notifying) == [
        (SILENT[0], AlarmEvent.RAISE), (SILENT[0], AlarmEvent.ACKNOWLEDGE), (SILENT[1], AlarmEvent.RAISE),
    ]  # fmt: skip
    acknowledged = fold_entries(read_journal(notifying))[AlarmKey("DEVICE_OFFLINE", SILENT[0])]
    assert (acknowledged.state_name, acknowledged.acked_by.name) == (AlarmStateName.ACKED, "Anna")
    said = [(one.content["alarms"][0]["tag"], one.content["occasion"]) for one in web.posted]
    assert said == [(f"DEVICE_OFFLINE/{device}", "raise") for device in SILENT]


def test_a_server_that_hangs_delays_neither_readings_nor_alarms_nor_the_end(
    notifying: Settings, web: WebServer, tmp_path: Path
) -> None:
    web.answers = [HANG]
    with run_collector(notifying, tmp_path) as collector, connect_station(notifying) as plant:
        wait_until(lambda: is_connected(collector) and has_dispatcher(notifying))
        say_level(plant, notifying, 19.9)
        wait_until(lambda: web.posted)
        say_dose(plant, notifying, 3.0)
        wait_until(lambda: "DOSE_GROSS" in read_alarm_states(notifying))
        wait_until(lambda: fetch_rows(notifying.database.dsn, "SELECT 1 FROM dosing_consumption"))
        wait_until(lambda: ("DOSE_GROSS", "waiting") in read_deliveries(notifying))
        assert collector.end_gracefully() == 0
    assert read_deliveries(notifying) == {("STOCK_LOW", "unknown"), ("DOSE_GROSS", "waiting")}
    with run_collector(notifying, tmp_path) as again:  # what was under way at the clean end is not sent again
        wait_until(lambda: ("DOSE_GROSS", "sent") in read_deliveries(notifying))
        assert again.end_gracefully() == 0
    assert list_notified_rules(web) == ["STOCK_LOW", "DOSE_GROSS"]


def test_a_standby_that_takes_over_sends_nothing_that_the_dead_leader_has_sent(
    notifying: Settings, web: WebServer, tmp_path: Path
) -> None:
    folder = tmp_path / "standby"
    folder.mkdir()
    elsewhere = replace(notifying, collector=replace(notifying.collector, spool_dir=str(folder)))
    with run_collector(notifying, tmp_path) as leader, connect_station(notifying) as plant:
        wait_until(lambda: is_connected(leader) and has_dispatcher(notifying))
        with run_collector(elsewhere, folder) as standby:
            wait_until(lambda: "this one stands by" in standby.log)
            say_level(plant, notifying, 19.9)
            wait_until(lambda: read_deliveries(notifying) == {("STOCK_LOW", "sent")})
            web.answers = [HANG]
            say_dose(plant, notifying, 3.0)
            wait_until(lambda: list_notified_rules(web) == ["STOCK_LOW", "DOSE_GROSS"])
            leader.kill()  # while the server has a message, and has not answered
            say_dose(plant, notifying, 1.9)  # nobody collects now: the next leader finds it at the broker
            wait_until(lambda: "This process collects for the site." in standby.log)
            wait_until(lambda: ("DOSE_OUT_OF_TOL", "sent") in read_deliveries(notifying))
            say_level(plant, notifying, 4.0)
            wait_until(
                lambda: (
                    len(list_notified_rules(web)) == 5
                    and ("STOCK_CRITICAL", "sent") in read_deliveries(notifying)
                )
            )
            assert standby.end_gracefully() == 0
    said = sorted((one.content["alarms"][0]["rule"], one.content["occasion"]) for one in web.posted)
    assert said == [
        ("DOSE_GROSS", "raise"), ("DOSE_OUT_OF_TOL", "raise"), ("STOCK_CRITICAL", "raise"),
        ("STOCK_LOW", "hidden"), ("STOCK_LOW", "raise"),
    ]  # fmt: skip
    assert len({one.headers["Idempotency-Key"] for one in web.posted}) == len(web.posted)
    # the standby had found the same alarms: none of them is in the journal twice
    raised = [
        effect.entry.key.rule
        for effect in JournalProjection().apply_committed(read_journal(notifying))
        if effect.is_new_occurrence
    ]
    assert sorted(raised) == ["DOSE_GROSS", "DOSE_OUT_OF_TOL", "STOCK_CRITICAL", "STOCK_LOW"]
