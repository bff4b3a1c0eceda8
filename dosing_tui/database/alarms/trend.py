"""An alarm's value over time, from the stored readings."""

from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import select_rows, use_session
from dosing_tui.domain.panels.alarm_trend_query import AlarmTrendPoint, AlarmTrendQuery

APPLICATION_NAME = "alarms"


def read_trend(settings: Settings, query: AlarmTrendQuery) -> list[AlarmTrendPoint]:
    """A point for every step, the oldest first. Raises: DatabaseUnavailableError, DatabaseAccessError."""
    parameters = {
        "from": query.since,
        "to": query.now,
        "step": query.step,
        "now": query.now,
        "device": query.key.device,
        "item": query.key.item,
    }
    with use_session(settings, application=APPLICATION_NAME) as session:
        return select_rows(session, AlarmTrendPoint, f"trends/{query.trend.name}", parameters)
