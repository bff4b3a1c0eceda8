"""The state table of ISA-18.2, row by row, and what has to hold whatever happens."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.domain.alarms.journal_projection import fold_entries
from dosing_tui.domain.alarms.models import (
    MAX_SHELVE_DURATION,
    SUPPRESSED_STATES,
    AlarmEvent,
    AlarmState,
    AlarmStateName,
    JournalEntry,
    Priority,
)
from dosing_tui.domain.alarms.state_machine import apply_event
from tests.support.domain.alarm_entries import (
    ANNA,
    KEY,
    NOW,
    STATES,
    apply_entries,
    latching_return,
    make_entry,
    numbered_uuid,
)

A, B, C, D, E, F, G, H, I = AlarmStateName  # noqa: E741  # the letters of the standard


ROWS = {
    "condition true": (make_entry(AlarmEvent.RAISE, 9), "B = = B B B = = ="),
    "condition false": (make_entry(AlarmEvent.RETURN, 9), "= D A = D A = = ="),
    "condition false, latching": (latching_return(9), "= E F = = = = = ="),
    "acknowledge": (make_entry(AlarmEvent.ACKNOWLEDGE, 9), "! C = A F = ! ! !"),
    "reset": (make_entry(AlarmEvent.RESET, 9), "! ! ! ! ! A ! ! !"),
    "re-alarm": (make_entry(AlarmEvent.REALARM, 9), "= = B = = = = = ="),
    "more urgent": (make_entry(AlarmEvent.ESCALATE, 9, priority=Priority.HIGH), "= B B = = = = = ="),
    "shelve": (make_entry(AlarmEvent.SHELVE, 9, seconds=60), "G G G G G G G G !"),
    "unshelve, condition true": (make_entry(AlarmEvent.UNSHELVE, 9, active=True), "! ! ! ! ! ! B ! !"),
    "unshelve, condition false": (make_entry(AlarmEvent.UNSHELVE, 9), "! ! ! ! ! ! A ! !"),
    "shelving ends, condition true": (
        make_entry(AlarmEvent.SHELVE_EXPIRE, 9, seconds=3600, active=True),
        "= = = = = = B = =",
    ),
    "shelving ends, condition false": (
        make_entry(AlarmEvent.SHELVE_EXPIRE, 9, seconds=3600),
        "= = = = = = A = =",
    ),
    "suppress": (make_entry(AlarmEvent.SUPPRESS, 9), "H H H H H H = = ="),
    "release, condition true": (make_entry(AlarmEvent.UNSUPPRESS, 9, active=True), "= = = = = = = B ="),
    "release, condition false": (make_entry(AlarmEvent.UNSUPPRESS, 9), "= = = = = = = A ="),
    "out of service": (make_entry(AlarmEvent.REMOVE_FROM_SERVICE, 9), "I I I I I I I I !"),
    "into service, condition true": (
        make_entry(AlarmEvent.RETURN_TO_SERVICE, 9, active=True),
        "! ! ! ! ! ! ! ! B",
    ),
    "into service, condition false": (make_entry(AlarmEvent.RETURN_TO_SERVICE, 9), "! ! ! ! ! ! ! ! A"),
}
"""Event -> what it makes of A to I: a state, = for no change, ! for a refusal."""

CELLS = [
    pytest.param(shown, told, cell, id=f"{shown} - {name}")
    for name, (told, row) in ROWS.items()
    for shown, cell in zip(AlarmStateName, row.split(), strict=True)
]


@pytest.mark.parametrize(("shown", "told", "cell"), CELLS)
def test_every_cell_of_the_table(shown: AlarmStateName, told: JournalEntry, cell: str) -> None:
    before = STATES[shown]
    assert before.state_name is shown
    step = apply_event(before, told)
    if cell in ("=", "!"):
        assert (step.state, step.is_changed) == (before, False)
        assert bool(step.refusal) == (cell == "!")
    else:
        assert step.state.state_name is list(AlarmStateName)["ABCDEFGHI".index(cell)]
        assert step.is_changed
        assert not step.refusal


@pytest.mark.parametrize("shown", [D, E, F])
def test_a_condition_that_comes_back_is_a_new_occurrence_of_the_same_row(shown: AlarmStateName) -> None:
    again = apply_event(STATES[shown], make_entry(AlarmEvent.RAISE, 9)).state
    assert (again.count, again.occurrence) == (2, numbered_uuid(9))


def test_what_comes_out_of_hiding_is_never_acknowledged() -> None:
    shelved = apply_entries(
        make_entry(AlarmEvent.RAISE), make_entry(AlarmEvent.ACKNOWLEDGE, 2), make_entry(AlarmEvent.SHELVE, 3)
    )
    back = apply_event(shelved, make_entry(AlarmEvent.UNSHELVE, 4, active=True)).state
    assert back.state_name is B
    assert back.occurrence == numbered_uuid(4)


def test_an_acknowledgement_is_of_the_occurrence_that_was_seen() -> None:
    raised_again = apply_entries(
        make_entry(AlarmEvent.RAISE), make_entry(AlarmEvent.RETURN, 2), make_entry(AlarmEvent.RAISE, 3)
    )
    step = apply_event(raised_again, make_entry(AlarmEvent.ACKNOWLEDGE, 4, occurrence=numbered_uuid(1)))
    assert step.state.state_name is B
    assert "raised again" in step.refusal
    assert (
        apply_event(
            raised_again, make_entry(AlarmEvent.ACKNOWLEDGE, 4, occurrence=numbered_uuid(3))
        ).state.state_name
        is C
    )


def test_who_acknowledged_and_what_was_said_stays_with_the_alarm() -> None:
    acked = apply_entries(
        make_entry(AlarmEvent.RAISE), make_entry(AlarmEvent.ACKNOWLEDGE, 2, who=ANNA, comment="on my way")
    )
    assert (acked.acked_by, acked.comment, acked.acked_at) == (ANNA, "on my way", NOW)


@pytest.mark.parametrize("priority", Priority)
def test_shelving_has_an_end_within_the_limit_of_the_priority(priority: Priority) -> None:
    most = MAX_SHELVE_DURATION[priority]
    asked = make_entry(AlarmEvent.SHELVE, 2, priority=priority, until=NOW + most)
    assert apply_event(STATES[B], asked).state.state_name is G
    for until in (NOW + most + timedelta(seconds=1), NOW, None):
        step = apply_event(STATES[B], replace(asked, until=until))
        assert step.state.state_name is B
        assert "minutes at most" in step.refusal


@pytest.mark.parametrize("event", [AlarmEvent.SHELVE, AlarmEvent.REMOVE_FROM_SERVICE])
def test_nothing_is_hidden_by_a_person_without_a_reason(event: AlarmEvent) -> None:
    assert "a reason is needed" in apply_event(STATES[B], make_entry(event, 2, comment="")).refusal


def test_an_end_of_shelving_that_comes_too_early_changes_nothing() -> None:
    """Somebody has shelved it anew meanwhile."""
    assert apply_event(STATES[G], make_entry(AlarmEvent.SHELVE_EXPIRE, 9, seconds=3599)).state == STATES[G]


entries = st.builds(
    make_entry,
    st.sampled_from(AlarmEvent),
    st.integers(2, 10**6),
    seconds=st.integers(0, 100_000),
    priority=st.sampled_from(Priority),
    latching=st.booleans(),
    active=st.booleans(),
    until=st.none() | st.integers(0, 200_000).map(lambda s: NOW + timedelta(seconds=s)),
    comment=st.sampled_from(["", "because"]),
)


def trace_states(told: list[JournalEntry]) -> list[tuple[AlarmState, JournalEntry, AlarmState]]:
    state, found = AlarmState(KEY), []
    for one in told:
        after = apply_event(state, one).state
        found.append((state, one, after))
        state = after
    return found


@given(st.lists(entries, max_size=30))
def test_acknowledging_never_changes_the_condition(told: list[JournalEntry]) -> None:
    for before, one, after in trace_states(told):
        if one.event is AlarmEvent.ACKNOWLEDGE:
            assert before.active == after.active


@given(st.lists(entries, max_size=30))
def test_a_shelved_alarm_always_ends_within_the_limit(told: list[JournalEntry]) -> None:
    for _, one, after in trace_states(told):
        if after.state_name is G:
            hiding = after.hiding
            assert hiding is not None
            assert hiding.until is not None
            assert hiding.until - hiding.since <= max(MAX_SHELVE_DURATION.values())
            if one.event is AlarmEvent.SHELVE and hiding.since == one.at:
                assert hiding.until - hiding.since <= MAX_SHELVE_DURATION[one.priority]


@given(st.lists(entries, max_size=30))
def test_a_state_is_its_own_explanation_and_time_is_that_of_the_entries(told: list[JournalEntry]) -> None:
    """No other clock is looked at: the same entries an hour later lead to the same, an hour later."""
    hour = timedelta(hours=1)
    later = [
        replace(
            one, at=one.at + hour, received_at=one.received_at + hour, until=one.until and one.until + hour
        )
        for one in told
    ]
    for (_, _, one), (_, _, other) in zip(trace_states(told), trace_states(later), strict=True):
        assert one.state_name is other.state_name
        assert one.raised_at is None or other.raised_at == one.raised_at + hour


@given(st.lists(entries, max_size=30), st.integers(0, 30))
def test_replaying_the_journal_from_any_moment_restores_the_state(
    told: list[JournalEntry], split: int
) -> None:
    whole = fold_entries(told)
    state = fold_entries(told[:split]).get(KEY, AlarmState(KEY))
    for one in told[split:]:
        state = apply_event(state, one).state
    assert whole.get(KEY, AlarmState(KEY)) == state


@given(st.lists(entries, max_size=30))
def test_what_a_person_has_hidden_only_a_person_or_the_end_of_shelving_reveals(
    told: list[JournalEntry],
) -> None:
    allowed = {
        AlarmEvent.UNSHELVE,
        AlarmEvent.SHELVE_EXPIRE,
        AlarmEvent.RETURN_TO_SERVICE,
        AlarmEvent.SHELVE,
        AlarmEvent.REMOVE_FROM_SERVICE,
    }
    for before, one, after in trace_states(told):
        if before.state_name in SUPPRESSED_STATES - {H} and after != before:
            assert one.event in allowed
