"""Alarms that were active in a time range: for batch records and shift reports."""

from datetime import datetime

from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import Session, select_rows, use_session
from dosing_tui.domain.alarms.models import AlarmKey, Priority
from dosing_tui.domain.alarms.occurrence import Occurrence
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text

MAX_OCCURRENCES = 5_000
"""Most alarms of one query, the earliest."""


def list_occurrences(
    settings: Settings, *, since: datetime, until: datetime, device: str | None = None
) -> list[Occurrence]:
    """Occurrences by activation time, with sanitized text; ``device`` includes plant-wide alarms.

    Raises: DatabaseUnavailableError, DatabaseAccessError.
    """
    with use_session(settings, application="reports") as session:
        return select_occurrences(session, settings.plant.site, since=since, until=until, device=device)


def select_occurrences(
    session: Session, site: str, *, since: datetime, until: datetime, device: str | None
) -> list[Occurrence]:
    """The same in the caller's session."""
    parameters = {"site": site, "from": since, "to": until, "device": device, "rows": MAX_OCCURRENCES}
    return select_rows(session, _build_occurrence, "reads/select_alarm_occurrences", parameters)


def _build_occurrence(
    rule: str,
    device_id: str,
    item: str,
    priority: str,
    message: str,
    raised_at: datetime,
    returned_at: datetime | None,
    acked_at: datetime | None,
    acked_by: str,
    comment: str,
) -> Occurrence:
    return Occurrence(
        AlarmKey(clean_text(rule), clean_text(device_id), clean_text(item)),
        Priority(priority),
        clean_line(message),
        raised_at,
        returned_at,
        acked_at,
        clean_text(acked_by),
        clean_line(comment),
    )
