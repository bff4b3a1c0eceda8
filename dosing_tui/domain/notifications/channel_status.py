"""How the channels are doing by which people are told of alarms. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ChannelStatus:
    """``lost``: refused for good, given up, or nobody knows."""

    channel: str
    waiting: int = 0
    sent_today: int = 0
    last_sent: datetime | None = None
    failing_since: datetime | None = None
    """Since when something waits that did not go out; None while nothing does."""
    last_error: datetime | None = None
    reason: str = ""
    """Of the newest error, over or not."""
    lost: int = 0


def add_unused_channels(channels: Iterable[ChannelStatus], configured: Sequence[str]) -> list[ChannelStatus]:
    """Those that fail first, then by name; also what is configured and was never used."""
    found = {one.channel: one for one in channels}
    every = [found.get(name) or ChannelStatus(name) for name in {*found, *configured}]
    return sorted(every, key=lambda one: (one.failing_since is None, one.channel))
