"""Operator notes, and the checks before a note is stored."""

from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text

MAX_TEXT_LENGTH = 500
"""Maximum characters of a note, as in the database."""
MAX_AUTHOR_LENGTH = 60
_VALID_YEARS = range(2020, 2100)


class NoteDraft(Struct, frozen=True):
    """A note that is not stored yet. ``device`` None is the whole plant."""

    at: datetime
    text: str
    author: str
    device: str | None = None


class Note(Struct, frozen=True):
    """A stored note. ``os_user`` comes from the console, ``noted_at`` and ``db_role`` from the server."""

    id: int
    at: datetime
    noted_at: datetime
    text: str
    author: str
    os_user: str
    db_role: str
    device: str | None

    @property
    def attribution(self) -> str:
        """Who wrote it: the name that was typed, and the role that the database saw."""
        return f"{self.author} (role {self.db_role})"


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
    checks = (
        (draft.text.strip(), "The note has no text."),
        (len(draft.text) <= MAX_TEXT_LENGTH, f"The note is longer than {MAX_TEXT_LENGTH} characters."),
        (draft.author.strip(), "The note has no author: enter your name."),
        (
            len(draft.author) <= MAX_AUTHOR_LENGTH,
            f"The author's name is longer than {MAX_AUTHOR_LENGTH} characters.",
        ),
        (
            draft.at.astimezone(UTC).year in _VALID_YEARS,
            f"The note's time lies outside {_VALID_YEARS.start} to {_VALID_YEARS.stop - 1}.",
        ),
    )
    return next((sentence for is_fine, sentence in checks if not is_fine), "")
