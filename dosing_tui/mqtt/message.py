"""One message as the broker handed it over."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Delivery:
    """``generation`` counts this client's connections: a packet id means nothing in another one."""

    topic: str
    payload: bytes
    received_at: datetime
    mid: int
    qos: int
    retained: bool
    generation: int
