"""Range 'this batch': the batch that was started last, until its end or until now."""

from collections.abc import Iterable
from datetime import datetime

from dosing_tui.domain.messages.models import BatchEvent
from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.time.range_parser import MIN_RANGE
from dosing_tui.domain.time.time_range import TimeRange

START_EVENT = "start"


def find_latest_batch(events: Iterable[BatchEvent], selection: Selection, now: datetime) -> TimeRange | None:
    """Find the last batch of the selection, at least one minute long; None without a start event."""
    chosen = [
        event for event in events
        if (not selection.device or event.device_id in selection.device)
        and (not selection.recipe or event.recipe in selection.recipe)
    ]  # fmt: skip
    start = max((e for e in chosen if e.event == START_EVENT), key=lambda e: e.time, default=None)
    if start is None:
        return None
    ends = [
        event.time for event in chosen
        if event.device_id == start.device_id and event.event != START_EVENT and event.time >= start.time
    ]  # fmt: skip
    return TimeRange(start.time, max(min(ends, default=now), start.time + MIN_RANGE))
