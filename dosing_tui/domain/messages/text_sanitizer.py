"""Sanitize external text for terminals, logs and databases. Ordinary letters are unchanged."""

import unicodedata
from functools import lru_cache

REPLACEMENT = "\ufffd"
ELLIPSIS = "…"
_OPEN_ENDS = " ·,;:(–-"
"""What no cut text ends with."""
MAX_MARKS = 2
"""Maximum combining marks per letter after composition. Thai needs two; more can overwrite other lines."""

_HARMFUL_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp", "Me"})
"""Unicode categories that are replaced.

Control, format (bidi, zero width, joiners), surrogate, unassigned, private use, separator, enclosing mark.
"""

# Printable by category, but invisible, or with a width that depends on the adjacent characters.
_ODD_RANGES = (
    (0x034F, 0x034F),  # combining grapheme joiner
    (0x115F, 0x11FF),  # Hangul jamo that are only valid inside a syllable
    (0x17B4, 0x17B5),  # invisible Khmer vowels
    (0x180B, 0x180F),  # Mongolian variation selectors
    (0x3164, 0x3164),  # Hangul filler
    (0xD7B0, 0xD7FF),  # more jamo
    (0xFE00, 0xFE0F),  # variation selectors
    (0xFFA0, 0xFFA0),  # halfwidth Hangul filler
    (0x1F1E6, 0x1F1FF),  # halves of flags
    (0x1F3FB, 0x1F3FF),  # skin tones
    (0xE0100, 0xE01EF),  # more variation selectors
)

# Two cells wide since Unicode 16, which this Python's table may not have.
_LATE_WIDE_RANGES = (
    (0x2630, 0x2637),
    (0x268A, 0x268F),
    (0x4DC0, 0x4DFF),
    (0x1D300, 0x1D356),
    (0x1D360, 0x1D376),
)


def clean_text(text: str, *, limit: int = 64) -> str:
    """Sanitize one name: trim, limit to ``limit`` terminal cells, replace unsafe characters by U+FFFD.

    >>> clean_text(" T-12\\x1b[2J ")
    'T-12�[2J'
    """
    # NFC composition takes quadratic time for thousands of marks in a row, and the cache keeps what it gets
    return _clean_short(text if len(text) <= limit * 8 else text.strip()[: limit * 8], limit)


@lru_cache(maxsize=4096)  # every message repeats the plant's few names
def _clean_short(text: str, limit: int) -> str:
    if len(text) <= limit and text.isascii() and text.isprintable():
        return text.strip()
    return _fit_cells(text.strip(), limit)


def clean_line(text: str, limit: int = 240) -> str:
    """Sanitize one line of text like ``clean_text``; runs of whitespace become single spaces.

    >>> clean_line("first\\n\\tsecond")
    'first second'
    """
    return clean_text(" ".join(text[: limit * 8].split()), limit=limit)


def cut_at_word(text: str, width: int) -> str:
    """Cut a sanitized line behind its last whole word that fits; only a first word is cut itself.

    >>> cut_at_word("Low inventory: T-12 at 18.3 %", 24), cut_at_word("Natriumhypochlorit", 9)
    ('Low inventory: T-12 at …', 'Natriumh…')
    """
    if count_cells(text) <= width:
        return text
    kept = ""
    for word in text.split(" "):
        longer = f"{kept} {word}" if kept else word
        if count_cells(longer) + 2 > width:
            break
        kept = longer
    return f"{kept.rstrip(_OPEN_ENDS)} {ELLIPSIS}" if kept else clean_text(text, limit=width)


def count_cells(text: str) -> int:
    """Count the terminal cells of sanitized text."""
    return len(text) if text.isascii() else sum(_measure_character(character)[1] for character in text)


def _fit_cells(text: str, limit: int) -> str:
    kept: list[str] = []
    used, marks = 0, MAX_MARKS
    for original in unicodedata.normalize("NFC", text):
        character, width = _measure_character(original)
        if width:
            # no mark on a space: trimming would separate the mark from its base character
            marks = MAX_MARKS if character == " " else 0
        else:
            marks += 1
        if marks > MAX_MARKS:
            continue
        if used + width > limit:
            return _shorten_text(kept, used, limit)
        kept.append(character)
        used += width
    return "".join(kept).strip()


def _shorten_text(characters: list[str], used: int, limit: int) -> str:
    while characters and used >= limit:
        used -= _measure_character(characters.pop())[1]
    return "".join(characters).strip() + ELLIPSIS if limit > 0 else ""


@lru_cache(maxsize=4096)
def _measure_character(character: str) -> tuple[str, int]:
    """Return the safe replacement of a character and its width in terminal cells."""
    category = unicodedata.category(character)
    if category == "Zs":
        return " ", 1
    if category in _HARMFUL_CATEGORIES or any(first <= ord(character) <= last for first, last in _ODD_RANGES):
        return REPLACEMENT, 1
    if category == "Mn":
        return character, 0
    is_wide = unicodedata.east_asian_width(character) in "WF" or any(
        first <= ord(character) <= last for first, last in _LATE_WIDE_RANGES
    )
    return character, 2 if is_wide else 1
