"""Lots A-17 and B-2 in batches: before lots were kept, twice of A, a mixed one, twice of B."""

from datetime import datetime

from tests.support.database.ledger_entries import enter_material
from tests.support.database.stored_batches import store_and_rebuild
from tests.support.domain.batch_messages import make_dose, make_event, seconds_after

HOUR = 3_600.0
LATER = seconds_after(12 * HOUR)
SUPPLIER = "Nord \N{EN DASH} Chemie"


def at_hour(hour: float) -> datetime:
    return seconds_after(hour * HOUR)


def store_traced_batches(dsn: str) -> None:
    """The drum of 100 g has 20 g of A left when 60 g of B are put on top: 25 % A."""
    enter_material(
        dsn, at_hour(0.5), "drum_change", 100.0, "A-17", expires_on="2026-11-22", supplier=SUPPLIER
    )
    enter_material(
        dsn, at_hour(2.5), "delivery", 60.0, "B-2", expires_on="2027-05-01", certificate="CoA 4711"
    )
    enter_material(dsn, at_hour(4.5), "drum_change", 500.0, "B-2")
    readings = [
        reading
        for hour in (0, 1, 2, 3, 5, 6)
        for reading in (
            make_event(hour * HOUR, "start", pumps=1),
            make_dose(hour * HOUR + 61, "T-12", target_g=40.0, actual_g=40.0),
            make_event(hour * HOUR + 65, "complete", pumps=1),
        )
    ]
    store_and_rebuild(dsn, *readings, now=LATER)
