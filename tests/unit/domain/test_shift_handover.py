"""A handover is two notes: recognized by step and shift, the last of each counts, by two people."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from dosing_tui.domain.panels.operator_notes import Note, NoteDraft, clean_note, validate_note
from dosing_tui.domain.shift_handover import (
    HandoverSignature,
    HandoverStep,
    ShiftHandover,
    draft_handover,
    explain_refusal,
    find_handover,
    is_handover_note,
)
from dosing_tui.domain.time.shift_calendar import ShiftPeriod

ZONE = ZoneInfo("Europe/Berlin")
NIGHT = ShiftPeriod("Night", datetime(2026, 10, 24, 20, tzinfo=UTC), datetime(2026, 10, 25, 5, tzinfo=UTC))
"""With the repeated hour of the clock change."""
END = NIGHT.until


def store_note(draft: NoteDraft, number: int) -> Note:
    note = clean_note(draft)
    assert validate_note(note) == ""
    return Note(
        number, note.at, END + timedelta(minutes=number), note.text, note.author, "ops", "dosing", None
    )


def sign(step: HandoverStep, name: str, text: str, number: int, shift: ShiftPeriod = NIGHT) -> Note:
    return store_note(draft_handover(step, shift, ZONE, name=name, text=text, at=END), number)


def test_the_last_signature_of_each_step_counts() -> None:
    notes = [
        sign(HandoverStep.TAKE, "Ben", "", 3),
        sign(HandoverStep.LEAVE, "Anna", "pump 2: noisy", 1),
        sign(HandoverStep.LEAVE, "Anna", "pump 2 replaced", 2),
        replace(sign(HandoverStep.LEAVE, "Eve", "x", 9), text="my note"),
    ]
    found = find_handover(notes, NIGHT, ZONE)
    assert found.leave == HandoverSignature("Anna", END + timedelta(minutes=2), "pump 2 replaced", "dosing")
    assert found.take == HandoverSignature("Ben", END + timedelta(minutes=3), "confirmed", "dosing")
    assert found.is_complete
    assert [is_handover_note(note) for note in notes] == [True, True, True, False]


@pytest.mark.parametrize(
    "other",
    [
        NIGHT._replace(name="Nights"),
        NIGHT._replace(name="Night: x"),
        NIGHT._replace(since=NIGHT.since + timedelta(days=1)),
        # two shifts of one name in the two equal hours of the clock change
        NIGHT._replace(since=datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        NIGHT._replace(since=datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
    ],
)
def test_a_signature_is_of_one_shift_only(other: ShiftPeriod) -> None:
    assert find_handover([sign(HandoverStep.LEAVE, "Anna", "x", 1, other)], NIGHT, ZONE) == ShiftHandover()
    same_name = NIGHT._replace(since=other.since + timedelta(hours=1))
    assert find_handover([sign(HandoverStep.LEAVE, "Anna", "x", 1, other)], same_name, ZONE).leave is None


def test_two_people_sign() -> None:
    left = ShiftHandover(leave=HandoverSignature("Anna", END, "x", "dosing"))
    assert explain_refusal(HandoverStep.TAKE, " anna ", left).startswith("Anna handed over")
    assert explain_refusal(HandoverStep.TAKE, "Ben", left) == ""
    assert explain_refusal(HandoverStep.TAKE, " ", left) == "Enter your name."
    assert explain_refusal(HandoverStep.LEAVE, "Anna", left) == ""


def test_the_longest_note_fits_with_the_longest_name_of_a_shift() -> None:
    shift = NIGHT._replace(name="x" * 200)
    note = sign(HandoverStep.LEAVE, "n" * 60, "t" * 400, 1, shift)
    assert find_handover([note], shift, ZONE).leave is not None
