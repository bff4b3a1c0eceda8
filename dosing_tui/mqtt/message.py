"""One message as the broker handed it over."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """``connection_number`` counts this client's connections: a packet id means nothing in another one."""

    topic: str
    payload: bytes
    received_at: datetime
    packet_id: int
    qos: int
    is_retained: bool
    connection_number: int
