"""What is done to pumps and scales: check weighings, tube changes, calibrations, tares. Pure."""

import math
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from msgspec import Struct

from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text
from dosing_tui.domain.panels.operator_notes import MAX_AUTHOR_LENGTH, MAX_TEXT_LENGTH

MAX_READINGS = 50
MAX_MASS_G = 1e9
CLOCK_TOLERANCE = timedelta(minutes=5)
"""An entry is made after the work; a console's clock may be this much ahead of the database's."""


class ServiceKind(StrEnum):
    """As stored."""

    CHECK = "check weighing"
    TUBE = "tube change"
    CALIBRATION = "calibration"
    TARE = "tare"
    WITHDRAWAL = "withdrawal"
    """Takes back an entry that is wrong; both stay in the log."""


class ServiceDraft(Struct, frozen=True):
    """``pump`` None: the station's scale. ``readings_g``: of a check weighing of ``target_g``."""

    request_id: UUID
    """Sent twice, the entry is made once."""
    at: datetime
    device: str
    pump: int | None
    kind: ServiceKind
    person: str
    note: str = ""
    target_g: float | None = None
    readings_g: tuple[float, ...] = ()
    withdraws: int | None = None
    """The entry that this one takes back."""


class ServiceEntry(Struct, frozen=True):
    """An entry as stored; the mean and the coefficient of variation are the database's."""

    entry_id: int
    at: datetime
    device_id: str
    pump: int | None
    kind: str
    target_g: float | None
    readings_g: Sequence[float]
    mean_g: float | None
    cv_percent: float | None
    """None for a single reading."""
    withdraws: int | None
    note: str
    person: str
    """The name that was entered; ``db_role`` and ``os_user`` are the database's role and the account."""
    os_user: str
    db_role: str
    entered_at: datetime
    is_withdrawn: bool

    @property
    def is_valid(self) -> bool:
        """Whether it counts: neither withdrawn nor a withdrawal."""
        return not self.is_withdrawn and self.kind != ServiceKind.WITHDRAWAL

    @property
    def part(self) -> str:
        """'pump 2', or 'scale'."""
        return describe_part(self.pump)


def describe_part(pump: int | None) -> str:
    return "scale" if pump is None else f"pump {pump}"


def parse_readings(text: str) -> tuple[float, ...]:
    """Weighings in g, separated by blanks or semicolons, '40.1 40,0'.

    Raises: ValueError with a sentence.

    >>> parse_readings("40.1; 39,9 40")
    (40.1, 39.9, 40.0)
    """
    try:
        return tuple(float(part.replace(",", ".")) for part in re.split(r"[\s;]+|,\s+", text.strip()) if part)
    except ValueError as error:
        raise ValueError(f"{clean_line(text, 40)} are not weighings. Enter 40.1 39.9 40.0.") from error


def clean_draft(draft: ServiceDraft) -> ServiceDraft:
    """With text that can be stored."""
    return ServiceDraft(
        draft.request_id, draft.at, clean_text(draft.device), draft.pump, draft.kind,
        clean_line(draft.person, MAX_AUTHOR_LENGTH), clean_line(draft.note, MAX_TEXT_LENGTH),
        draft.target_g, draft.readings_g, draft.withdraws,
    )  # fmt: skip


def validate_service(draft: ServiceDraft, now: datetime) -> str:
    """A sentence for the operator if the entry cannot be made, else ''."""
    is_check = draft.kind is ServiceKind.CHECK
    is_withdrawal = draft.kind is ServiceKind.WITHDRAWAL
    masses = (*draft.readings_g, *(() if draft.target_g is None else (draft.target_g,)))
    are_masses = all(math.isfinite(mass) and 0 <= mass < MAX_MASS_G for mass in masses)
    checks = (
        (not draft.person.strip(), "Enter your name."),
        (not draft.device, "Choose a station."),
        (draft.at > now + CLOCK_TOLERANCE, "This time is still to come. Enter the work after it is done."),
        (draft.kind is ServiceKind.TUBE and draft.pump is None, "A scale has no tube. Choose a pump."),
        (draft.kind is ServiceKind.TARE and draft.pump is not None, "A tare is of the scale, not of a pump."),
        (is_withdrawal and not draft.note.strip(), "Say what is wrong with the entry."),
        (is_check and not draft.target_g, "Enter the mass that was asked for, in g."),
        (is_check and not draft.readings_g, "Enter the weighings in g, e.g. 40.1 39.9 40.0."),
        (len(draft.readings_g) > MAX_READINGS, f"Enter at most {MAX_READINGS} weighings."),
        (not is_check and bool(masses), "Only a check weighing has weighings."),
        (not are_masses, "Enter masses of 0 g or more."),
    )  # fmt: skip
    return next((sentence for is_wrong, sentence in checks if is_wrong), "")
