"""Row of the panel of what stations tell of themselves."""

from datetime import datetime

from msgspec import Struct


class StationHealth(Struct, frozen=True):
    """What a station tells of itself; None and '' is what it has not said."""

    device_id: str
    status: str | None
    """online or offline, by its status topic; a reading after that proves it online."""
    status_since: datetime | None
    last_reading_at: datetime | None
    messages_lost: int | None
    """In the window, by gaps in its numbers, as far as its newest 500 changes go. None: it has no numbers."""
    lost_in_all: int | None
    restarts: int
    """In the window, by its boot ids."""
    rssi_dbm: int | None
    heap_free_bytes: int | None
    uptime_s: float | None
    firmware: str
    reported_at: datetime | None

    @property
    def identity(self) -> str:
        """The row stays selected when its figures change."""
        return self.device_id
