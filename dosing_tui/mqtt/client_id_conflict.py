"""Detects that another program uses the same client ID. Pure: no clock, no network.

A broker closes a client's connection when another one connects with its client ID. Two programs with one
ID therefore disconnect each other repeatedly. MQTT 3.1.1 gives no reason code: only the short connections
show it.
"""

from datetime import datetime, timedelta
from enum import Enum, auto

from dosing_tui.domain.quantities.set_back_clock import is_due

STABLE_AFTER = timedelta(seconds=5)
"""A connection that lasts longer is stable."""
SHORT_CONNECTION_LIMIT = 3
"""Consecutive short connections that count as a conflict."""


class ClientIdSharing(Enum):
    """Whether another program uses the client ID. What that one receives is missing here."""

    NONE = auto()
    SUSPECTED = auto()
    """The last connection was short, and the present one is not stable yet."""
    DETECTED = auto()


class ClientIdConflict:
    """Follows one client's connections."""

    def __init__(self, client_id: str) -> None:
        self._client_id = client_id
        self._connected_at: datetime | None = None
        self._short_connections = 0
        self._is_taken_over = False

    @property
    def is_detected(self) -> bool:
        return self._is_taken_over or self._short_connections >= SHORT_CONNECTION_LIMIT

    @property
    def reason(self) -> str:
        """The sentence for the operator; '' without a conflict."""
        if self._is_taken_over:
            return (
                f"Another program connected with this one's client id '{self._client_id}': "
                f"the broker closed this connection."
            )
        if self.is_detected:
            return (
                f"The broker closes each connection within seconds: "
                f"another program probably uses this one's client id '{self._client_id}'."
            )
        return ""

    def judge_sharing(self, now: datetime) -> ClientIdSharing:
        if self.is_detected:
            return ClientIdSharing.DETECTED
        is_suspected = self._short_connections and not self._is_stable(now)
        return ClientIdSharing.SUSPECTED if is_suspected else ClientIdSharing.NONE

    def on_connect(self, now: datetime) -> None:
        self._connected_at = now

    def on_disconnect(self, now: datetime, *, taken_over: bool) -> None:
        """``taken_over``: the broker's reason code was Session taken over (MQTT 5)."""
        duration = now - self._connected_at if self._connected_at else timedelta()
        self._short_connections = self._short_connections + 1 if duration < STABLE_AFTER else 0
        self._is_taken_over = taken_over
        self._connected_at = None

    def clear_if_stable(self, now: datetime) -> bool:
        """Clear the conflict if the current connection is stable. True if it is."""
        if not self._is_stable(now):
            return False
        self._short_connections, self._is_taken_over = 0, False
        return True

    def _is_stable(self, now: datetime) -> bool:
        return self._connected_at is not None and is_due(self._connected_at, now, STABLE_AFTER)
