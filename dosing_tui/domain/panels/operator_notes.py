"""Operator notes, and the checks before a note is stored."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text

MAX_TEXT_LENGTH = 500
"""Maximum characters of a note, as in the database."""
MAX_AUTHOR_LENGTH = 60
_VALID_YEARS = range(2020, 2100)


@dataclass(frozen=True, slots=True)
class NoteDraft:
    """A note that is not stored yet. ``device`` None is the whole plant."""

    at: datetime
    text: str
    author: str
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A stored note. ``os_user`` comes from the console, ``noted_at`` and ``db_role`` from the server."""

    id: int
    at: datetime
    noted_at: datetime
    text: str
    author: str
    os_user: str
    db_role: str
    device: str | None


def clean_note(draft: NoteDraft) -> NoteDraft:
    """The draft on one line without control characters; its length is left to ``validate_note``."""
    return replace(
        draft,
        text=clean_line(draft.text, 2 * MAX_TEXT_LENGTH + 2),
        author=clean_line(draft.author, 2 * MAX_AUTHOR_LENGTH + 2),
        device=draft.device and clean_text(draft.device),
    )


def validate_note(draft: NoteDraft) -> str:
    """Why the draft is refused, as a sentence; '' if it is valid."""
    if not draft.text.strip():
        return "The note has no text."
    if len(draft.text) > MAX_TEXT_LENGTH:
        return f"The note is longer than {MAX_TEXT_LENGTH} characters."
    if not draft.author.strip():
        return "The note has no author: enter your name."
    if len(draft.author) > MAX_AUTHOR_LENGTH:
        return f"The author's name is longer than {MAX_AUTHOR_LENGTH} characters."
    if draft.at.astimezone(UTC).year not in _VALID_YEARS:
        return f"The note's time lies outside {_VALID_YEARS.start} to {_VALID_YEARS.stop - 1}."
    return ""
