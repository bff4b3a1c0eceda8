"""A lot is one lot in every spelling of its number: in tanks, batches and store, and entered late."""

from datetime import date

import pytest
from msgspec import structs
from msgspec.structs import replace

from dosing_tui.config.settings import PlantSettings, Settings
from dosing_tui.database.batches.incremental_rebuild import rebuild_changed_days
from dosing_tui.database.batches.queries import list_batches, read_batch
from dosing_tui.database.lots.lot_reader import list_stored_lots
from dosing_tui.domain.batch_review.query_models import BatchFilter
from dosing_tui.domain.messages.models import Dose
from tests.support.database.ledger_entries import enter_material
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import fetch_value
from tests.support.database.stored_batches import store_and_rebuild
from tests.support.database.traced_batches import LATER, at_hour
from tests.support.domain.batch_messages import STATION, make_dose, make_event

QUEUED = "SELECT count(*) FROM batch_rebuild_queue"


def store_batch(dsn: str, hour: int, lot: str = "") -> None:
    begin = hour * 3_600.0
    dose = make_dose(begin + 61, "T-12", target_g=40.0, actual_g=40.0)
    assert isinstance(dose, Dose)
    readings = (
        make_event(begin, "start", pumps=1),
        structs.replace(dose, lot=lot),
        make_event(begin + 65, "complete", pumps=1),
    )
    store_and_rebuild(dsn, *readings, now=LATER)


def rebuild(settings: Settings) -> None:
    while fetch_value(settings.database.dsn, QUEUED):
        rebuild_changed_days(settings, now=LATER)


def list_exceptions(settings: Settings) -> list[list[str]]:
    found = [read_batch(settings, row.batch_key) for row in reversed(list_batches(settings, BatchFilter()))]
    return [[each.sentence for each in one.assessment.exceptions] for one in found if one]


def list_masses(settings: Settings) -> list[tuple[str, float | None]]:
    return [(each.lot.number, each.mass_g) for each in list_stored_lots(settings)]


def test_what_the_delivery_said_holds_for_a_drum_change_in_another_spelling(migrated: str) -> None:
    settings = settings_for(migrated)
    enter_material(
        migrated, at_hour(-2), "delivery", 20_000.0, "A-17", device_id="store", expires_on="2026-11-22"
    )
    enter_material(migrated, at_hour(0.5), "drum_change", 500.0, "a-17", chemical="t-12")
    enter_material(migrated, at_hour(1.5), "refill", 100.0, "A \N{EN DASH} 17")
    store_batch(migrated, 1)
    store_batch(migrated, 2)
    rebuild(settings)
    assert list_exceptions(settings) == [
        ["100.0 % of T-12 is of lot a-17, which expired on 2026-11-22"],
        ["100.0 % of T-12 is of lot A \N{EN DASH} 17, which expired on 2026-11-22"],
    ]
    (stored,) = list_stored_lots(settings)
    assert (stored.mass_g, stored.lot.expires_on, stored.place) == (19_400.0, date(2026, 11, 22), "store")


@pytest.mark.parametrize("entered", ["A-17", "a-17"])
def test_a_late_entry_judges_the_batches_again_whose_station_named_the_lot(
    migrated: str, entered: str
) -> None:
    settings = settings_for(migrated)
    store_batch(migrated, 1, "A-17")
    rebuild(settings)
    assert list_exceptions(settings) == [[]]
    enter_material(
        migrated, at_hour(-30), "delivery", 20_000.0, entered, device_id="store", expires_on="2026-11-22"
    )
    rebuild(settings)
    assert list_exceptions(settings) == [
        [f"100.0 % of T-12 is of lot {entered}, which expired on 2026-11-22"]
    ]
    enter_material(migrated, at_hour(3), "delivery", 1.0, "A-17", device_id="store", expires_on="2030-01-01")
    rebuild(settings)
    assert len(list_exceptions(settings)[0]) == 1  # what is said of it later is not of this batch


def test_a_count_in_store_says_what_is_left_of_a_lot(migrated: str) -> None:
    settings = settings_for(migrated)
    store_batch(migrated, 1)
    enter_material(migrated, at_hour(2), "delivery", 20_000.0, "LX", device_id="store")
    enter_material(migrated, at_hour(3), "refill", 5_000.0, "lx")
    assert list_masses(settings) == [("lx", 15_000.0)]
    enter_material(migrated, at_hour(4), "count", 9_000.0, "LX", device_id="store")
    assert list_masses(settings) == [("LX", 9_000.0)]
    enter_material(migrated, at_hour(5), "refill", 1_000.0, "LX")
    enter_material(migrated, at_hour(5), "delivery", 500.0, "LX", device_id="store")
    assert list_masses(settings) == [("LX", 8_500.0)]
    enter_material(migrated, at_hour(6), "count", 0.0, "LX", device_id="store")
    assert list_masses(settings) == []


def test_a_station_of_the_settings_is_no_store_before_it_has_sent(migrated: str) -> None:
    settings = settings_for(migrated)
    enter_material(migrated, at_hour(2), "delivery", 20_000.0, "LX")
    assert list_masses(settings) == [("LX", 20_000.0)]
    planned = replace(settings, plant=replace(settings.plant, devices=(STATION,)))
    assert isinstance(planned.plant, PlantSettings)
    assert list_masses(planned) == []
