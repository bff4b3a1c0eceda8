"""Which tiles wait for the next picture: those of tanks and stations have one a second in a calm plant."""

from collections.abc import Hashable
from datetime import datetime, timedelta

from dosing_tui.tui.layout.geometry import TileId

DENSE_PER_S = 20.0
"""Messages a second from which every picture has every tile."""
SLOW_TILES = frozenset({TileId.INVENTORY, TileId.STATION_LIGHTS})
"""Every message changes them, a little; doses and alarms are elsewhere."""
LEAST_AGE = timedelta(seconds=0.9)


class TilePace:
    """For one thread."""

    def __init__(self) -> None:
        self._drawn: dict[str, tuple[datetime, Hashable]] = {}
        self._has_waited: set[str] = set()

    def is_due(self, tile: str, now: datetime, *, message_rate: float, view: Hashable) -> bool:
        """Whether to draw the tile; False at most once in a row. ``view``: what else it is drawn from."""
        drawn_at, last_view = self._drawn.get(tile, (now - LEAST_AGE, None))
        may_wait = tile in SLOW_TILES and message_rate < DENSE_PER_S and view == last_view
        if may_wait and now - drawn_at < LEAST_AGE and tile not in self._has_waited:
            self._has_waited.add(tile)
            return False
        self._has_waited.discard(tile)
        self._drawn[tile] = now, view
        return True
