"""What people tell of tanks and recipes reaches the collector's alarms, over the database."""

import json
import time
from datetime import UTC, datetime, timedelta
from functools import partial
from uuid import uuid4

import pytest
from msgspec import structs
from msgspec.structs import replace

from dosing_tui.cli import alarm_actions
from dosing_tui.collector.alarms import rules_watch, stock_watch
from dosing_tui.config.sections.pump_settings import PumpSettings
from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms import journal
from dosing_tui.database.batches.master_recipes import import_recipes
from dosing_tui.database.materials.ledger_entries import list_materials
from dosing_tui.database.pumps.service_log import enter_service
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.domain.alarm_rules import tank_rules
from dosing_tui.domain.alarms.models import AlarmEvent
from dosing_tui.domain.alarms.operator_commands import CommandContext
from dosing_tui.domain.alarms.tank_refill import create_material_entries
from dosing_tui.domain.batches.master_recipe import MasterIngredient, MasterRecipe
from dosing_tui.domain.capability.service_log import ServiceDraft, ServiceKind
from tests.integration.collector.alarms.test_alarm_service_on_servers import (
    connect_station,
    is_following,
    say_dose,
    say_level,
)
from tests.support.collector.running_collector import run_in_threads
from tests.support.database.reading_samples import DOSE, LEVEL
from tests.support.database.stored_batches import write_readings
from tests.support.database.stored_journal import read_journal
from tests.support.domain.alarm_entries import ANNA
from tests.support.polling import wait_until

MASTER = MasterRecipe("CU-85", (MasterIngredient("T-9"), MasterIngredient("T-12")))


def list_raised(settings: Settings) -> dict[str, str]:
    """The tags that were raised, with their words."""
    return {one.key.tag: one.message for one in read_journal(settings) if one.event is AlarmEvent.RAISE}


def test_a_tank_that_somebody_says_is_refilled_jumps_up_without_an_alarm(settings: Settings) -> None:
    with run_in_threads(settings) as collector, connect_station(settings) as plant:
        wait_until(lambda: collector.ready and is_following(collector))
        say_level(plant, settings, 50)
        wait_until(lambda: collector.books.stored == 1)
        told = create_material_entries(
            {},
            CommandContext(ANNA, datetime.now(UTC)),
            device="dosing_system_01",
            chemical="T-12",
            words="Refilled.",
            added_g=10_000.0,
            max_duration=timedelta(hours=4),
        )
        journal.append_entries(settings, told)
        wait_until(lambda: collector.picture.alarms is not None and collector.picture.alarms.shelved)
        say_level(plant, settings, 100)
        say_level(plant, settings, 19.9)  # an alarm that shows that the jump has had its turn
        wait_until(lambda: "STOCK_LOW/dosing_system_01/T-12" in list_raised(settings))
        assert "STOCK_RESET/dosing_system_01/T-12" not in list_raised(settings)


def test_a_prime_of_4_g_is_one_ledger_row_and_no_mismatch(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(stock_watch, "POLL_INTERVAL_S", 0.2)
    monkeypatch.setattr(tank_rules, "GAP_CONFIRM_TIME", timedelta(seconds=1))
    stamp = int(time.time())
    prime = {"device_id": "dosing_system_01", "event": "prime", "pump": 2, "chemical": "t-12", "mass_g": 4}

    def say(chemical: str, grams: float) -> None:
        level = {"device_id": "dosing_system_01", "chemical": chemical, "remaining_g": grams}
        payload = json.dumps({**level, "capacity_g": 20_000, "percent_full": grams / 200}).encode()
        assert plant.publish_message(settings.mqtt.topics[2], payload, 1)

    with run_in_threads(settings) as collector, connect_station(settings) as plant:
        wait_until(lambda: collector.ready and is_following(collector))
        wait_until(lambda: "material ledger followed" in caplog.text)
        for chemical in ("T-12", "T-9"):
            say(chemical, 10_000)
        for _ in range(2):
            sent = json.dumps({**prime, "timestamp": stamp}).encode()
            assert plant.publish_message(settings.mqtt.topics[1], sent, 1)
        wait_until(lambda: collector.books.duplicates == 1)
        wait_until(lambda: "1 ledger entries applied" in caplog.text)
        for chemical in ("T-12", "T-9"):
            say(chemical, 9_996)
        wait_until(lambda: "STOCK_MISMATCH/dosing_system_01/T-9" in list_raised(settings))
        assert "STOCK_MISMATCH/dosing_system_01/T-12" not in list_raised(settings)
    (entry,) = list_materials(settings)
    assert (entry.kind, entry.mass_g, entry.chemical, entry.pump, entry.source) == (
        "prime", 4.0, "t-12", 2, "station",
    )  # fmt: skip


def test_a_tank_that_lasts_too_short_raises_the_alarm_of_the_panel(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stock_watch, "POLL_INTERVAL_S", 0.2)
    now = datetime.now(UTC)
    days = [now - timedelta(days=number) for number in (1, 2, 3)]
    doses = [
        structs.replace(DOSE, time=day, received_at=day, chemical="T-12", actual_g=1_000.0) for day in days
    ]
    level = structs.replace(
        LEVEL, device_id=DOSE.device_id, chemical="T-12", remaining_g=500.0, time=now, received_at=now
    )
    write_readings(settings.database.dsn, [*doses, level])
    limited = replace(settings, alarms=replace(settings.alarms, stock_cover_days=1.0))
    migrate_schema(limited, report=print)
    with run_in_threads(limited):
        tag = f"STOCK_COVER_LOW/{DOSE.device_id}/T-12"
        wait_until(lambda: tag in list_raised(limited))
        assert list_raised(limited)[tag] == f"T-12 lasts 0.5 production days ({DOSE.device_id})"


def test_a_batch_is_compared_with_the_master_that_was_imported(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(rules_watch, "POLL_INTERVAL_S", 0.2)
    began = datetime.now(UTC) - timedelta(hours=1)

    def say(event: str) -> None:
        said = {"device_id": "dosing_system_01", "event": event, "recipe": "CU-85", "pumps": 1}
        stamped = {**said, "timestamp": int(time.time())}
        assert plant.publish_message(settings.mqtt.topics[1], json.dumps(stamped).encode(), 1)

    with run_in_threads(settings) as collector, connect_station(settings) as plant:
        wait_until(lambda: collector.ready and is_following(collector))
        import_recipes(settings, [MASTER], who="Anna", valid_from=began)
        wait_until(lambda: "and 1 recipe versions loaded" in caplog.text)
        say("start")
        say_dose(plant, settings, 0.0)
        say("complete")
        tag = "BATCH_INGREDIENT/dosing_system_01/CU-85"
        wait_until(lambda: tag in list_raised(settings))
        assert list_raised(settings)[tag] == "Batch CU-85: T-9 is missing (dosing_system_01)"


def test_a_worn_tube_is_an_alarm_until_its_change_is_entered(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules_watch, "POLL_INTERVAL_S", 0.2)
    monkeypatch.setattr(rules_watch, "SERVICE_INTERVAL", timedelta(0))
    settings = replace(settings, pumps=PumpSettings(tube_life_g=30.0))
    tag = "TUBE_DUE/dosing_system_01/pump 2"
    with run_in_threads(settings) as collector, connect_station(settings) as plant:
        wait_until(lambda: collector.ready and is_following(collector))
        say_dose(plant, settings, 0.0)
        wait_until(lambda: tag in list_raised(settings))
        assert list_raised(settings)[tag] == (
            "Tube change is due: 40 of 30 g, none in the log (dosing_system_01, pump 2)"
        )
        changed = ServiceDraft(
            uuid4(), datetime.now(UTC), "dosing_system_01", 2, ServiceKind.TUBE, "Anna"
        )  # fmt: skip
        enter_service(settings, changed, os_user="")
        returned = AlarmEvent.RETURN, tag
        wait_until(lambda: returned in {(one.event, one.key.tag) for one in read_journal(settings)})


def test_a_retired_station_is_silent_until_it_sends_and_the_journal_says_so(settings: Settings) -> None:
    tag, low = "RETIRED/dosing_system_01", "STOCK_CRITICAL/dosing_system_01/T-12"
    with run_in_threads(settings) as collector, connect_station(settings) as plant:
        wait_until(lambda: collector.ready and is_following(collector))
        say_level(plant, settings, 3)
        wait_until(lambda: low in list_raised(settings))
        context = CommandContext(ANNA, datetime.now(UTC))
        (target,) = alarm_actions.find_alarms_or_normal(settings, [tag])
        build_entry = partial(alarm_actions.build_removal_entry, reason="sold")
        alarm_actions.apply_command(settings, [target], context, build_entry)
        wait_until(lambda: [state.key.tag for state in alarm_actions.list_alarms(settings)] == [tag])
        say_level(plant, settings, 3)
        wait_until(lambda: low in {state.key.tag for state in alarm_actions.list_alarms(settings)})
    back = [entry for entry in read_journal(settings) if entry.key.tag == tag][1]
    assert (back.event, back.who.name, back.message) == (
        AlarmEvent.RETURN_TO_SERVICE, "",
        "Station dosing_system_01 sends messages again: no longer retired",
    )  # fmt: skip
