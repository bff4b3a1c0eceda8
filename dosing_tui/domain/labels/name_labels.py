"""Names cut to a width in cells, so that those shown together stay distinct."""

from collections import Counter
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import count
from typing import NamedTuple, TypeAlias

from dosing_tui.domain.messages.text_sanitizer import ELLIPSIS, count_cells

MAX_BARE_WIDTH = 3
"""Up to this width a label is the last word of its name alone: ``01``."""
MAX_READ_NAMES = 64
"""Up to so many names each label is compared with each name; of more, the cuts are."""
_SEPARATORS = " _-/.,·"
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"

Clusters: TypeAlias = tuple[str, ...]
"""A name as characters, each with its combining marks."""


def fit_labels(names: Iterable[str], width: int, *, ellipsis: str = ELLIPSIS) -> dict[str, str]:
    """A label of at most ``width`` cells for each name; distinct names have distinct labels.

    A name that fits is its own label. Any other is cut in the middle, where its last words begin. Labels that
    would be equal are cut where their names differ, or numbered where no cut shows a difference; a label
    depends on the other names only then. ``names`` are sanitized, and fewer than 36 ** ``width``.
    ``ellipsis`` has one cell.

    >>> fit_labels(["dosing_system_01", "dosing_system_02"], 10)
    {'dosing_system_01': 'dosing…01', 'dosing_system_02': 'dosing…02'}
    """
    return dict(_fit_labels(tuple(sorted(set(names))), max(0, width), ellipsis))


def are_labels_clear(names: Iterable[str], width: int, *, ellipsis: str = ELLIPSIS) -> bool:
    """Whether each label of that width is a part of its name, and no number in it lacks digits.

    >>> are_labels_clear(["tank 0001", "tank 0002"], 4), are_labels_clear(["tank 0001", "tank 0002"], 3)
    (True, False)
    """
    return _are_labels_clear(tuple(sorted(set(names))), max(0, width), ellipsis)


@lru_cache(maxsize=512)
def _are_labels_clear(names: tuple[str, ...], width: int, ellipsis: str) -> bool:
    return all(_is_clear(name, label, ellipsis) for name, label in _fit_labels(names, width, ellipsis))


def _is_clear(name: str, label: str, ellipsis: str) -> bool:
    if label == name:
        return True
    *heads, tail = label.split(ellipsis)
    head = heads[0] if heads else ""
    if not label.strip(ellipsis) or not name.startswith(head) or not name.endswith(tail):
        return False
    cuts = (len(head) if head else 0, len(name) - len(tail) if tail else 0)
    return not any(name[max(0, cut - 1) : cut].isdigit() and name[cut : cut + 1].isdigit() for cut in cuts)


@lru_cache(maxsize=512)  # every repaint asks for the same few names
def _fit_labels(names: tuple[str, ...], width: int, ellipsis: str) -> tuple[tuple[str, str], ...]:
    labels = {name: name for name in names if count_cells(name) <= width}
    labeller = _Labeller(
        [name for name in names if name not in labels], set(labels.values()), width, ellipsis
    )
    labels |= labeller.label_names()
    return tuple((name, labels[name]) for name in names)


class _Cut(NamedTuple):
    """In one place for several names: the first ``head`` cells, and the last ones or what is at ``start``."""

    head: int
    start: int = -1


class _Labeller:
    """Labels all of these names, which are too long; ``used`` are labels that are taken."""

    def __init__(self, names: Sequence[str], used: set[str], width: int, ellipsis: str) -> None:
        self._names, self._used, self._width, self._ellipsis = names, used, width, ellipsis
        self._counts: dict[_Cut, Counter[str]] = {}

    def label_names(self) -> dict[str, str]:
        return self._label_distinct(
            {name: _cut_name(name, width=self._width, ellipsis=self._ellipsis) for name in self._names}
        )

    def _label_distinct(self, cut_names: Mapping[str, str], unclear: Container[str] = ()) -> dict[str, str]:
        """The cuts that are unique; names whose cuts are equal are told apart within their own group."""
        groups: dict[str, list[str]] = {}
        for name, label in cut_names.items():
            groups.setdefault(label, []).append(name)
        labels = {
            members[0]: label
            for label, members in groups.items()
            if len(members) == 1 and label not in self._used and label not in unclear
        }
        self._used |= set(labels.values())
        for members in groups.values():
            if members[0] not in labels:
                labels |= self._separate_names(members)
        return labels

    def _separate_names(self, names: Sequence[str]) -> dict[str, str]:
        """By the cut that leaves the most of them clear; the rest again, and in the end by numbers.

        A label is clear if the same cut gives it to no other name, also to none outside of this group.
        """
        best, most = None, (0, 0)
        for cut in _list_cuts(names, self._width):
            labels = Counter(self._apply_cut(cut, name) for name in names)
            unique = [label for label, number in labels.items() if number == 1 and label not in self._used]
            if len(unique) < most[0] or self._ellipsis in labels:
                continue
            found = (len(unique) - len(self._list_unclear(cut, unique)), len(unique))
            if found > most:
                best, most = cut, found
            if most[0] == len(names):
                break
        if best is None:
            return _number_names(names, self._used, self._width, self._ellipsis)
        cut_names = {name: self._apply_cut(best, name) for name in names}
        # where no cut is clear, one that is unique in its group shows more than a number
        return self._label_distinct(
            cut_names, self._list_unclear(best, cut_names.values()) if most[0] else ()
        )

    def _list_unclear(self, cut: _Cut, labels: Iterable[str]) -> set[str]:
        """Those that the cut gives to several of all names; of a few names, those that fit several."""
        if len(self._names) <= MAX_READ_NAMES:
            return {label for label in labels if sum(self._fits(label, name) for name in self._names) > 1}
        if (counts := self._counts.get(cut)) is None:
            counts = self._counts[cut] = Counter(self._apply_cut(cut, name) for name in self._names)
        return {label for label in labels if counts[label] > 1}

    def _fits(self, label: str, name: str) -> bool:
        """Whether somebody who reads the label may take it for the name: an ellipsis stands for something."""
        head, *middle, tail = label.split(self._ellipsis)
        if not (name.startswith(head) and name.endswith(tail)):
            return False
        left_out = name[len(head) : len(name) - len(tail)]
        return bool(left_out) and all(part in left_out[1:-1] for part in middle)

    def _apply_cut(self, cut: _Cut, name: str) -> str:
        if cut.start < 0:
            return _cut_once(name, head=cut.head, width=self._width, ellipsis=self._ellipsis)
        return _cut_around(name, head=cut.head, start=cut.start, width=self._width, ellipsis=self._ellipsis)


def _list_cuts(names: Sequence[str], width: int) -> Iterator[_Cut]:
    """The most balanced first, then around the differences, with their whole number, and around numbers."""
    room = width - 1
    heads = sorted(range(room), key=lambda head: (abs(2 * head - room), head))
    starts = {_find_difference(first, second) for first in names[:2] for second in names} - {-1}
    for head in heads:
        if 3 * head >= room:
            yield _Cut(head)
    first = _split_clusters(names[0])
    starts |= {at for at in range(1, len(first)) if first[at].isdigit() and not first[at - 1].isdigit()}
    for start in sorted(starts):
        for head in heads:
            if head <= room - 2:
                yield _Cut(head, start)
    for head in heads:
        yield _Cut(head)


def _number_names(names: Sequence[str], used: set[str], width: int, ellipsis: str) -> dict[str, str]:
    """Numbers behind the beginning of the names, as no cut of this width shows their difference."""
    labels: dict[str, str] = {}
    numbers = count(1)
    for name in names:
        label = next(text for n in numbers if (text := _number_name(name, n, width, ellipsis)) not in used)
        if label:
            used.add(label)
        labels[name] = label
    return labels


def _number_name(name: str, number: int, width: int, ellipsis: str) -> str:
    mark = f"{ellipsis}#{number}"
    room = width - count_cells(mark)
    if room >= 0:
        return f"{_take_start(_split_clusters(name), room)}{mark}"
    digits = ""
    while number:
        number, digit = divmod(number, len(_DIGITS))
        digits = _DIGITS[digit] + digits
    return digits.rjust(width, "0") if len(digits) <= width else ""


def _cut_name(name: str, *, width: int, ellipsis: str) -> str:
    """The cut that depends on this name alone."""
    clusters = _split_clusters(name)
    tails = [number for number in range(1, len(clusters)) if _is_word_start(clusters, number)]
    if width <= MAX_BARE_WIDTH:
        last = "".join(clusters[tails[-1] :]) if tails else ""
        if 0 < count_cells(last) <= width:
            return last
    room = width - 1
    fitting = [
        text for number in tails if count_cells(text := "".join(clusters[number:])) <= max(2, (room + 1) // 2)
    ]
    last_word = "".join(clusters[tails[-1] :]) if tails else ""
    if not fitting and last_word[-1:].isdigit() and count_cells(last_word) <= width:
        # digits that are missing make another number of it
        head = room - count_cells(last_word)
        return _join_ends(clusters, head, room - head, ellipsis) if head > 0 else last_word
    tail = count_cells(fitting[0]) if fitting else max(1, room * 2 // 5)
    return _join_ends(clusters, max(0, room - tail), min(tail, room), ellipsis)


def _is_word_start(clusters: Clusters, number: int) -> bool:
    """A letter or digit behind something else, or a number behind letters."""
    before, here = clusters[number - 1], clusters[number]
    return here[0].isalnum() and (not before[0].isalnum() or (here.isdigit() and not before.isdigit()))


def _cut_once(name: str, *, head: int, width: int, ellipsis: str) -> str:
    """The first ``head`` cells and the last ones."""
    return _join_ends(_split_clusters(name), head, width - 1 - head, ellipsis)


def _join_ends(clusters: Clusters, head: int, tail: int, ellipsis: str) -> str:
    if head + tail < 0:
        return ""
    start = _take_start(clusters, head)
    end = "".join(reversed(_take_clusters(reversed(clusters), tail)))
    # no separator before an ellipsis, unless nothing else is left
    return f"{start.rstrip(_SEPARATORS) or start}{ellipsis}{end}"


def _cut_around(name: str, *, head: int, start: int, width: int, ellipsis: str) -> str:
    """The first ``head`` cells, and what is at ``start``; another ellipsis unless that is the end."""
    clusters = _split_clusters(name)
    if not head < start < len(clusters):
        return _cut_once(name, head=head, width=width, ellipsis=ellipsis)
    front = f"{_take_start(clusters, head)}{ellipsis}"
    rest = "".join(clusters[start:])
    room = width - count_cells(front)
    if count_cells(rest) <= room:
        return f"{front}{rest}"
    return f"{front}{_take_start(clusters[start:], room - 1)}{ellipsis}"


def _find_difference(first: str, second: str) -> int:
    """Where two names first differ, from the beginning of the number it is in; -1 for equal names."""
    one, other = _split_clusters(first), _split_clusters(second)
    pairs = (number for number, (a, b) in enumerate(zip(one, other, strict=False)) if a != b)
    start = next(pairs, -1 if one == other else min(len(one), len(other)))
    while 0 < start < len(one) and one[start - 1].isdigit() and one[start].isdigit():
        start -= 1
    return start


def _take_start(clusters: Clusters, room: int) -> str:
    return "".join(_take_clusters(clusters, room))


def _take_clusters(clusters: Iterable[str], room: int) -> list[str]:
    """The first ones, as many as have ``room`` cells."""
    taken: list[str] = []
    for cluster in clusters:
        room -= count_cells(cluster)
        if room < 0:
            break
        taken.append(cluster)
    return taken


@lru_cache(maxsize=4096)
def _split_clusters(name: str) -> Clusters:
    clusters: list[str] = []
    for character in name:
        if clusters and count_cells(character) == 0:
            clusters[-1] += character
        else:
            clusters.append(character)
    return tuple(clusters)
