"""Which stretch of time each panel is asked for, and how it is cut into buckets."""

from datetime import datetime, timedelta, tzinfo
from typing import TypeVar

from dosing_tui.console.charts.scale import Window
from dosing_tui.console.moment import Moment
from dosing_tui.plant.panels import BATCHES, PRODUCTION, TODAY, Panel
from dosing_tui.plant.timeranges import TimeRange, last_24h, today

Row = TypeVar("Row")

HOUR = timedelta(hours=1)
_TODAY = frozenset({TODAY.id, BATCHES.id, PRODUCTION.id})


def asked(panel: Panel[Row], now: datetime, zone: tzinfo) -> TimeRange:
    """The plant's day, or the 24 hours that end with the newest bucket."""
    return today(now, zone) if panel.id in _TODAY else last_24h(now, panel.bucket or HOUR)


def window(moment: Moment, panel: Panel[Row]) -> Window:
    """The buckets of a panel's chart. They end with the present one: an old answer moves to the left."""
    since, until = asked(panel, moment.now, moment.zone)
    bucket = panel.bucket_in(since, until) or HOUR
    return Window(since, bucket, (until - since) // bucket)
