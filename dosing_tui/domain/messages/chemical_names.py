"""Names of chemicals: spellings that differ only in case, blanks or look-alike dashes are one name."""

import unicodedata
from functools import lru_cache

_DASHES = frozenset("\u02d7\u2043\u2212")
"""Characters that look like a dash, besides those of the Unicode category for dashes."""


@lru_cache(maxsize=4096)  # every message repeats the plant's few names
def normalize_name(name: str) -> str:
    """Return the name as it is stored: with plain dashes and single blanks, in the case received.

    >>> normalize_name("T\u201112  A")
    'T-12 A'
    """
    if name.isascii():
        return " ".join(name.split())
    return " ".join("".join("-" if _is_dash(each) else each for each in name).split())


@lru_cache(maxsize=4096)
def fold_name(name: str) -> str:
    """Return what all spellings of a name have in common. It is compared, not displayed.

    >>> {fold_name(name) for name in ("T-12", "t-12", "T\u201112", " T - 12")}
    {'t-12'}
    """
    return "".join(normalize_name(name).split()).casefold()


def _is_dash(character: str) -> bool:
    return character in _DASHES or unicodedata.category(character) == "Pd"
