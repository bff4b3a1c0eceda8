"""Readings into a real database, and the batches that it makes of them."""

from collections.abc import Iterable
from datetime import datetime
from uuid import uuid4

from dosing_tui.database.batches.incremental_rebuild import rebuild_changed_days
from dosing_tui.database.reading_writer import ReadingWriter
from dosing_tui.domain.messages.models import Reading
from tests.support.database.reading_samples import settings_for, spooled
from tests.support.database.schema_inspection import rows


def write(dsn: str, readings: Iterable[Reading]) -> None:
    """As the collector does."""
    writer = ReadingWriter(settings_for(dsn))
    try:
        writer.write(uuid4(), spooled(*readings))
    finally:
        writer.close()


def kept(dsn: str, *readings: Reading, now: datetime) -> list[str]:
    """Write the readings and rebuild what they touched; the batches that are stored then."""
    write(dsn, readings)
    rebuild_changed_days(settings_for(dsn), now=now)
    return told(dsn)


def told(dsn: str) -> list[str]:
    return [
        f"{status} {recipe} {doses}"
        for status, recipe, doses in rows(
            dsn, "SELECT status, recipe, doses FROM batches ORDER BY device_id, anchored_at"
        )
    ]
