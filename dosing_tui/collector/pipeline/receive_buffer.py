"""Between the broker's thread and the one that stores. Bounded, whatever the broker sends."""

import threading
from collections import deque

from dosing_tui.mqtt.message import Delivery

MOST_MESSAGES = 5_000
MOST_BYTES = 32 * 1024 * 1024
AT_ONCE = 1_000
"""Most messages taken in one go: one transaction of the spool."""


class Inbox:
    def __init__(self, *, most_messages: int = MOST_MESSAGES, most_bytes: int = MOST_BYTES) -> None:
        self._most_messages = most_messages
        self._most_bytes = most_bytes
        self._waiting: deque[Delivery] = deque()
        self._bytes = 0
        self._closed = False
        self._changed = threading.Condition(threading.Lock())

    def put(self, delivery: Delivery) -> None:
        """Blocks while the inbox is full. Once it is closed the message is let go, and comes again."""
        with self._changed:
            while not self._has_room() and not self._closed:
                self._changed.wait()
            if self._closed:
                return
            if not self._waiting:
                self._changed.notify_all()
            self._waiting.append(delivery)
            self._bytes += len(delivery.payload)

    def take(self) -> list[Delivery]:
        """All that has arrived, at most AT_ONCE; waits for the first. Empty once the inbox is closed."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            if self._closed:
                return []
            if not self._has_room():
                self._changed.notify_all()
            taken = [self._waiting.popleft() for _ in range(min(AT_ONCE, len(self._waiting)))]
            self._bytes -= sum(len(delivery.payload) for delivery in taken)
            return taken

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._waiting.clear()
            self._changed.notify_all()

    def _has_room(self) -> bool:
        return len(self._waiting) < self._most_messages and self._bytes < self._most_bytes
