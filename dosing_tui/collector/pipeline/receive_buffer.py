"""Bounded buffer between paho's network thread and the intake thread."""

import threading
from collections import deque

from dosing_tui.mqtt.message import ReceivedMessage

MAX_MESSAGES = 5_000
MAX_BYTES = 32 * 1024 * 1024
CHUNK_MESSAGES = 1_000
"""Maximum of messages in one chunk: one transaction of the spool."""


class ReceiveBuffer:
    def __init__(self, *, max_messages: int = MAX_MESSAGES, max_bytes: int = MAX_BYTES) -> None:
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._messages: deque[ReceivedMessage] = deque()
        self._size_bytes = 0
        self._is_closed = False
        self._condition = threading.Condition(threading.Lock())

    def put_message(self, message: ReceivedMessage) -> None:
        """Block while the buffer is full. A closed buffer discards the message; the broker resends it."""
        with self._condition:
            while not self._has_room() and not self._is_closed:
                self._condition.wait()
            if self._is_closed:
                return
            if not self._messages:
                self._condition.notify_all()
            self._messages.append(message)
            self._size_bytes += len(message.payload)

    def take_chunk(self) -> list[ReceivedMessage]:
        """Wait for messages and take at most CHUNK_MESSAGES. Empty once the buffer is closed."""
        with self._condition:
            while not self._messages and not self._is_closed:
                self._condition.wait()
            if self._is_closed:
                return []
            if not self._has_room():
                self._condition.notify_all()
            chunk = [self._messages.popleft() for _ in range(min(CHUNK_MESSAGES, len(self._messages)))]
            self._size_bytes -= sum(len(message.payload) for message in chunk)
            return chunk

    def close(self) -> None:
        with self._condition:
            self._is_closed = True
            self._messages.clear()
            self._condition.notify_all()

    def _has_room(self) -> bool:
        return len(self._messages) < self._max_messages and self._size_bytes < self._max_bytes
