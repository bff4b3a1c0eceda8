"""Who is told of what, and what is held back: the rules hold for every journal."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.domain.alarms.journal_projection import AlarmTransition, JournalProjection
from dosing_tui.domain.alarms.models import (
    SUPPRESSED_STATES,
    UNACKNOWLEDGED_STATES,
    AlarmEvent,
    AlarmKey,
    AlarmState,
    AlarmStateName,
    JournalEntry,
    Priority,
)
from dosing_tui.domain.notifications.policy import (
    MAX_NOTICE_AGE,
    SUMMARY_DELAY,
    AlarmSummary,
    ChannelPolicy,
    DeliveryStatus,
    Notice,
    QueuedNotice,
    Trigger,
    choose_dispatch,
    create_message_id,
    create_notices,
)
from tests.support.domain.alarm_entries import KEY, NOW, STATES, make_entry

EVERY = ChannelPolicy(
    "shift",
    frozenset(Priority),
    frozenset({Trigger.RAISE, Trigger.RETURN, Trigger.UNACKNOWLEDGED}),
    timedelta(minutes=10),
)
KEYS = (KEY, AlarmKey("DOSE_GROSS", "dosing_system_01", "T-9"))


@st.composite
def draw_journals(draw: st.DrawFn) -> list[JournalEntry]:
    """Anything may follow anything."""
    events = draw(st.lists(st.tuples(st.sampled_from(AlarmEvent), st.sampled_from(KEYS), st.booleans())))
    return [
        replace(
            make_entry(event, number, seconds=number, active=active, latching=active),
            key=key,
            priority=draw(st.sampled_from(Priority)),
        )
        for number, (event, key, active) in enumerate(events, start=1)
    ]


def list_notices(effects: Iterable[AlarmTransition], wish: ChannelPolicy = EVERY) -> list[Notice]:
    return list(create_notices(effects, wish))


def queue_notice(occasion: Trigger = Trigger.RAISE, number: int = 1, **changes: object) -> QueuedNotice:
    told = AlarmSummary(KEY, AlarmEvent.RAISE, Priority.MEDIUM, NOW, "Low inventory: T-12 at 19.9 %")
    made = QueuedNotice(number, occasion, UUID(int=1), NOW, told)
    return replace(made, **changes)  # type: ignore[arg-type]  # Waiting's fields


@given(draw_journals())
def test_nothing_is_noticed_twice_and_the_same_journal_gives_the_same_notices(
    entries: list[JournalEntry],
) -> None:
    found = list_notices(JournalProjection().apply_committed(entries))
    assert len({(one.trigger, one.occurrence) for one in found}) == len(found)
    assert list_notices(JournalProjection().apply_committed(entries)) == found


@given(draw_journals(), st.integers(0, 30))
def test_a_journal_that_is_read_in_parts_gives_the_same_notices(
    entries: list[JournalEntry], cut: int
) -> None:
    replica = JournalProjection()
    parts = [
        *replica.apply_committed(entries[:cut]),
        *replica.apply_committed(entries[:cut]),
        *replica.apply_committed(entries[cut:]),
    ]
    assert list_notices(parts) == list_notices(JournalProjection().apply_committed(entries))


@given(draw_journals())
def test_each_alarm_that_sounds_is_noticed_and_an_end_only_after_its_beginning(
    entries: list[JournalEntry],
) -> None:
    effects = JournalProjection().apply_committed(entries)
    found = list_notices(effects)
    raised = [one.occurrence for one in found if one.trigger is Trigger.RAISE]
    assert raised == [effect.entry.uuid for effect in effects if effect.is_new_occurrence]
    ended = [one.occurrence for one in found if one.trigger in (Trigger.RETURN, Trigger.SUPPRESSION)]
    assert set(ended) <= set(raised)
    assert len(set(ended)) == len(ended)


@given(draw_journals())
def test_whatever_sounded_and_sounds_no_more_is_noticed_as_over_or_hidden(
    entries: list[JournalEntry],
) -> None:
    replica = JournalProjection()
    found = list_notices(replica.apply_committed(entries))
    sounding = {
        state.occurrence for state in replica.states.values() if state.active and state.hiding is None
    }
    raised = {one.occurrence: one.journal_id for one in found if one.trigger is Trigger.RAISE}
    ended = {one.occurrence for one in found if one.trigger in (Trigger.RETURN, Trigger.SUPPRESSION)}
    of_alarm = {one.id: one.key for one in entries}
    newest = {
        of_alarm[journal_id]: occurrence
        for occurrence, journal_id in sorted(raised.items(), key=lambda item: item[1])
    }
    assert sounding <= set(newest.values())
    assert set(newest.values()) - sounding <= ended


@given(draw_journals(), st.sets(st.sampled_from(Priority)), st.sets(st.sampled_from(sorted(EVERY.triggers))))
def test_only_what_is_wanted_is_noticed(
    entries: list[JournalEntry], priorities: set[Priority], occasions: set[Trigger]
) -> None:
    wish = replace(EVERY, priorities=frozenset(priorities), triggers=frozenset(occasions))
    effects = JournalProjection().apply_committed(entries)
    found = list_notices(effects, wish)
    urgency = {effect.entry.uuid: effect.after.priority for effect in effects}
    # who wants to hear of the end is told of what is hidden, too
    wanted = occasions | {Trigger.SUPPRESSION} if Trigger.RETURN in occasions else occasions
    assert all(one.trigger in wanted for one in found)
    ends = (Trigger.RETURN, Trigger.SUPPRESSION)
    assert all(urgency[one.occurrence] in priorities for one in found if one.trigger not in ends)


def is_still_due(notice: QueuedNotice, state: AlarmState, *, now: datetime) -> bool:
    choice = choose_dispatch(
        [notice], {KEY: state}, recent_count=0, recent_high_count=0, max_messages=10, now=now
    )
    return notice in choice.notices


def test_an_alarm_is_notified_in_its_unacknowledged_states() -> None:
    told = {shown for shown, state in STATES.items() if is_still_due(queue_notice(), state, now=NOW)}
    assert told == UNACKNOWLEDGED_STATES


@pytest.mark.parametrize("occasion", [Trigger.RETURN, Trigger.SUPPRESSION])
def test_an_end_is_notified_if_its_beginning_was_and_it_does_not_sound_again(occasion: Trigger) -> None:
    for shown, state in STATES.items():
        over = shown in SUPPRESSED_STATES or not state.active
        for raised in (None, *DeliveryStatus):
            told = is_still_due(queue_notice(occasion, raise_status=raised), state, now=NOW)
            known = raised not in (DeliveryStatus.PENDING, DeliveryStatus.FAILED, DeliveryStatus.WITHDRAWN)
            assert told == (over and known), (shown, raised)


REPEATS = st.lists(st.integers(1, 900), max_size=20)
"""Seconds between one raise of an alarm and the next."""


def list_pages(gaps: list[int], until: int, *, acked_at: int = -1) -> list[int]:
    """When an alarm that repeats is told as unacknowledged; seconds, by the minute."""
    wish = replace(EVERY, triggers=frozenset({Trigger.UNACKNOWLEDGED}))
    raises = [sum(gaps[:number]) for number in range(len(gaps) + 1)]
    events = [(float(second), AlarmEvent.RAISE) for second in raises]
    events += [(second + 0.5, AlarmEvent.RETURN) for second in raises]
    if acked_at >= 0:
        events.append((acked_at, AlarmEvent.ACKNOWLEDGE))
    entries = [make_entry(event, number, seconds=at) for number, (at, event) in enumerate(sorted(events), 1)]
    replica, queued, told = JournalProjection(), list[QueuedNotice](), []
    for second in range(0, until + 1, 60):
        now = NOW + timedelta(seconds=second)
        for entry in entries:
            if entry.id > replica.last_entry_id and entry.at <= now:
                queued += [
                    queue_notice(one.trigger, one.journal_id, occurrence=one.occurrence, due_at=one.due_at,
                                 alarm=replace(queue_notice().alarm, at=entry.at))
                    for one in list_notices(replica.apply_committed([entry]), wish)
                ]  # fmt: skip
        due = [one for one in queued if one.due_at <= now]
        choice = choose_dispatch(
            due, replica.states, recent_count=0, recent_high_count=0, max_messages=10, now=now
        )
        told += [second for _ in choice.notices]
        gone = {*choice.withdrawn_ids, *(one.id for one in choice.notices)}
        queued = [one for one in queued if one.id not in gone]
    return told


def test_an_alarm_that_repeats_is_notified_after_its_time_and_no_more_often() -> None:
    assert list_pages([300] * 23, 7200) == list(range(600, 7201, 600))[:12]
    assert list_pages([300], 7200) == [600]
    assert list_pages([], 7200) == [600]
    assert list_pages([300] * 5, 7200, acked_at=310) == [1200, 1800]


@given(REPEATS)
def test_however_often_it_repeats_the_first_is_notified_after_its_time_and_then_at_most_once_in_it(
    gaps: list[int],
) -> None:
    told = list_pages(gaps, sum(gaps) + 1200)
    assert told[0] == 600
    assert all(later - earlier >= 600 for earlier, later in pairwise(told))
    assert len(told) <= 1 + (sum(gaps) + 599) // 600


def test_another_occurrence_and_what_is_a_day_old_are_not_notified() -> None:
    state = STATES[AlarmStateName.UNACK]
    assert not is_still_due(queue_notice(occurrence=UUID(int=2)), state, now=NOW)
    assert not is_still_due(queue_notice(), state, now=NOW + MAX_NOTICE_AGE + timedelta(seconds=1))


@pytest.mark.parametrize("occasion", [Trigger.RAISE, Trigger.UNACKNOWLEDGED])
def test_of_high_priority_it_stays_due_as_long_as_it_is_active_and_nobody_has_seen_to_it(
    occasion: Trigger,
) -> None:
    told = replace(queue_notice().alarm, priority=Priority.HIGH)
    kept = set()
    for shown, state in STATES.items():
        notice = queue_notice(occasion, alarm=told)
        choice = choose_dispatch(
            [notice], {KEY: replace(state, priority=Priority.HIGH)}, recent_count=0, recent_high_count=0,
            max_messages=10, now=NOW + 30 * MAX_NOTICE_AGE,
        )  # fmt: skip
        kept |= {shown} if choice.notices else set()
        # what nobody can be told of any more is a failure only if somebody should have been told
        assert bool(choice.expired_ids) == (shown in UNACKNOWLEDGED_STATES - {AlarmStateName.UNACK})
    assert kept == {AlarmStateName.UNACK}


def test_what_is_a_day_old_fails_and_does_not_just_disappear() -> None:
    now = NOW + MAX_NOTICE_AGE + timedelta(seconds=1)
    for shown, state in STATES.items():
        choice = choose_dispatch(
            [queue_notice()], {KEY: state}, recent_count=0, recent_high_count=0, max_messages=10, now=now
        )
        expected = ((), (1,), ()) if shown in UNACKNOWLEDGED_STATES else ((1,), (), ())
        assert (choice.withdrawn_ids, choice.expired_ids, choice.notices) == expected


def test_an_end_waits_for_its_beginning_and_goes_with_it() -> None:
    state = STATES[AlarmStateName.RTN_UNACK]
    begun, end = (
        queue_notice(number=1),
        queue_notice(Trigger.RETURN, number=2, raise_status=DeliveryStatus.PENDING),
    )
    choice = choose_dispatch(
        [begun, end], {KEY: state}, recent_count=0, recent_high_count=0, max_messages=10, now=NOW
    )
    assert (choice.withdrawn_ids, choice.notices) == ((), (begun,))
    told = replace(end, raise_status=DeliveryStatus.SENT)
    assert choose_dispatch(
        [told], {KEY: state}, recent_count=1, recent_high_count=0, max_messages=10, now=NOW
    ).notices == (told,)
    lost = replace(end, raise_status=DeliveryStatus.WITHDRAWN)
    assert choose_dispatch(
        [lost], {KEY: state}, recent_count=1, recent_high_count=0, max_messages=10, now=NOW
    ).withdrawn_ids == (lost.id,)


@given(st.integers(1, 40), st.integers(0, 20), st.integers(1, 20), st.integers(0, 30))
def test_never_more_than_the_limit_and_nothing_is_forgotten(
    due: int, recent: int, most: int, age: int
) -> None:
    state = STATES[AlarmStateName.UNACK]
    given_ = [queue_notice(number=number) for number in range(1, due + 1)]
    choice = choose_dispatch(
        given_,
        {KEY: state},
        recent_count=recent,
        recent_high_count=0,
        max_messages=most,
        now=NOW + timedelta(seconds=age),
    )
    room, gathered = most - recent, timedelta(seconds=age) >= SUMMARY_DELAY
    assert choice.withdrawn_ids == ()
    assert len(choice.notices) == (0 if room <= 0 else 1 if room > 1 else due if gathered else 0)


def test_what_is_of_high_priority_is_not_bound_by_what_the_others_have_used() -> None:
    state = STATES[AlarmStateName.UNACK]
    high = replace(queue_notice().alarm, priority=Priority.HIGH)
    given_ = [queue_notice(number=1), queue_notice(number=8, alarm=high), queue_notice(number=9, alarm=high)]
    late = NOW + SUMMARY_DELAY

    def list_sent_ids(recent_high: int) -> list[int]:
        choice = choose_dispatch(
            given_, {KEY: state}, recent_count=5, recent_high_count=recent_high, max_messages=5, now=late
        )
        return [one.id for one in choice.notices]

    assert [list_sent_ids(used) for used in (0, 3, 4, 5)] == [[8], [8], [8, 9], []]


def test_the_most_urgent_is_notified_first() -> None:
    state = STATES[AlarmStateName.UNACK]
    urgent = queue_notice(number=9, alarm=replace(queue_notice().alarm, priority=Priority.HIGH))
    choice = choose_dispatch(
        [queue_notice(number=1), urgent],
        {KEY: state},
        recent_count=0,
        recent_high_count=0,
        max_messages=5,
        now=NOW,
    )
    assert [one.id for one in choice.notices] == [9]


def test_an_id_is_of_one_thing_sent_to_one_channel_of_one_site() -> None:
    ids = {
        create_message_id(site, channel, occasion, UUID(int=number))
        for site in ("a", "b")
        for channel in ("c", "d")
        for occasion in Trigger
        for number in (1, 2)
    }
    assert len(ids) == 2 * 2 * len(Trigger) * 2
    assert create_message_id("a", "c", Trigger.RAISE, UUID(int=1)) in ids
