"""Bounded mapping of the most recently stored values."""

from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class RecentValues(Generic[Key, Value]):
    """Mapping of at most ``limit`` keys; the least recently stored one is evicted."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: dict[Key, Value] = {}

    def __len__(self) -> int:
        return len(self._values)

    def __contains__(self, key: object) -> bool:
        return key in self._values

    def get(self, key: Key) -> Value | None:
        return self._values.get(key)

    def store(self, key: Key, value: Value) -> None:
        if self._values.pop(key, None) is None and len(self._values) >= self._limit:
            del self._values[next(iter(self._values))]
        self._values[key] = value
