"""Alarms that were active in a time range: for batch records and shift reports."""

from dataclasses import dataclass
from datetime import datetime

import psycopg
from psycopg.rows import TupleRow

from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import describe_target, open_connection, select_rows
from dosing_tui.database.error_mapping import translate_rowless_errors
from dosing_tui.domain.alarms.models import AlarmKey, Priority
from dosing_tui.domain.alarms.occurrence import Occurrence
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text

MAX_OCCURRENCES = 5_000
"""Most alarms of one query, the earliest."""


@dataclass(frozen=True, slots=True)
class _OccurrenceRow:
    rule: str
    device_id: str
    item: str
    priority: str
    message: str
    raised_at: datetime
    returned_at: datetime | None
    acked_at: datetime | None
    acked_by: str
    comment: str


def list_occurrences(
    settings: Settings, *, since: datetime, until: datetime, device: str | None = None
) -> list[Occurrence]:
    """Occurrences by activation time, with sanitized text; ``device`` includes plant-wide alarms.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    with (
        open_connection(settings, application="reports", autocommit=True) as session,
        translate_rowless_errors(describe_target(settings)),
    ):
        return select_occurrences(session, settings.plant.site, since=since, until=until, device=device)


def select_occurrences(
    session: psycopg.Connection[TupleRow], site: str, *, since: datetime, until: datetime, device: str | None
) -> list[Occurrence]:
    """The same in the caller's session."""
    parameters = {"site": site, "from": since, "to": until, "device": device, "rows": MAX_OCCURRENCES}
    return [
        _row_to_occurrence(row)
        for row in select_rows(session, _OccurrenceRow, "reads/select_alarm_occurrences", parameters)
    ]


def _row_to_occurrence(row: _OccurrenceRow) -> Occurrence:
    return Occurrence(
        AlarmKey(clean_text(row.rule), clean_text(row.device_id), clean_text(row.item)),
        Priority(row.priority),
        clean_line(row.message),
        row.raised_at,
        row.returned_at,
        row.acked_at,
        clean_text(row.acked_by),
        clean_line(row.comment),
    )
