"""Begun at any checkpoint, the journal leads to the same states as read from its first entry."""

import json
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.domain.alarms.checkpoint import (
    EMPTY_CHECKPOINT,
    Checkpoint,
    decode_checkpoint,
    encode_checkpoint,
)
from dosing_tui.domain.alarms.journal_projection import JournalProjection, fold_entries
from dosing_tui.domain.alarms.models import Actor, AlarmEvent, AlarmKey, AlarmState, JournalEntry, Priority
from tests.support.domain.alarm_entries import NOW, STATES, make_entry, numbered_uuid

KEYS = [AlarmKey("STOCK_LOW", "dosing_system_01", item) for item in ("T-9", "T-12", "x/y")]


@st.composite
def draw_journals(draw: st.DrawFn) -> list[JournalEntry]:
    """Whatever may stand in a journal, also what has no effect."""
    made: list[JournalEntry] = []
    for number in range(1, draw(st.integers(0, 40)) + 1):
        event = draw(st.sampled_from(AlarmEvent))
        occurrence = draw(st.sampled_from([None, *(one.uuid for one in made)]))
        one = make_entry(
            event, number, seconds=60.0 * number, key=draw(st.sampled_from(KEYS)),
            latching=draw(st.booleans()), active=draw(st.booleans()),
            priority=draw(st.sampled_from(Priority)), who=Actor("Zoë", "z", "writer"),
        )  # fmt: skip
        if event in (AlarmEvent.ACKNOWLEDGE, AlarmEvent.RESET):
            one = replace(one, occurrence=occurrence)
        if event is AlarmEvent.SHELVE:
            one = replace(one, until=one.at + timedelta(minutes=20))
        made.append(one)
    return made


def at_checkpoint(entries: list[JournalEntry]) -> Checkpoint:
    """As a process keeps it, and as the next one reads it."""
    replica = JournalProjection()
    replica.apply_committed(entries)
    known = Checkpoint(replica.last_entry_id, replica.confirmed_states, (NOW,))
    return decode_checkpoint(encode_checkpoint(known), known.last_entry_id)


@settings(max_examples=settings().max_examples // 2)
@given(draw_journals(), st.integers(0, 40))
def test_a_checkpoint_and_the_rest_are_the_whole_journal(entries: list[JournalEntry], cut: int) -> None:
    whole, begun = JournalProjection(), JournalProjection()
    whole.apply_committed(entries)
    known = at_checkpoint(entries[:cut])
    begun.restart_from(known)
    begun.apply_committed(entries[known.last_entry_id :])
    assert begun.states == whole.states == fold_entries(entries[cut:], known)
    assert begun.last_entry_id == whole.last_entry_id


@settings(max_examples=settings().max_examples // 2)
@given(draw_journals(), st.integers(0, 40), st.integers(0, 40))
def test_what_waits_on_the_disk_counts_once_wherever_the_checkpoint_is(
    entries: list[JournalEntry], cut: int, sent: int
) -> None:
    """A process died after it sent ``sent`` entries and before it took them off its disk."""
    journal, waiting = entries[:sent], entries[max(0, sent - 5) :]
    whole, begun = JournalProjection(), JournalProjection()
    for replica in (whole, begun):
        for one in waiting:
            replica.apply_pending(one)
    whole.apply_committed(journal)
    known = at_checkpoint(journal[:cut])
    begun.drop_pending([one.uuid for one in waiting if one in journal])
    begun.restart_from(known)
    begun.apply_committed(journal[known.last_entry_id :])
    assert begun.states == whole.states


@pytest.mark.parametrize("state", STATES.values(), ids=[shown.value for shown in STATES])
def test_every_state_comes_back_as_it_was(state: AlarmState) -> None:
    whole = replace(state, comment="'; --", message="“T-12” at 19.9 %", acked_by=Actor("Zoë", "z", "r"))
    assert decode_checkpoint(encode_checkpoint(Checkpoint(7, (whole,), (NOW,))), 7) == Checkpoint(
        7, (whole,), (NOW,)
    )


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "{}", '{"states":[{}],"raises":[]}', '{"states":[],"raises":["never"]}',
     '{"states":[],"raises":[null]}'],
)  # fmt: skip
def test_what_this_program_never_wrote_is_no_checkpoint(text: str) -> None:
    assert decode_checkpoint(text, 7) == EMPTY_CHECKPOINT


def test_text_in_a_checkpoint_is_harmless_when_read() -> None:
    told = json.loads(
        encode_checkpoint(Checkpoint(1, (AlarmState(KEYS[0], count=1, occurrence=numbered_uuid(1)),)))
    )
    told["states"][0] |= {"key": ["R", "\x1b[2J", "\x07"], "message": "a\nb\x1b]0;x\x07", "comment": "\u202e"}
    (state,) = decode_checkpoint(json.dumps(told), 1).states
    assert not {"\x1b", "\x07", "\n", "\u202e"} & set(state.key.tag + state.message + state.comment)
