"""A station's event without a chemical is about the one that its pump held when it happened."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from tests.support.database.reading_samples import DOSE, EVENT, NOW
from tests.support.database.schema_inspection import fetch_rows
from tests.support.database.stored_batches import write_readings

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("after", "chemical"),
    [
        (0.5 * HOUR, "T-12"),
        (1.5 * HOUR, "T-12"),
        (3.5 * HOUR, "T-9"),
        (-HOUR, "T-12"),
        (100 * 24 * HOUR, "T-9"),
    ],
)
def test_a_late_event_is_booked_to_the_tank_of_its_time(
    migrated: str, after: timedelta, chemical: str
) -> None:
    doses = [
        replace(DOSE, time=NOW + n * HOUR, chemical="T-12" if n < 2 else "T-9", dedup=n) for n in range(4)
    ]
    other = [replace(DOSE, time=NOW + n * HOUR, pump=2, chemical="BDO", dedup=n) for n in range(4)]
    write_readings(migrated, [*doses, *other])
    write_readings(migrated, [replace(EVENT, time=NOW + after, event="prime", recipe="", pump=1, mass_g=4.0)])
    assert fetch_rows(migrated, "SELECT chemical, mass_g FROM material_entries") == [(chemical, 4.0)]
