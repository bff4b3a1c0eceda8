"""What the tanks hold now, as the alarms and screens read it."""

from datetime import UTC, datetime
from functools import partial

import pytest
from msgspec.structs import replace

from dosing_tui.cli import alarm_actions
from dosing_tui.database.batches.incremental_rebuild import rebuild_changed_days
from dosing_tui.database.lots.lot_reader import read_tank_lots
from dosing_tui.domain.alarms.catalog import RETIRED
from dosing_tui.domain.alarms.models import Actor, AlarmKey
from dosing_tui.domain.alarms.operator_commands import CommandContext
from tests.support.database.ledger_entries import enter_material
from tests.support.database.reading_samples import settings_for
from tests.support.database.stored_batches import store_and_rebuild, write_readings
from tests.support.database.traced_batches import LATER, at_hour, store_traced_batches
from tests.support.domain.batch_messages import STATION, make_dose, make_level, normal_batch


def test_a_tank_holds_its_lots_by_the_newest_entry(migrated: str) -> None:
    settings = settings_for(migrated)
    assert read_tank_lots(settings) == ()
    store_traced_batches(migrated)
    (tank,) = read_tank_lots(settings)
    assert (tank.device_id, tank.chemical, tank.since, tank.runs_out_at) == (
        STATION,
        "T-12",
        at_hour(4.5),
        None,
    )
    assert [(each.lot.number, each.share) for each in tank.shares] == [("B-2", 1.0)]
    assert tank.shares[0].lot.certificate == "CoA 4711"  # of the delivery; the drum change did not say it
    enter_material(migrated, at_hour(7), "delivery", 420.0, "C")  # 500 - 2 doses of 40 g
    enter_material(migrated, at_hour(7), "delivery", 25_000.0, "D", device_id="store")
    rebuild_changed_days(settings, now=LATER)
    (tank,) = read_tank_lots(settings, device=STATION)
    assert [(each.lot.number, each.share) for each in tank.shares] == [("B-2", 0.5), ("C", 0.5)]
    assert read_tank_lots(settings, device="store") == ()


@pytest.mark.parametrize("retired", ["T-12", ""], ids=["tank", "station"])
def test_a_tank_out_of_service_for_good_holds_no_lots(migrated: str, retired: str) -> None:
    settings = settings_for(migrated)
    store_traced_batches(migrated)
    assert len(read_tank_lots(settings)) == 1
    now = datetime.now(UTC)
    write_readings(migrated, [replace(make_dose(0, "T-12"), time=now)])  # what was used of late is known
    states = alarm_actions.find_alarms_or_normal(settings, [AlarmKey(RETIRED, STATION, retired).tag])
    context = CommandContext(Actor("Anna", "anna"), now)
    build_entry = partial(alarm_actions.build_removal_entry, reason="gone")
    alarm_actions.apply_command(settings, states, context, build_entry)
    assert read_tank_lots(settings) == ()


def test_without_a_count_the_stations_level_is_the_rest(migrated: str) -> None:
    store_and_rebuild(migrated, *normal_batch(), make_level(130, "T-12", 300.0), now=LATER)
    enter_material(migrated, at_hour(0.5), "delivery", 100.0, "A")
    rebuild_changed_days(settings_for(migrated), now=LATER)
    (tank,) = read_tank_lots(settings_for(migrated))
    assert [(each.lot.number, each.share) for each in tank.shares] == [("", 0.75), ("A", 0.25)]
    assert tank.book_g == pytest.approx(400.0)
