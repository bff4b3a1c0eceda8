"""Tells from a client's connections that another program uses the same client id. Pure: no clock, no network.

A broker gives a client id to whoever came last. Two programs with one id therefore throw each other out as
often as they dial, and MQTT 3.1.1 does not say why: only the short lives of the connections do.
"""

from datetime import datetime, timedelta

SHORT = timedelta(seconds=5)
"""A connection that lives longer is a good one."""
TELLING = 3
"""So many short lives in a row are no accident."""


class Contention:
    """Follows one client's connections."""

    def __init__(self, client_id: str) -> None:
        self._client_id = client_id
        self._since: datetime | None = None
        self._short_lives = 0
        self._told = False

    @property
    def contested(self) -> bool:
        return self._told or self._short_lives >= TELLING

    @property
    def why(self) -> str:
        """The sentence for the operator; '' as long as nothing points to another program."""
        if self._told:
            return f"Another program connected with this one's client id '{self._client_id}'; only one may."
        if self.contested:
            return (
                f"The broker ends each connection within seconds: "
                f"another program probably uses this one's client id '{self._client_id}'."
            )
        return ""

    def connected(self, now: datetime) -> None:
        self._since = now

    def lost(self, now: datetime, *, taken_over: bool) -> None:
        """``taken_over``: the broker gave that as its reason, which MQTT 5 allows."""
        lived = now - self._since if self._since else timedelta()
        self._short_lives = self._short_lives + 1 if lived < SHORT else 0
        self._told = taken_over
        self._since = None

    def settled(self, now: datetime) -> bool:
        """Has the present connection lived long enough? If so, what was before is forgotten."""
        if self._since is None or now - self._since < SHORT:
            return False
        self._short_lives, self._told = 0, False
        return True
