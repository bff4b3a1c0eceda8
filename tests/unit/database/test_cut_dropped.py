"""A rebuild leaves out exactly the time in which a batch may lack readings."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.database.batches.spans.span_planner import StationSpan, cut_dropped
from dosing_tui.domain.batches.models import DEFAULT_RULES

START = datetime(2026, 1, 5, tzinfo=UTC)
BEFORE = DEFAULT_RULES.max_level_age + DEFAULT_RULES.max_duration
AFTER = DEFAULT_RULES.max_duration + DEFAULT_RULES.max_delay
hours = st.integers(0, 400).map(lambda hour: START + timedelta(hours=hour))
spans = st.tuples(hours, hours).filter(lambda span: span[0] < span[1])


@given(spans, st.lists(spans, max_size=4).map(sorted), st.none() | hours)
def test_every_hour_is_rebuilt_unless_its_readings_are_gone(
    span: tuple[datetime, datetime], gone: list[tuple[datetime, datetime]], changed_at: datetime | None
) -> None:
    whole = StationSpan("d", *span, changed_at)
    parts = cut_dropped(whole, gone, DEFAULT_RULES)
    for hour in range(401):
        at = START + timedelta(hours=hour)
        lacks = any(since - AFTER <= at < until + BEFORE for since, until in gone)
        count = sum(part.since <= at < part.until for part in parts)
        assert count == (span[0] <= at < span[1] and not lacks)
    assert all(part.since < part.until and part.device_id == "d" for part in parts)
    assert not gone <= [] or parts == [whole]
