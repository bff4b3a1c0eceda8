"""The tables that the guide's SQL makes, as an adoption expects to find them."""

from dataclasses import dataclass
from typing import Final

from dosing_tui.domain.messages.models import TimeQuality

HOURLY: Final = "dosing_consumption_hourly"
LATEST: Final = "latest_inventory"
HOURLY_COLUMNS: Final = (
    "bucket",
    "device_id",
    "chemical",
    "recipe",
    "mode",
    "dose_count",
    "total_grams",
    "avg_grams",
    "avg_error",
    "avg_duration_ms",
)


@dataclass(frozen=True, slots=True)
class Column:
    """One of the guide's columns. ``needed``: part of the identity. ``blank``: '' where nothing is said."""

    name: str
    type: str
    needed: bool = False
    blank: bool = False


@dataclass(frozen=True, slots=True)
class GuideTable:
    """``key`` is what our unique index holds; ``time_quality`` is what the guide's Telegraf made of time."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    time_quality: TimeQuality

    @property
    def old_name(self) -> str:
        """Where the old table waits while its rows are copied."""
        return old_name(self.name)


OURS: Final = ("dedup", "received_at", "time_quality", "flags")
"""Columns that the schema adds to each table."""


def old_name(name: str) -> str:
    return f"adopted_{name}"


_TIME = Column("time", "timestamptz", needed=True)
_DEVICE = Column("device_id", "text", needed=True)
_CHEMICAL = Column("chemical", "text", needed=True)
_RECIPE = Column("recipe", "text", blank=True)

DOSES: Final = GuideTable(
    "dosing_consumption",
    (
        _TIME,
        _DEVICE,
        Column("pump", "integer", needed=True),
        _CHEMICAL,
        Column("target_g", "double precision"),
        Column("actual_g", "double precision"),
        Column("error_g", "double precision"),
        _RECIPE,
        Column("mode", "text", blank=True),
        Column("duration_ms", "bigint"),
    ),
    ("device_id", "time", "pump", "dedup"),
    TimeQuality.DEVICE,
)
EVENTS: Final = GuideTable(
    "batch_events",
    (_TIME, _DEVICE, Column("event", "text", needed=True), _RECIPE, Column("pumps", "integer")),
    ("device_id", "time", "event", "recipe", "dedup"),
    TimeQuality.DEVICE,
)
# The guide gives Telegraf no time key for levels: their time is that of arrival.
LEVELS: Final = GuideTable(
    "inventory_levels",
    (
        _TIME,
        _DEVICE,
        _CHEMICAL,
        Column("remaining_g", "double precision"),
        Column("capacity_g", "double precision"),
        Column("percent_full", "double precision"),
    ),
    ("device_id", "chemical", "time", "dedup"),
    TimeQuality.RECEIVE,
)

TABLES: Final = (DOSES, EVENTS, LEVELS)
