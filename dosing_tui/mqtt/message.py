"""One message as received from the broker."""

from datetime import datetime
from typing import NamedTuple


class ReceivedMessage(NamedTuple):
    """``connection_number`` counts this client's connections: a packet ID is valid in its own only."""

    topic: str
    payload: bytes
    received_at: datetime
    packet_id: int
    qos: int
    is_retained: bool
    connection_number: int
    is_resent: bool = False
    """The DUP flag: the broker has sent it before, in this session."""
    session: int = 0
    """Number of the broker's session, from ``on_new_session``."""

    @property
    def size_bytes(self) -> int:
        """Of payload and topic, which is up to 64 KB long."""
        return len(self.payload) + len(self.topic)
