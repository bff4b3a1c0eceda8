"""The moments that a panel's SQL asks for, from the window it is drawn for. Pure."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from dosing_tui.plant import timeranges

_HOUR = timedelta(hours=1)


def moments(*, since: datetime, until: datetime, now: datetime, zone: ZoneInfo) -> dict[str, datetime]:
    """Named as in the SQL files; every span is half open.

    ``first_hour`` to ``last_hour`` are the whole UTC hours of the window: rollups answer for them, the doses
    themselves for what lies before and after (for everything, if there is no whole hour).
    """
    today, tomorrow = timeranges.today(now, zone)
    yesterday, yesterday_now = timeranges.yesterday_so_far(now, zone)
    first_hour = min(_hour(since + _HOUR - timedelta(microseconds=1)), until)
    return {
        "since": since,
        "until": until,
        "now": now,
        "first_hour": first_hour,
        "last_hour": max(_hour(until), first_hour),
        "today": today,
        "tomorrow": tomorrow,
        "yesterday": yesterday,
        "yesterday_now": yesterday_now,
    }


def _hour(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
