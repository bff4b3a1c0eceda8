"""Delivery status of each notification channel."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct


class ChannelStatus(Struct, frozen=True):
    """Delivery status of one channel. ``lost``: notices that failed permanently or with an unknown result."""

    channel: str
    waiting: int = 0
    sent_today: int = 0
    last_sent: datetime | None = None
    failing_since: datetime | None = None
    """Start of the failure of a queued notice; None while no delivery fails."""
    last_error: datetime | None = None
    reason: str = ""
    """Reason of the last error, resolved or not."""
    lost: int = 0


def add_unused_channels(channels: Iterable[ChannelStatus], configured: Sequence[str]) -> list[ChannelStatus]:
    """Add configured channels without notices; sort failing channels first, then by name."""
    found = {one.channel: one for one in channels}
    every = [found.get(name) or ChannelStatus(name) for name in {*found, *configured}]
    return sorted(every, key=lambda one: (one.failing_since is None, one.channel))
