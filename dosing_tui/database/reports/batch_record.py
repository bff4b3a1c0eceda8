"""A batch with what went on around it: its alarms and the operators' notes; what a printed record holds."""

from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta

from dosing_tui.config.settings import Settings
from dosing_tui.database import operator_notes
from dosing_tui.database.alarms.occurrences import occurrences_in
from dosing_tui.database.batches.queries import BatchDetail, detail_in, one_moment, opened
from dosing_tui.database.connection import Session
from dosing_tui.domain.alarms.occurrence import Occurrence
from dosing_tui.domain.panels.operator_notes import Note


@dataclass(frozen=True, slots=True)
class WholeBatch:
    """``alarms`` were active while it was made, ``notes`` are about then; of its station or plant-wide."""

    detail: BatchDetail
    alarms: tuple[Occurrence, ...]
    notes: tuple[Note, ...]


def whole(settings: Settings, name: str) -> WholeBatch | None:
    """The batch of a key or a number such as dosing_system_01-20261124-007; None if there is none.

    Raises: DatabaseAway, DatabaseRefused.
    """
    with closing(wholes(settings, [name])) as found:
        return next(found)


def wholes(settings: Settings, names: Iterable[str]) -> Generator[WholeBatch | None]:
    """Each as above, one after the other, in one session."""
    with opened(settings) as session:
        for name in names:
            with one_moment(session):
                found = detail_in(session, name)
                whole = None if found is None else _whole(session, settings.plant.site, found)
            yield whole


def _whole(session: Session, site: str, found: BatchDetail) -> WholeBatch:
    batch = found.batch
    since = batch.begins_at
    until = (batch.ends_at or batch.last_at) + timedelta(seconds=1)
    said = operator_notes.listed_in(session, since=since, until=until)
    ours = [note for note in said if note.device in (None, "", found.row.device_id)]
    alarms = occurrences_in(session, site, since=since, until=until, device=batch.device_id)
    return WholeBatch(found, tuple(alarms), tuple(reversed(ours)))
