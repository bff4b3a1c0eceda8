"""A station whose events never arrive: each dose is in one batch, live and wherever a rebuild begins."""

from datetime import timedelta
from typing import LiteralString

import pytest

from dosing_tui.database.batches.incremental_rebuild import rebuild_batches
from dosing_tui.domain.batches.canonical_json import batch_to_record
from dosing_tui.domain.batches.reconstruction import reconstruct_batches
from dosing_tui.domain.messages.models import Reading
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import fetch_rows
from tests.support.database.stored_batches import store_and_rebuild
from tests.support.domain.batch_messages import NOON, make_dose, seconds_after

HOURS = 20
LATER = seconds_after(24 * 3600)
STORED: LiteralString = """
    SELECT batch_key, batch_id, record FROM batches JOIN batch_records USING (batch_key)
     WHERE NOT gone
     ORDER BY anchored_at
"""


@pytest.mark.parametrize("every", [60.0, 180.0])
def test_twenty_hours_of_doses_alone_are_the_same_batches_live_at_once_and_rebuilt_from_anywhere(
    every: float, migrated: str
) -> None:
    readings: list[Reading] = [
        make_dose(every * n, "T-9" if n % 2 else "T-12") for n in range(int(HOURS * 3600 / every))
    ]
    for hour in range(0, HOURS, 2):
        ends = seconds_after((hour + 2) * 3600)
        store_and_rebuild(
            migrated, *[r for r in readings if seconds_after(hour * 3600) <= r.time < ends], now=ends
        )
    store_and_rebuild(migrated, now=LATER)
    live = fetch_rows(migrated, STORED)
    whole = reconstruct_batches(readings, now=LATER)
    assert [(row[0], row[2]) for row in live] == [(batch.key, batch_to_record(batch)) for batch in whole]
    assert sum(len(batch.doses) for batch in whole) == len(readings)
    for since in (NOON - timedelta(days=1), seconds_after(9 * 3600), seconds_after(13.7 * 3600)):
        done = rebuild_batches(settings_for(migrated), since=since, until=LATER, now=LATER, report=print)
        assert (done.stored_count, done.removed_count) == (0, 0)
    assert fetch_rows(migrated, STORED) == live
