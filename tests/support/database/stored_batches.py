"""Readings into a real database, and the batches that it makes of them."""

from collections.abc import Iterable
from datetime import datetime
from uuid import uuid4

from dosing_tui.database.batches.incremental_rebuild import rebuild_changed_days
from dosing_tui.database.reading_writer import ReadingWriter
from dosing_tui.domain.messages.models import Reading
from tests.support.database.reading_samples import number_rows, settings_for
from tests.support.database.schema_inspection import fetch_rows


def write_readings(dsn: str, readings: Iterable[Reading]) -> None:
    """As the collector does."""
    writer = ReadingWriter(settings_for(dsn))
    try:
        writer.write(uuid4(), number_rows(*readings))
    finally:
        writer.close()


def store_and_rebuild(dsn: str, *readings: Reading, now: datetime) -> list[str]:
    """Write the readings and rebuild what they touched; the batches that are stored then."""
    write_readings(dsn, readings)
    rebuild_changed_days(settings_for(dsn), now=now)
    return describe_stored(dsn)


def describe_stored(dsn: str) -> list[str]:
    return [
        f"{status} {recipe} {doses}"
        for status, recipe, doses in fetch_rows(
            dsn, "SELECT status, recipe, doses FROM batches ORDER BY device_id, anchored_at"
        )
    ]
