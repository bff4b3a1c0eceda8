"""The alarms of a time span, as batches are assessed by them."""

from datetime import datetime

from dosing_tui.database.connection import Session, select_rows
from dosing_tui.domain.alarms.models import AlarmKey
from dosing_tui.domain.batches.alarm_overlap import AlarmSpan
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text


def select_alarm_spans(
    session: Session, *, site: str, since: datetime, until: datetime
) -> tuple[AlarmSpan, ...]:
    """Alarms active at some time in [since, until), by their start."""
    parameters = {"site": site, "from": since, "to": until}
    return tuple(select_rows(session, _build_alarm_span, "batches/select_alarm_spans", parameters))


def _build_alarm_span(
    rule: str, device_id: str, item: str, since: datetime, until: datetime | None, message: str
) -> AlarmSpan:
    tag = AlarmKey(clean_text(rule), "", clean_text(item)).tag
    return AlarmSpan(tag, since, until, device_id, clean_line(message))
