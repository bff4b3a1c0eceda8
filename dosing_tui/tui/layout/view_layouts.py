"""The views of the dashboard and how their tiles share the room."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from dosing_tui.tui.layout.geometry import LayoutPart, TileId, split_columns, split_rows


class DashboardView(StrEnum):
    OVERVIEW = "overview"
    INVENTORY = "inventory"
    CONSUMPTION = "consumption"
    QUALITY = "quality"
    PRODUCTION = "production"
    DOSES = "doses"
    SYSTEM_STATUS = "books"
    PANELS = "panels"
    """Declared panels without a tile of their own; see ``panel_catalog``."""

    @property
    def display_name(self) -> str:
        return "Data integrity" if self is DashboardView.SYSTEM_STATUS else self.value.capitalize()


@dataclass(frozen=True, slots=True)
class ViewLayout:
    """One arrangement for a wide window, one for a narrow one."""

    wide: LayoutPart
    narrow: LayoutPart


VIEW_LAYOUTS: Mapping[DashboardView, ViewLayout] = {
    DashboardView.INVENTORY: ViewLayout(
        wide=split_columns(
            (4, TileId.INVENTORY), (7, split_rows((4, TileId.TANK_TABLE), (5, TileId.SPARKLINES)))
        ),
        narrow=split_rows((9, TileId.INVENTORY), (12, TileId.TANK_TABLE)),
    ),
    DashboardView.CONSUMPTION: ViewLayout(
        wide=split_rows(
            (3, TileId.CONSUMPTION_LINES),
            (2, split_columns((1, TileId.CHEMICAL_TOTALS), (1, TileId.SPARKLINES), (1, TileId.CONSUMPTION))),
        ),
        narrow=split_rows(
            (13, TileId.CONSUMPTION_LINES),
            (8, split_columns((3, TileId.CHEMICAL_TOTALS), (4, TileId.SPARKLINES))),
        ),
    ),
    DashboardView.QUALITY: ViewLayout(
        wide=split_columns(
            (4, split_rows((5, TileId.ACCURACY), (3, TileId.ACCURACY_NUMBERS))),
            (6, split_rows((1, TileId.ERROR_RATE), (1, TileId.DURATION))),
        ),
        narrow=split_rows(
            (11, split_columns((1, TileId.ACCURACY), (1, TileId.ERROR_RATE))),
            (10, split_columns((3, TileId.ACCURACY_NUMBERS), (5, TileId.DURATION))),
        ),
    ),
    DashboardView.PRODUCTION: ViewLayout(
        wide=split_rows(
            (3, split_columns((1, TileId.BATCH_TOTALS), (1, TileId.PRODUCTION))), (5, TileId.DAILY_PRODUCTION)
        ),
        narrow=split_rows(
            (8, split_columns((1, TileId.BATCH_TOTALS), (1, TileId.PRODUCTION))),
            (13, TileId.DAILY_PRODUCTION),
        ),
    ),
    DashboardView.DOSES: ViewLayout(TileId.DOSES, TileId.DOSES),
    DashboardView.SYSTEM_STATUS: ViewLayout(TileId.SYSTEM_STATUS, TileId.SYSTEM_STATUS),
}
"""Every view but the overview and the other panels, which are computed."""
