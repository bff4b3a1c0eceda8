"""Who is told of what, and what is held back: the rules hold for every journal."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.alarms.journal_projection import Effect, Replica
from dosing_tui.domain.alarms.models import HIDDEN, UNACKNOWLEDGED, AlarmKey, Entry, Event, Priority, Shown
from dosing_tui.domain.notifications.policy import (
    GATHERING,
    LATEST,
    Fate,
    Notice,
    Occasion,
    Told,
    Waiting,
    Wish,
    chosen,
    message_id,
    noticed,
    still_true,
)
from tests.support.domain.alarm_entries import KEY, NOW, STATES, entry

EVERY = Wish(
    "shift",
    frozenset(Priority),
    frozenset({Occasion.RAISE, Occasion.RETURN, Occasion.UNACKNOWLEDGED}),
    timedelta(minutes=10),
)
KEYS = (KEY, AlarmKey("DOSE_GROSS", "dosing_system_01", "T-9"))


@st.composite
def journals(draw: st.DrawFn) -> list[Entry]:
    """Anything may follow anything."""
    events = draw(st.lists(st.tuples(st.sampled_from(Event), st.sampled_from(KEYS), st.booleans())))
    return [
        replace(
            entry(event, number, seconds=number, active=active, latching=active),
            key=key,
            priority=draw(st.sampled_from(Priority)),
        )
        for number, (event, key, active) in enumerate(events, start=1)
    ]


def notices(effects: Iterable[Effect], wish: Wish = EVERY) -> list[Notice]:
    return list(noticed(effects, wish))


def waiting(occasion: Occasion = Occasion.RAISE, number: int = 1, **changes: object) -> Waiting:
    told = Told(KEY, Event.RAISE, Priority.MEDIUM, NOW, "Low inventory: T-12 at 19.9 %")
    made = Waiting(number, occasion, UUID(int=1), NOW, told)
    return replace(made, **changes)  # type: ignore[arg-type]  # Waiting's fields


@given(journals())
def test_nothing_is_noticed_twice_and_the_same_journal_gives_the_same_notices(entries: list[Entry]) -> None:
    found = notices(Replica().heard(entries))
    assert len({(one.occasion, one.occurrence) for one in found}) == len(found)
    assert notices(Replica().heard(entries)) == found


@given(journals(), st.integers(0, 30))
def test_a_journal_that_is_read_in_parts_gives_the_same_notices(entries: list[Entry], cut: int) -> None:
    replica = Replica()
    parts = [*replica.heard(entries[:cut]), *replica.heard(entries[:cut]), *replica.heard(entries[cut:])]
    assert notices(parts) == notices(Replica().heard(entries))


@given(journals())
def test_each_alarm_that_sounds_is_noticed_and_an_end_only_after_its_beginning(entries: list[Entry]) -> None:
    effects = Replica().heard(entries)
    found = notices(effects)
    raised = [one.occurrence for one in found if one.occasion is Occasion.RAISE]
    assert raised == [effect.entry.uuid for effect in effects if effect.begins]
    ended = [one.occurrence for one in found if one.occasion in (Occasion.RETURN, Occasion.HIDDEN)]
    assert set(ended) <= set(raised)
    assert len(set(ended)) == len(ended)


@given(journals())
def test_whatever_sounded_and_sounds_no_more_is_noticed_as_over_or_hidden(entries: list[Entry]) -> None:
    replica = Replica()
    found = notices(replica.heard(entries))
    sounding = {
        state.occurrence for state in replica.states.values() if state.active and state.hiding is None
    }
    raised = {one.occurrence: one.journal_id for one in found if one.occasion is Occasion.RAISE}
    ended = {one.occurrence for one in found if one.occasion in (Occasion.RETURN, Occasion.HIDDEN)}
    of_alarm = {one.id: one.key for one in entries}
    newest = {
        of_alarm[journal_id]: occurrence
        for occurrence, journal_id in sorted(raised.items(), key=lambda item: item[1])
    }
    assert sounding <= set(newest.values())
    assert set(newest.values()) - sounding <= ended


@given(journals(), st.sets(st.sampled_from(Priority)), st.sets(st.sampled_from(sorted(EVERY.occasions))))
def test_only_what_is_wanted_is_noticed(
    entries: list[Entry], priorities: set[Priority], occasions: set[Occasion]
) -> None:
    wish = replace(EVERY, priorities=frozenset(priorities), occasions=frozenset(occasions))
    effects = Replica().heard(entries)
    found = notices(effects, wish)
    urgency = {effect.entry.uuid: effect.after.priority for effect in effects}
    # who wants to hear of the end is told of what is hidden, too
    wanted = occasions | {Occasion.HIDDEN} if Occasion.RETURN in occasions else occasions
    assert all(one.occasion in wanted for one in found)
    ends = (Occasion.RETURN, Occasion.HIDDEN)
    assert all(urgency[one.occurrence] in priorities for one in found if one.occasion not in ends)


def test_an_alarm_is_told_in_the_states_that_nobody_has_seen_to() -> None:
    told = {shown for shown, state in STATES.items() if still_true(waiting(), state, now=NOW)}
    assert told == UNACKNOWLEDGED


@pytest.mark.parametrize("occasion", [Occasion.RETURN, Occasion.HIDDEN])
def test_an_end_is_told_if_its_beginning_was_and_it_does_not_sound_again(occasion: Occasion) -> None:
    for shown, state in STATES.items():
        over = shown in HIDDEN or not state.active
        for raised in (None, *Fate):
            told = still_true(waiting(occasion, raised=raised), state, now=NOW)
            known = raised not in (Fate.WAITING, Fate.FAILED, Fate.WITHDRAWN)
            assert told == (over and known), (shown, raised)


def test_another_occurrence_and_what_is_a_day_old_are_not_told() -> None:
    state = STATES[Shown.UNACK]
    assert not still_true(waiting(occurrence=UUID(int=2)), state, now=NOW)
    assert not still_true(waiting(), state, now=NOW + LATEST + timedelta(seconds=1))


def test_an_end_waits_for_its_beginning_and_goes_with_it() -> None:
    state = STATES[Shown.RTN_UNACK]
    begun, end = waiting(number=1), waiting(Occasion.RETURN, number=2, raised=Fate.WAITING)
    choice = chosen([begun, end], {KEY: state}, recent=0, recent_high=0, most=10, now=NOW)
    assert (choice.withdrawn, choice.sent) == ((), (begun,))
    told = replace(end, raised=Fate.SENT)
    assert chosen([told], {KEY: state}, recent=1, recent_high=0, most=10, now=NOW).sent == (told,)
    lost = replace(end, raised=Fate.WITHDRAWN)
    assert chosen([lost], {KEY: state}, recent=1, recent_high=0, most=10, now=NOW).withdrawn == (lost.id,)


@given(st.integers(1, 40), st.integers(0, 20), st.integers(1, 20), st.integers(0, 30))
def test_never_more_than_the_limit_and_nothing_is_forgotten(
    due: int, recent: int, most: int, age: int
) -> None:
    state = STATES[Shown.UNACK]
    given_ = [waiting(number=number) for number in range(1, due + 1)]
    choice = chosen(
        given_, {KEY: state}, recent=recent, recent_high=0, most=most, now=NOW + timedelta(seconds=age)
    )
    room, gathered = most - recent, timedelta(seconds=age) >= GATHERING
    assert choice.withdrawn == ()
    assert len(choice.sent) == (0 if room <= 0 else 1 if room > 1 else due if gathered else 0)


def test_what_is_of_high_priority_is_not_bound_by_what_the_others_have_used() -> None:
    state = STATES[Shown.UNACK]
    high = replace(waiting().told, priority=Priority.HIGH)
    given_ = [waiting(number=1), waiting(number=8, told=high), waiting(number=9, told=high)]
    late = NOW + GATHERING

    def sent(recent_high: int) -> list[int]:
        choice = chosen(given_, {KEY: state}, recent=5, recent_high=recent_high, most=5, now=late)
        return [one.id for one in choice.sent]

    assert [sent(used) for used in (0, 3, 4, 5)] == [[8], [8], [8, 9], []]


def test_the_most_urgent_is_told_first() -> None:
    state = STATES[Shown.UNACK]
    urgent = waiting(number=9, told=replace(waiting().told, priority=Priority.HIGH))
    choice = chosen([waiting(number=1), urgent], {KEY: state}, recent=0, recent_high=0, most=5, now=NOW)
    assert [one.id for one in choice.sent] == [9]


def test_an_id_is_of_one_thing_told_to_one_channel_of_one_site() -> None:
    ids = {
        message_id(site, channel, occasion, UUID(int=number))
        for site in ("a", "b")
        for channel in ("c", "d")
        for occasion in Occasion
        for number in (1, 2)
    }
    assert len(ids) == 2 * 2 * len(Occasion) * 2
    assert message_id("a", "c", Occasion.RAISE, UUID(int=1)) in ids
