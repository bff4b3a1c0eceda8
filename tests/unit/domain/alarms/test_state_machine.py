"""The state table of ISA-18.2, row by row, and what has to hold whatever happens."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.alarms.journal_projection import folded
from dosing_tui.domain.alarms.models import HIDDEN, MOST_SHELVED, AlarmState, Entry, Event, Priority, Shown
from dosing_tui.domain.alarms.state_machine import advance
from tests.support.domain.alarm_entries import ANNA, KEY, NOW, STATES, entry, follow, latching, uuid

A, B, C, D, E, F, G, H, I = Shown  # noqa: E741  # the letters of the standard


ROWS = {
    "condition true": (entry(Event.RAISE, 9), "B = = B B B = = ="),
    "condition false": (entry(Event.RETURN, 9), "= D A = = = = = ="),
    "condition false, latching": (latching(9), "= E F = = = = = ="),
    "acknowledge": (entry(Event.ACKNOWLEDGE, 9), "! C = A F = ! ! !"),
    "reset": (entry(Event.RESET, 9), "! ! ! ! ! A ! ! !"),
    "re-alarm": (entry(Event.REALARM, 9), "= = B = = = = = ="),
    "more urgent": (entry(Event.ESCALATE, 9, priority=Priority.HIGH), "= B B = = = = = ="),
    "shelve": (entry(Event.SHELVE, 9, seconds=60), "G G G G G G G G !"),
    "unshelve, condition true": (entry(Event.UNSHELVE, 9, active=True), "! ! ! ! ! ! B ! !"),
    "unshelve, condition false": (entry(Event.UNSHELVE, 9), "! ! ! ! ! ! A ! !"),
    "shelving ends, condition true": (entry(Event.EXPIRE, 9, seconds=3600, active=True), "= = = = = = B = ="),
    "shelving ends, condition false": (entry(Event.EXPIRE, 9, seconds=3600), "= = = = = = A = ="),
    "suppress": (entry(Event.SUPPRESS, 9), "H H H H H H = = ="),
    "release, condition true": (entry(Event.RELEASE, 9, active=True), "= = = = = = = B ="),
    "release, condition false": (entry(Event.RELEASE, 9), "= = = = = = = A ="),
    "out of service": (entry(Event.REMOVE, 9), "I I I I I I I I !"),
    "into service, condition true": (entry(Event.RESTORE, 9, active=True), "! ! ! ! ! ! ! ! B"),
    "into service, condition false": (entry(Event.RESTORE, 9), "! ! ! ! ! ! ! ! A"),
}
"""Event -> what it makes of A to I: a state, = for no change, ! for a refusal."""

CELLS = [
    pytest.param(shown, told, cell, id=f"{shown} - {name}")
    for name, (told, row) in ROWS.items()
    for shown, cell in zip(Shown, row.split(), strict=True)
]


@pytest.mark.parametrize(("shown", "told", "cell"), CELLS)
def test_every_cell_of_the_table(shown: Shown, told: Entry, cell: str) -> None:
    before = STATES[shown]
    assert before.shown is shown
    step = advance(before, told)
    if cell in ("=", "!"):
        assert (step.state, step.changed) == (before, False)
        assert bool(step.refusal) == (cell == "!")
    else:
        assert step.state.shown is list(Shown)["ABCDEFGHI".index(cell)]
        assert step.changed
        assert not step.refusal


@pytest.mark.parametrize("shown", [D, E, F])
def test_a_condition_that_comes_back_is_a_new_occurrence_of_the_same_row(shown: Shown) -> None:
    again = advance(STATES[shown], entry(Event.RAISE, 9)).state
    assert (again.count, again.occurrence) == (2, uuid(9))


def test_what_comes_out_of_hiding_is_never_acknowledged() -> None:
    shelved = follow(entry(Event.RAISE), entry(Event.ACKNOWLEDGE, 2), entry(Event.SHELVE, 3))
    back = advance(shelved, entry(Event.UNSHELVE, 4, active=True)).state
    assert back.shown is B
    assert back.occurrence == uuid(4)


def test_an_acknowledgement_is_of_the_occurrence_that_was_seen() -> None:
    raised_again = follow(entry(Event.RAISE), entry(Event.RETURN, 2), entry(Event.RAISE, 3))
    step = advance(raised_again, entry(Event.ACKNOWLEDGE, 4, occurrence=uuid(1)))
    assert step.state.shown is B
    assert "raised again" in step.refusal
    assert advance(raised_again, entry(Event.ACKNOWLEDGE, 4, occurrence=uuid(3))).state.shown is C


def test_who_acknowledged_and_what_was_said_stays_with_the_alarm() -> None:
    acked = follow(entry(Event.RAISE), entry(Event.ACKNOWLEDGE, 2, who=ANNA, comment="on my way"))
    assert (acked.acked_by, acked.comment, acked.acked_at) == (ANNA, "on my way", NOW)


@pytest.mark.parametrize("priority", Priority)
def test_shelving_has_an_end_within_the_limit_of_the_priority(priority: Priority) -> None:
    most = MOST_SHELVED[priority]
    asked = entry(Event.SHELVE, 2, priority=priority, until=NOW + most)
    assert advance(STATES[B], asked).state.shown is G
    for until in (NOW + most + timedelta(seconds=1), NOW, None):
        step = advance(STATES[B], replace(asked, until=until))
        assert step.state.shown is B
        assert "minutes at most" in step.refusal


@pytest.mark.parametrize("event", [Event.SHELVE, Event.REMOVE])
def test_nothing_is_hidden_by_a_person_without_a_reason(event: Event) -> None:
    assert "a reason is needed" in advance(STATES[B], entry(event, 2, comment="")).refusal


def test_an_end_of_shelving_that_comes_too_early_changes_nothing() -> None:
    """Somebody has shelved it anew meanwhile."""
    assert advance(STATES[G], entry(Event.EXPIRE, 9, seconds=3599)).state == STATES[G]


entries = st.builds(
    entry,
    st.sampled_from(Event),
    st.integers(2, 10**6),
    seconds=st.integers(0, 100_000),
    priority=st.sampled_from(Priority),
    latching=st.booleans(),
    active=st.booleans(),
    until=st.none() | st.integers(0, 200_000).map(lambda s: NOW + timedelta(seconds=s)),
    comment=st.sampled_from(["", "because"]),
)


def paths(told: list[Entry]) -> list[tuple[AlarmState, Entry, AlarmState]]:
    state, found = AlarmState(KEY), []
    for one in told:
        after = advance(state, one).state
        found.append((state, one, after))
        state = after
    return found


@given(st.lists(entries, max_size=30))
def test_acknowledging_never_changes_the_condition(told: list[Entry]) -> None:
    for before, one, after in paths(told):
        if one.event is Event.ACKNOWLEDGE:
            assert before.active == after.active


@given(st.lists(entries, max_size=30))
def test_a_shelved_alarm_always_ends_within_the_limit(told: list[Entry]) -> None:
    for _, one, after in paths(told):
        if after.shown is G:
            hiding = after.hiding
            assert hiding is not None
            assert hiding.until is not None
            assert hiding.until - hiding.since <= max(MOST_SHELVED.values())
            if one.event is Event.SHELVE and hiding.since == one.at:
                assert hiding.until - hiding.since <= MOST_SHELVED[one.priority]


@given(st.lists(entries, max_size=30))
def test_a_state_is_its_own_explanation_and_time_is_that_of_the_entries(told: list[Entry]) -> None:
    """No other clock is looked at: the same entries an hour later lead to the same, an hour later."""
    hour = timedelta(hours=1)
    later = [
        replace(
            one, at=one.at + hour, received_at=one.received_at + hour, until=one.until and one.until + hour
        )
        for one in told
    ]
    for (_, _, one), (_, _, other) in zip(paths(told), paths(later), strict=True):
        assert one.shown is other.shown
        assert one.raised_at is None or other.raised_at == one.raised_at + hour


@given(st.lists(entries, max_size=30), st.integers(0, 30))
def test_replaying_the_journal_from_any_moment_restores_the_state(told: list[Entry], split: int) -> None:
    whole = folded(told)
    state = folded(told[:split]).get(KEY, AlarmState(KEY))
    for one in told[split:]:
        state = advance(state, one).state
    assert whole.get(KEY, AlarmState(KEY)) == state


@given(st.lists(entries, max_size=30))
def test_what_a_person_has_hidden_only_a_person_or_the_end_of_shelving_reveals(told: list[Entry]) -> None:
    allowed = {Event.UNSHELVE, Event.EXPIRE, Event.RESTORE, Event.SHELVE, Event.REMOVE}
    for before, one, after in paths(told):
        if before.shown in HIDDEN - {H} and after != before:
            assert one.event in allowed
