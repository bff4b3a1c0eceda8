"""Shift handover: who left, who took over, and their notes. Stored as operator notes: append-only.

The text begins with step and shift: ``Shift handover, Early 2026-11-24 06:00+0100: <text>``.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from msgspec import Struct

from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.domain.panels.operator_notes import Note, NoteDraft
from dosing_tui.domain.time.shift_calendar import ShiftPeriod

SIGNING_PERIOD = timedelta(hours=24)
"""A handover can be signed so long after the end of its shift."""
CONFIRMED = "confirmed"
"""The text of a signature without one."""


class HandoverStep(StrEnum):
    LEAVE = "handover"
    TAKE = "takeover"


class HandoverSignature(Struct, frozen=True):
    """``signed_at``: the database's time. ``account``: the role that the database saw."""

    name: str
    signed_at: datetime
    text: str
    account: str


class ShiftHandover(Struct, frozen=True):
    """The last signature of each step; None: not signed yet."""

    leave: HandoverSignature | None = None
    take: HandoverSignature | None = None

    @property
    def is_complete(self) -> bool:
        return self.leave is not None and self.take is not None


NO_HANDOVER = ShiftHandover()


def draft_handover(
    step: HandoverStep, shift: ShiftPeriod, zone: tzinfo, *, name: str, text: str, at: datetime
) -> NoteDraft:
    """The note of a signature."""
    return NoteDraft(at, f"{_format_prefix(step, shift, zone)}{text.strip() or CONFIRMED}", name)


def find_handover(notes: Iterable[Note], shift: ShiftPeriod, zone: tzinfo) -> ShiftHandover:
    """The signatures among these notes: of each step the one that was stored last."""
    ordered = sorted(notes, key=lambda note: note.id)
    leave, take = (
        [signature for note in ordered if (signature := _parse_signature(note, step, shift, zone))]
        for step in HandoverStep
    )
    return ShiftHandover(leave[-1] if leave else None, take[-1] if take else None)


def is_handover_note(note: Note) -> bool:
    """A signature, of any shift: reports print it in its own place."""
    return note.text.startswith(tuple(f"Shift {step}, " for step in HandoverStep))


def explain_refusal(step: HandoverStep, name: str, handover: ShiftHandover) -> str:
    """Why this person cannot sign, as a sentence; '' if nothing is against it."""
    other = handover.take if step is HandoverStep.LEAVE else handover.leave
    if not name.strip():
        return "Enter your name."
    if other is not None and _fold_name(other.name) == _fold_name(name):
        done = "took over" if step is HandoverStep.LEAVE else "handed over"
        return f"{clean_text(other.name)} {done} this shift: somebody else has to sign here."
    return ""


def _parse_signature(
    note: Note, step: HandoverStep, shift: ShiftPeriod, zone: tzinfo
) -> HandoverSignature | None:
    prefix = _format_prefix(step, shift, zone)
    if not note.text.startswith(prefix):
        return None
    return HandoverSignature(note.author, note.noted_at, note.text.removeprefix(prefix), note.db_role)


def _format_prefix(step: HandoverStep, shift: ShiftPeriod, zone: tzinfo) -> str:
    """With the offset from UTC: of the two equal hours in autumn each is another shift."""
    name = clean_text(shift.name, limit=60)
    return f"Shift {step}, {name} {shift.since.astimezone(zone):%Y-%m-%d %H:%M%z}: "


def _fold_name(name: str) -> str:
    return " ".join(name.split()).casefold()
