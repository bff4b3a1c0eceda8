"""What people tell of tanks and recipes reaches the collector's alarms, over the database."""

import json
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from dosing_tui.collector.alarms import alarm_service
from dosing_tui.config.sections.pump_settings import PumpSettings
from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms import journal
from dosing_tui.database.batches.master_recipes import import_recipes
from dosing_tui.database.pumps.service_log import enter_service
from dosing_tui.domain.alarms.models import AlarmEvent
from dosing_tui.domain.alarms.operator_commands import CommandContext
from dosing_tui.domain.alarms.tank_refill import create_refill_entries
from dosing_tui.domain.batches.master_recipe import MasterIngredient, MasterRecipe
from dosing_tui.domain.capability.service_log import ServiceDraft, ServiceKind
from tests.integration.collector.alarms.test_alarm_service_on_servers import (
    connect_station,
    is_following,
    say_dose,
    say_level,
)
from tests.support.collector.running_collector import run_in_threads
from tests.support.domain.alarm_entries import ANNA
from tests.support.polling import wait_until

MASTER = MasterRecipe("CU-85", (MasterIngredient("T-9"), MasterIngredient("T-12")))


def list_raised(settings: Settings) -> dict[str, str]:
    """The tags that were raised, with their words."""
    return {
        one.key.tag: one.message for one in journal.read_journal(settings) if one.event is AlarmEvent.RAISE
    }


def test_a_tank_that_somebody_says_is_refilled_jumps_up_without_an_alarm(settings: Settings) -> None:
    with run_in_threads(settings) as collector, connect_station(settings) as plant:
        wait_until(lambda: collector.ready and is_following(collector))
        say_level(plant, settings, 50)
        wait_until(lambda: collector.books.stored == 1)
        told = create_refill_entries(
            {},
            CommandContext(ANNA, datetime.now(UTC)),
            device="dosing_system_01",
            chemical="T-12",
            grams=10_000.0,
            level_timeout=timedelta(hours=1),
            max_duration=timedelta(hours=4),
        )
        journal.append_entries(settings, told)
        wait_until(lambda: collector.picture.alarms is not None and collector.picture.alarms.shelved)
        say_level(plant, settings, 100)
        say_level(plant, settings, 19.9)  # an alarm that shows that the jump has had its turn
        wait_until(lambda: "STOCK_LOW/dosing_system_01/T-12" in list_raised(settings))
        assert "STOCK_RESET/dosing_system_01/T-12" not in list_raised(settings)


def test_a_batch_is_compared_with_the_master_that_was_imported(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    monkeypatch.setattr(alarm_service, "RECIPE_POLL_S", 0.2)
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
    monkeypatch.setattr(alarm_service, "RECIPE_POLL_S", 0.2)
    monkeypatch.setattr(alarm_service, "SERVICE_POLL", timedelta(0))
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
        wait_until(lambda: returned in {(one.event, one.key.tag) for one in journal.read_journal(settings)})
