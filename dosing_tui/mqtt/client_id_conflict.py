"""Tells from a client's connections that another program uses the same client id. Pure: no clock, no network.

A broker gives a client id to whoever came last. Two programs with one id therefore throw each other out as
often as they dial, and MQTT 3.1.1 does not say why: only the short lives of the connections do.
"""

from datetime import datetime, timedelta

STABLE_AFTER = timedelta(seconds=5)
"""A connection that lives longer is a good one."""
SHORT_CONNECTION_LIMIT = 3
"""So many short lives in a row are no accident."""


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
        """The sentence for the operator; '' as long as nothing points to another program."""
        if self._is_taken_over:
            return f"Another program connected with this one's client id '{self._client_id}'; only one may."
        if self.is_detected:
            return (
                f"The broker ends each connection within seconds: "
                f"another program probably uses this one's client id '{self._client_id}'."
            )
        return ""

    def on_connect(self, now: datetime) -> None:
        self._connected_at = now

    def on_disconnect(self, now: datetime, *, taken_over: bool) -> None:
        """``taken_over``: the broker gave that as its reason, which MQTT 5 allows."""
        lived = now - self._connected_at if self._connected_at else timedelta()
        self._short_connections = self._short_connections + 1 if lived < STABLE_AFTER else 0
        self._is_taken_over = taken_over
        self._connected_at = None

    def clear_if_stable(self, now: datetime) -> bool:
        """Has the present connection lived long enough? If so, what was before is forgotten."""
        if self._connected_at is None or now - self._connected_at < STABLE_AFTER:
            return False
        self._short_connections, self._is_taken_over = 0, False
        return True
