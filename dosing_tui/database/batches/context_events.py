"""Alarms and operator notes around a batch."""

from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow

from dosing_tui.config.settings import Settings
from dosing_tui.database import operator_notes
from dosing_tui.database.connection import describe_target, open_connection, select_rows
from dosing_tui.database.error_mapping import translate_rowless_errors
from dosing_tui.domain.alarms.models import AlarmKey
from dosing_tui.domain.batch_review.query_models import ContextEvents
from dosing_tui.domain.batches.alarm_overlap import AlarmSpan
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text

APPLICATION_NAME = "batches"


@dataclass(frozen=True, slots=True)
class _AlarmSpanRow:
    rule: str
    device_id: str
    item: str
    since: datetime
    until: datetime | None
    message: str


def select_alarm_spans(
    session: Connection[TupleRow], *, site: str, since: datetime, until: datetime
) -> tuple[AlarmSpan, ...]:
    """Alarms active at some time in [since, until), by their start."""
    parameters = {"site": site, "from": since, "to": until}
    return tuple(
        [
            _row_to_span(row)
            for row in select_rows(session, _AlarmSpanRow, "batches/select_alarm_spans", parameters)
        ]
    )


def list_context_events(
    settings: Settings, *, device: str, since: datetime, until: datetime
) -> ContextEvents:
    """Alarms and notes of a station or of the whole plant in [since, until).

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    with (
        open_connection(settings, application=APPLICATION_NAME, autocommit=True) as session,
        translate_rowless_errors(describe_target(settings)),
    ):
        spans = select_alarm_spans(session, site=settings.plant.site, since=since, until=until)
        notes = operator_notes.select_notes(session, since=since, until=until)
    return ContextEvents(
        tuple([span for span in spans if span.device_id in ("", device)]),
        tuple([note for note in reversed(notes) if note.device in (None, "", device)]),
    )


def _row_to_span(row: _AlarmSpanRow) -> AlarmSpan:
    key = AlarmKey(clean_text(row.rule), clean_text(row.device_id), clean_text(row.item))
    return AlarmSpan(
        key._replace(device="").tag, row.since, row.until, row.device_id, clean_line(row.message)
    )
