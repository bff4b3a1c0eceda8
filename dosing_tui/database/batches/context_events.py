"""Alarms and operator notes around a batch."""

from datetime import datetime

from dosing_tui.config.settings import Settings
from dosing_tui.database import operator_notes
from dosing_tui.database.batches.spans.alarm_spans import select_alarm_spans
from dosing_tui.database.connection import use_session
from dosing_tui.domain.batch_review.query_models import ContextEvents

APPLICATION_NAME = "batches"


def list_context_events(
    settings: Settings, *, device: str, since: datetime, until: datetime
) -> ContextEvents:
    """Alarms and notes of a station or of the whole plant in [since, until).

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    with use_session(settings, application=APPLICATION_NAME) as session:
        spans = select_alarm_spans(session, site=settings.plant.site, since=since, until=until)
        notes = operator_notes.select_notes(session, since=since, until=until)
    return ContextEvents(
        tuple([span for span in spans if span.device_id in ("", device)]),
        tuple([note for note in reversed(notes) if note.device in (None, "", device)]),
    )
