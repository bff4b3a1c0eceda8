"""What an operator writes down about a moment, and what a note has to be before it is stored."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text

TEXT_LONGEST = 500
"""Most characters of a note, as the database holds it."""
AUTHOR_LONGEST = 60
_YEARS = range(2020, 2100)


@dataclass(frozen=True, slots=True)
class NoteDraft:
    """A note that is not stored yet. ``device`` None is the whole plant."""

    at: datetime
    text: str
    author: str
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A stored note. ``os_user`` is the console's word, ``noted_at`` and ``db_role`` are the server's."""

    id: int
    at: datetime
    noted_at: datetime
    text: str
    author: str
    os_user: str
    db_role: str
    device: str | None


def cleaned(draft: NoteDraft) -> NoteDraft:
    """The draft on one line, and harmless; what is too long stays too long, for ``fault`` to say so."""
    return replace(
        draft,
        text=clean_line(draft.text, 2 * TEXT_LONGEST + 2),
        author=clean_line(draft.author, 2 * AUTHOR_LONGEST + 2),
        device=draft.device and clean_text(draft.device),
    )


def fault(draft: NoteDraft) -> str:
    """Why the draft cannot be stored, as a sentence; '' if it can."""
    if not draft.text.strip():
        return "The note has no text."
    if len(draft.text) > TEXT_LONGEST:
        return f"The note is longer than {TEXT_LONGEST} characters."
    if not draft.author.strip():
        return "The note has no author: enter your name."
    if len(draft.author) > AUTHOR_LONGEST:
        return f"The author's name is longer than {AUTHOR_LONGEST} characters."
    if draft.at.astimezone(UTC).year not in _YEARS:
        return f"The note's time lies outside {_YEARS.start} to {_YEARS.stop - 1}."
    return ""
