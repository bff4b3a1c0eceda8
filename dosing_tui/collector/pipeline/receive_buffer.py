"""Bounded buffer between paho's network thread and the intake thread."""

import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence

from dosing_tui.collector.pipeline.adaptive_window import AdaptiveWindow
from dosing_tui.mqtt.message import ReceivedMessage

MAX_MESSAGES = 5_000
MAX_BYTES = 32 * 1024 * 1024
CHUNK_MESSAGES = 1_000
"""Maximum of messages in one chunk: one transaction of the spool."""
WINDOW_S = 0.005
"""Wait for more messages while they are dense, so that one flush to disk carries many."""
MIN_IN_FLIGHT = 20
"""Unacknowledged messages from which nothing waits: with its default, Mosquitto then sends no more."""


class ReceiveBuffer:
    def __init__(self, *, max_messages: int = MAX_MESSAGES, max_bytes: int = MAX_BYTES) -> None:
        self._max_messages = max_messages
        self._max_bytes = max_bytes
        self._messages: deque[ReceivedMessage] = deque()
        self._size_bytes = 0
        self._is_closed = False
        self._unrepeated: list[ReceivedMessage] = []
        self._unrepeated_bytes = 0
        self._condition = threading.Condition(threading.Lock())
        self._window = AdaptiveWindow(WINDOW_S)
        self._first_at = 0.0
        self._connection = 0
        """Number of the newest message's connection; the next two are of this connection alone."""
        self._in_flight = 0
        """Messages in the buffer that the broker waits to be acknowledged."""
        self._most_in_flight = MIN_IN_FLIGHT
        """The broker sent so many without an acknowledgement: its limit is not lower."""

    def put_messages(self, messages: Sequence[ReceivedMessage]) -> None:
        """Block while the buffer is full. A closed buffer discards what the broker sends again."""
        with self._condition:
            while not self._has_room() and not self._is_closed:
                self._condition.wait()
            if self._is_closed:
                self._keep_unrepeated(messages)
                return
            if not self._messages:
                self._first_at = time.monotonic()
                self._condition.notify_all()
            self._messages.extend(messages)
            self._size_bytes += sum(message.size_bytes for message in messages)
            self._count_in_flight(messages)
            if self._in_flight >= self._most_in_flight:
                self._condition.notify_all()

    def take_chunk(self) -> list[ReceivedMessage]:
        """Wait for messages and take at most CHUNK_MESSAGES. Empty once the buffer is closed.

        Every message taken before has to be acknowledged by now: only those in the buffer count as in flight.
        """
        with self._condition:
            while not self._messages and not self._is_closed:
                self._condition.wait()
            self._wait_for_more()
            if self._is_closed:
                return []
            if not self._has_room():
                self._condition.notify_all()
            chunk = self._remove_chunk()
            self._window.count_messages(len(chunk))
            return chunk

    def close(self, unstored: Sequence[ReceivedMessage] = ()) -> None:
        """``unstored``: what was taken last."""
        with self._condition:
            self._is_closed = True
            self._keep_unrepeated([*unstored, *self._messages])
            self._messages.clear()
            self._condition.notify_all()

    def take_unrepeated(self) -> list[ReceivedMessage]:
        """QoS 0 messages of a closed buffer, which the broker never sends again, as far as there was room."""
        with self._condition:
            unrepeated, self._unrepeated, self._unrepeated_bytes = self._unrepeated, [], 0
            return unrepeated

    def _keep_unrepeated(self, messages: Iterable[ReceivedMessage]) -> None:
        for message in messages:
            if not (message.qos or message.is_retained or self._is_rest_full):
                self._unrepeated.append(message._replace(connection_number=0))
                self._unrepeated_bytes += message.size_bytes

    def _remove_chunk(self) -> list[ReceivedMessage]:
        if len(self._messages) <= CHUNK_MESSAGES:
            chunk = list(self._messages)
            self._messages.clear()
            self._size_bytes = self._in_flight = 0
            return chunk
        chunk = [self._messages.popleft() for _ in range(CHUNK_MESSAGES)]
        self._size_bytes -= sum(message.size_bytes for message in chunk)
        self._in_flight -= sum(map(self._is_in_flight, chunk))
        return chunk

    def _wait_for_more(self) -> None:
        """Until the window is over, or the broker waits for acknowledgements."""
        until = self._first_at + self._window.window_s
        while self._in_flight < self._most_in_flight and not self._is_closed:
            remaining_s = until - time.monotonic()
            if remaining_s <= 0:
                break
            self._condition.wait(remaining_s)
        self._most_in_flight = min(max(self._most_in_flight, self._in_flight), CHUNK_MESSAGES)

    def _count_in_flight(self, messages: Sequence[ReceivedMessage]) -> None:
        if messages and messages[-1].connection_number != self._connection:
            self._connection = messages[-1].connection_number
            self._in_flight, self._most_in_flight = 0, MIN_IN_FLIGHT
        self._in_flight += sum(map(self._is_in_flight, messages))

    def _is_in_flight(self, message: ReceivedMessage) -> bool:
        return message.qos > 0 and message.connection_number == self._connection

    @property
    def _is_rest_full(self) -> bool:
        return len(self._unrepeated) >= self._max_messages or self._unrepeated_bytes >= self._max_bytes

    def _has_room(self) -> bool:
        return len(self._messages) < self._max_messages and self._size_bytes < self._max_bytes
