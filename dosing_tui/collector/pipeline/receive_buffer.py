"""Between the broker's thread and the one that stores. Bounded, whatever the broker sends."""

import threading
from collections import deque

from dosing_tui.mqtt.message import ReceivedMessage

MAX_MESSAGES = 5_000
MAX_BYTES = 32 * 1024 * 1024
CHUNK_MESSAGES = 1_000
"""Most messages taken in one go: one transaction of the spool."""


class ReceiveBuffer:
    def __init__(self, *, max_messages: int = MAX_MESSAGES, max_bytes: int = MAX_BYTES) -> None:
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._messages: deque[ReceivedMessage] = deque()
        self._size_bytes = 0
        self._is_closed = False
        self._condition = threading.Condition(threading.Lock())

    def put_message(self, delivery: ReceivedMessage) -> None:
        """Blocks while the inbox is full. Once it is closed the message is let go, and comes again."""
        with self._condition:
            while not self._has_room() and not self._is_closed:
                self._condition.wait()
            if self._is_closed:
                return
            if not self._messages:
                self._condition.notify_all()
            self._messages.append(delivery)
            self._size_bytes += len(delivery.payload)

    def take_chunk(self) -> list[ReceivedMessage]:
        """All that has arrived, at most AT_ONCE; waits for the first. Empty once the inbox is closed."""
        with self._condition:
            while not self._messages and not self._is_closed:
                self._condition.wait()
            if self._is_closed:
                return []
            if not self._has_room():
                self._condition.notify_all()
            taken = [self._messages.popleft() for _ in range(min(CHUNK_MESSAGES, len(self._messages)))]
            self._size_bytes -= sum(len(delivery.payload) for delivery in taken)
            return taken

    def close(self) -> None:
        with self._condition:
            self._is_closed = True
            self._messages.clear()
            self._condition.notify_all()

    def _has_room(self) -> bool:
        return len(self._messages) < self._max_messages and self._size_bytes < self._max_bytes
