"""Notices a broker that keeps the connection and answers nothing: suspended, say, or behind a dead network.

paho takes two keepalives for it, which are half a minute by default, and may be hours.
"""

from dosing_tui.mqtt.buffered_client import BufferedClient

ASK_AFTER_S = 5.0
"""Silence after which the broker is asked for an answer."""
ANSWER_TIMEOUT_S = 10.0
"""A broker that saves a full queue to a slow disk answers nothing meanwhile."""


class SilenceWatch:
    """For the watchdog of a connection; ``is_handling`` is set by the thread that reads."""

    def __init__(self) -> None:
        self.is_handling = False
        """Messages are being handed over: while that waits for room, nothing is read."""
        self._asked_at: float | None = None

    def is_silent(self, client: BufferedClient, now: float) -> bool:
        """Whether the broker has not answered in time. ``now``: monotonic. Asks it when that is due."""
        if self.is_handling or now - client.received_at < ASK_AFTER_S:
            self._asked_at = None
        elif self._asked_at is None or client.received_at > self._asked_at:
            self._asked_at = now
            client.request_answer()
        return self._asked_at is not None and now - self._asked_at >= ANSWER_TIMEOUT_S
