"""Working hours: two shifts with breaks in the plant's zone, no work at night."""

from datetime import datetime, time, timedelta, tzinfo

WORKING_HOURS = (
    (time(6, 10), time(9, 0)),
    (time(9, 15), time(12, 0)),
    (time(12, 30), time(13, 50)),
    (time(14, 10), time(17, 30)),
    (time(17, 45), time(20, 0)),
    (time(20, 30), time(21, 50)),
)


def find_next_working_time(time_s: float, zone: tzinfo) -> float:
    """``time_s`` itself (unix s) during working hours, else their next start. A day may have 23 or 25 h."""
    today = datetime.fromtimestamp(time_s, zone).date()
    for day in (today, today + timedelta(days=1)):
        for begin, end in WORKING_HOURS:
            if time_s < datetime.combine(day, end, zone).timestamp():
                return max(time_s, datetime.combine(day, begin, zone).timestamp())
    raise AssertionError("tomorrow always has hours that have not ended")
