"""An alarm's value over time, from the stored readings."""

from psycopg.rows import class_row

from dosing_tui.config.settings import Settings
from dosing_tui.database.connection import connect, target
from dosing_tui.database.error_mapping import rowless_errors
from dosing_tui.database.sql_files import statement
from dosing_tui.domain.panels.alarm_trend_query import AlarmTrendPoint, AlarmTrendQuery

APPLICATION = "alarms"


def trend(settings: Settings, asked: AlarmTrendQuery) -> list[AlarmTrendPoint]:
    """A point for every step, the oldest first. Raises: DatabaseAway, DatabaseRefused."""
    parameters = {
        "from": asked.since,
        "to": asked.until,
        "step": asked.step,
        "now": asked.now,
        "device": asked.key.device,
        "item": asked.key.item,
    }
    with (
        connect(settings, application=APPLICATION, autocommit=True) as session,
        rowless_errors(target(settings)),
        session.cursor(row_factory=class_row(AlarmTrendPoint)) as cursor,
    ):
        return cursor.execute(statement(f"trends/{asked.trend.name}"), parameters).fetchall()
