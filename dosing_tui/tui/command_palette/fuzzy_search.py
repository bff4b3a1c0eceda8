"""Finds texts by some of their letters, the best first. Pure.

Textual's own ``FuzzySearch`` tries every way to place the letters: a name such as ``aaaa…`` from the plant
stops it. Here the time of a search is proportional to the length of the texts.
"""

from collections.abc import Callable, Iterable
from heapq import nsmallest
from typing import Generic, TypeVar

from msgspec import Struct

Item = TypeVar("Item")
MAX_MATCHES = 200
"""Matches that are ranked and shown; more letters narrow the rest."""
_WORD_START, _INSIDE, _SQUEEZED, _SCATTERED = 0, 1, 2, 3
"""Kinds of matches, the best first."""


class SearchMatch(Struct, Generic[Item], frozen=True):
    """``letters``: the indexes of the matching characters of the text."""

    item: Item
    letters: frozenset[int] = frozenset()


def search_items(
    query: str, items: Iterable[Item], get_text: Callable[[Item], str]
) -> list[SearchMatch[Item]]:
    """The items whose text contains every word of ``query``; without a query all, in their order.

    At most ``MAX_MATCHES``. A word matches as it is, without punctuation (``t12`` finds ``T-12``), or with
    other letters between.
    """
    words = [word for word in query.casefold().split() if word]
    found = (
        (rank, number, SearchMatch(item, letters))
        for number, item in enumerate(items)
        for rank, letters in _match_words(words, get_text(item))
    )
    return [match for _, _, match in nsmallest(MAX_MATCHES, found, key=lambda one: one[:2])]


def _match_words(words: list[str], text: str) -> list[tuple[int, frozenset[int]]]:
    """One rank, the smaller the better, with the letters; empty if a word does not match."""
    folded = text.casefold()
    if len(folded) != len(text):
        # a letter that is two in lower case: positions would not fit
        folded = text.lower() if len(text.lower()) == len(text) else text
    rank, letters = 0, set[int]()
    for word in words:
        found = _match_word(word, folded)
        if found is None:
            return []
        kind, positions = found
        rank += kind * 1000 + positions[0]
        letters.update(positions)
    return [(rank, frozenset(letters))]


def _match_word(word: str, text: str) -> tuple[int, list[int]] | None:
    start = text.find(word)
    while start > 0 and text[start - 1].isalnum():
        later = text.find(word, start + 1)
        if later < 0:
            return _INSIDE, list(range(start, start + len(word)))
        start = later
    if start >= 0:
        return _WORD_START, list(range(start, start + len(word)))
    plain = [index for index, character in enumerate(text) if character.isalnum()]
    squeezed, wanted = "".join(text[index] for index in plain), "".join(filter(str.isalnum, word))
    start = squeezed.find(wanted) if wanted else -1
    if start >= 0:
        return _SQUEEZED, plain[start : start + len(wanted)]
    return _match_scattered(word, text)


def _match_scattered(word: str, text: str) -> tuple[int, list[int]] | None:
    """The letters in their order, each at its first place behind the one before."""
    positions: list[int] = []
    for letter in word:
        place = text.find(letter, positions[-1] + 1 if positions else 0)
        if place < 0:
            return None
        positions.append(place)
    return (_SCATTERED, positions) if positions[-1] - positions[0] < 4 * len(word) else None
