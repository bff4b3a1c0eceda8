"""The figures of alarm health."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.alarms.kpis import AlarmKpiSummary, calculate_kpis
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmKey, JournalEntry, Priority
from tests.support.domain.alarm_entries import NOW, build_history, make_entry

HOUR = timedelta(hours=1)


def make_raise(
    number: int, seconds: float, *, item: str = "", priority: Priority = Priority.LOW
) -> JournalEntry:
    key = AlarmKey("STOCK_LOW", "s", item or str(number))
    return make_entry(AlarmEvent.RAISE, number, seconds=seconds, key=key, priority=priority)


def calculate_from(*entries: JournalEntry, after: timedelta = HOUR) -> AlarmKpiSummary:
    found = calculate_kpis(build_history(entries), NOW + after)
    assert found is not None
    return found


def test_an_empty_journal_says_nothing() -> None:
    assert calculate_kpis(build_history([]), NOW) is None


def test_an_entry_that_changed_nothing_is_not_an_alarm() -> None:
    assert calculate_from(make_raise(1, 0, item="A"), make_raise(2, 9, item="A")).annunciated_count == 1


@pytest.mark.parametrize(("count", "floods"), [(10, False), (11, True)])
def test_more_than_ten_in_ten_minutes_are_a_flood(count: int, floods: bool) -> None:
    found = calculate_from(*(make_raise(number, number) for number in range(1, count + 1)))
    assert found.peak_count == count
    assert (found.flood_period_percent > 0) is (found.busy_period_percent > 0) is floods


@pytest.mark.parametrize(("seconds", "chatters"), [(29, 1), (31, 0)])
def test_three_times_within_a_minute_is_chattering(seconds: float, chatters: int) -> None:
    entries = []
    for number in (1, 3, 5):
        at = seconds * (number - 1) / 2
        entries += [make_raise(number, at, item="A")]
        entries += [make_entry(AlarmEvent.RETURN, number + 1, seconds=at + 1, key=entries[-1].key)]
    assert calculate_from(*entries).chattering_count == chatters


@pytest.mark.parametrize(("hours", "stale"), [(23, 0), (25, 1)])
def test_what_is_active_for_more_than_a_day_is_stale(hours: float, stale: int) -> None:
    assert calculate_from(make_raise(1, 0), after=hours * HOUR).stale_count == stale


@pytest.mark.parametrize("hidden", [AlarmEvent.REMOVE_FROM_SERVICE, AlarmEvent.SUPPRESS])
def test_what_is_hidden_is_not_stale(hidden: AlarmEvent) -> None:
    first = make_raise(1, 0)
    found = calculate_from(
        first, make_entry(hidden, 2, seconds=5, key=first.key, comment="scale is away"), after=72 * HOUR
    )
    assert found.stale_count == 0


def test_how_long_alarms_waited_and_which_still_wait() -> None:
    entries = [make_raise(1, 0), make_raise(2, 0), make_raise(3, 0)]
    entries += [make_entry(AlarmEvent.ACKNOWLEDGE, 4, seconds=60, key=entries[0].key)]
    entries += [make_entry(AlarmEvent.ACKNOWLEDGE, 5, seconds=900, key=entries[1].key)]
    found = calculate_from(*entries)
    assert found.median_ack_time == timedelta(seconds=480)
    assert found.slow_ack_count == 2


def test_what_is_shelved_is_counted_and_does_not_wait() -> None:
    first = make_raise(1, 0, priority=Priority.MEDIUM)
    end = NOW + timedelta(minutes=30)
    found = calculate_from(
        first, make_entry(AlarmEvent.SHELVE, 2, seconds=5, key=first.key, until=end), after=HOUR / 3
    )
    assert (
        found.shelved_count,
        found.shelve_event_count,
        found.unlimited_shelve_count,
        found.slow_ack_count,
    ) == (1, 1, 0, 0)


def test_what_is_older_than_thirty_days_does_not_count() -> None:
    found = calculate_from(make_raise(1, 0), make_raise(2, 86_400 * 5), after=timedelta(days=31))
    assert found.annunciated_count == 1
    assert found.days == 30


@given(st.lists(st.tuples(st.integers(0, 20_000), st.sampled_from(Priority)), min_size=1, max_size=60))
def test_shares_are_of_everything_and_the_top_is_a_part(times: list[tuple[int, Priority]]) -> None:
    entries = [
        make_raise(number, seconds, priority=priority)
        for number, (seconds, priority) in enumerate(sorted(times), start=1)
    ]
    found = calculate_from(*entries, after=timedelta(days=1))
    assert found.annunciated_count == len(entries)
    assert sum(found.priority_percents.values()) == pytest.approx(100)
    assert sum(count for _, count in found.most_frequent) <= found.annunciated_count
    assert found.peak_count <= found.annunciated_count
