"""A batch with its alarms and operator notes: the content of a printed record."""

from collections.abc import Generator, Iterable
from contextlib import closing
from datetime import timedelta

from msgspec import Struct

from dosing_tui.config.settings import Settings
from dosing_tui.database import operator_notes
from dosing_tui.database.alarms.occurrences import select_occurrences
from dosing_tui.database.batches.queries import begin_snapshot, open_session, select_batch
from dosing_tui.database.connection import Session
from dosing_tui.domain.alarms.occurrence import Occurrence
from dosing_tui.domain.batch_review.query_models import BatchDetail
from dosing_tui.domain.panels.operator_notes import Note


class BatchRecordContent(Struct, frozen=True):
    """``alarms`` and ``notes`` of the time of the batch, of its station or plant-wide."""

    detail: BatchDetail
    alarms: tuple[Occurrence, ...]
    notes: tuple[Note, ...]


def read_batch_record(settings: Settings, name: str) -> BatchRecordContent | None:
    """The batch of a key or a number such as dosing_system_01-20261124-007; None if there is none.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    with closing(iter_batch_records(settings, [name])) as found:
        return next(found)


def iter_batch_records(settings: Settings, names: Iterable[str]) -> Generator[BatchRecordContent | None]:
    """Yield each of these batches, read in one session."""
    with open_session(settings) as session:
        for name in names:
            with begin_snapshot(session):
                found = select_batch(session, name)
                whole = None if found is None else _read_record_content(session, settings.plant.site, found)
            yield whole


def _read_record_content(session: Session, site: str, detail: BatchDetail) -> BatchRecordContent:
    batch = detail.batch
    since = batch.begins_at
    until = (batch.ends_at or batch.last_at) + timedelta(seconds=1)
    said = operator_notes.select_notes(session, since=since, until=until)
    ours = [note for note in said if note.device in (None, "", detail.row.device_id)]
    alarms = select_occurrences(session, site, since=since, until=until, device=batch.device_id)
    return BatchRecordContent(detail, tuple(alarms), tuple(reversed(ours)))
