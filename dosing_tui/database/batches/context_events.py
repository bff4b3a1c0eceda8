"""Alarms and operator notes around a batch."""

from datetime import datetime

from dosing_tui.config.settings import Settings
from dosing_tui.database import operator_notes
from dosing_tui.database.connection import Session, select_rows, use_session
from dosing_tui.domain.alarms.models import AlarmKey
from dosing_tui.domain.batch_review.query_models import ContextEvents
from dosing_tui.domain.batches.alarm_overlap import AlarmSpan
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text

APPLICATION_NAME = "batches"


def select_alarm_spans(
    session: Session, *, site: str, since: datetime, until: datetime
) -> tuple[AlarmSpan, ...]:
    """Alarms active at some time in [since, until), by their start."""
    parameters = {"site": site, "from": since, "to": until}
    return tuple(select_rows(session, _build_alarm_span, "batches/select_alarm_spans", parameters))


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


def _build_alarm_span(
    rule: str, device_id: str, item: str, since: datetime, until: datetime | None, message: str
) -> AlarmSpan:
    tag = AlarmKey(clean_text(rule), "", clean_text(item)).tag
    return AlarmSpan(tag, since, until, device_id, clean_line(message))
