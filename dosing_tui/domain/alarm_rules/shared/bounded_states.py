"""States by key, of which there is room for so many: above it, the least useful are freed."""

from collections.abc import Callable, Container, Iterable, Iterator
from heapq import nsmallest
from typing import Any, Generic, TypeVar

FREED_SHARE = 20
"""When there is no room, one in so many is freed at once: a search for each new name would take too long."""


KeyT = TypeVar("KeyT")
StateT = TypeVar("StateT")


class BoundedStates(Generic[KeyT, StateT]):
    """``rank_use``: how useful a state is; the lowest are freed first. ``on_freed``: gets their keys.

    ``find_needed``: those that are freed after all others; there is room for ``most_needed`` of them more.
    """

    def __init__(
        self,
        *,
        most: int,
        rank_use: Callable[[KeyT, StateT], tuple[Any, ...]],  # Any: of whatever can be compared
        on_freed: Callable[[Iterable[KeyT]], None] = lambda keys: None,
        find_needed: Callable[[], Container[KeyT]] = frozenset,
        most_needed: int = 0,
    ) -> None:
        self._most, self._most_needed = most, most_needed
        self._rank_use, self._on_freed, self._find_needed = rank_use, on_freed, find_needed
        self._room = most
        """As it was when room was last made."""
        self._states: dict[KeyT, StateT] = {}
        self.freed_count = 0
        """Freed for want of room, since the start."""

    def __getitem__(self, key: KeyT) -> StateT:
        return self._states[key]

    def __contains__(self, key: object) -> bool:
        return key in self._states

    def __iter__(self) -> Iterator[KeyT]:
        return iter(self._states)

    def __len__(self) -> int:
        return len(self._states)

    def get(self, key: KeyT) -> StateT | None:
        return self._states.get(key)

    def values(self) -> Iterable[StateT]:
        return self._states.values()

    def items(self) -> Iterable[tuple[KeyT, StateT]]:
        return self._states.items()

    @property
    def is_full(self) -> bool:
        """There is hardly any room: the least useful have been freed, or soon will be."""
        return len(self._states) > self._room - 2 * self._most // FREED_SHARE

    def get_or_add(self, key: KeyT, create: Callable[[], StateT]) -> StateT:
        """The state of this key, created if new: then the least useful may be freed."""
        state = self._states.get(key)
        return self.add(key, create()) if state is None else state

    def add(self, key: KeyT, state: StateT) -> StateT:
        """Add a new state; the least useful may be freed."""
        if len(self._states) >= self._room:
            self._make_room()
        self._states[key] = state
        return state

    def remove(self, keys: Iterable[KeyT]) -> None:
        """Free these, that are no longer of use."""
        gone = [key for key in keys if self._states.pop(key, None) is not None]
        if gone:
            self._on_freed(gone)

    def _make_room(self) -> None:
        needed = self._find_needed()
        room_needed = min(sum(key in needed for key in self._states), self._most_needed)
        self._room = self._most + room_needed
        if len(self._states) < self._room:
            return
        count = max(1, self._most // FREED_SHARE)
        least = nsmallest(
            count, self._states.items(), key=lambda item: (item[0] in needed, *self._rank_use(*item))
        )
        self.freed_count += len(least)
        self.remove([key for key, _ in least])
