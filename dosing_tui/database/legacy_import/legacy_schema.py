"""The tables of the guide's SQL, as an import expects them."""

from collections.abc import Mapping
from typing import Final, LiteralString

from msgspec import Struct

from dosing_tui.domain.messages.models import TimeQuality

HOURLY_AGGREGATE: Final = "dosing_consumption_hourly"
LATEST_VIEW: Final = "latest_inventory"
HOURLY_COLUMNS: Final[Mapping[str, LiteralString]] = {
    "bucket": "timestamptz",
    "device_id": "text",
    "chemical": "text",
    "recipe": "text",
    "mode": "text",
    "dose_count": "bigint",
    "total_grams": "double precision",
    "avg_grams": "double precision",
    "avg_error": "double precision",
    "avg_duration_ms": "numeric",
}
"""Name -> type."""


class LegacyColumn(Struct, frozen=True):
    """A guide column. ``is_required``: part of the identity. ``has_blank_default``: NULL becomes ''."""

    name: str
    type: LiteralString
    is_required: bool = False
    has_blank_default: bool = False


class LegacyTable(Struct, frozen=True):
    """``unique_key``: columns of the new unique index; ``time_quality``: the source of the guide's times."""

    name: str
    columns: tuple[LegacyColumn, ...]
    unique_key: tuple[str, ...]
    time_quality: TimeQuality

    @property
    def legacy_name(self) -> str:
        """Name of the old table while its rows are copied."""
        return get_legacy_name(self.name)


ADDED_COLUMNS: Final[Mapping[str, LiteralString]] = {
    "dedup": "integer",
    "received_at": "timestamptz",
    "time_quality": "text",
    "flags": "text[]",
}
"""Columns that the schema adds to each table, with their types."""


def get_legacy_name(name: str) -> str:
    return f"adopted_{name}"


_TIME = LegacyColumn("time", "timestamptz", is_required=True)
_DEVICE = LegacyColumn("device_id", "text", is_required=True)
_CHEMICAL = LegacyColumn("chemical", "text", is_required=True)
_RECIPE = LegacyColumn("recipe", "text", has_blank_default=True)

DOSES: Final = LegacyTable(
    "dosing_consumption",
    (
        _TIME,
        _DEVICE,
        LegacyColumn("pump", "integer", is_required=True),
        _CHEMICAL,
        LegacyColumn("target_g", "double precision"),
        LegacyColumn("actual_g", "double precision"),
        LegacyColumn("error_g", "double precision"),
        _RECIPE,
        LegacyColumn("mode", "text", has_blank_default=True),
        LegacyColumn("duration_ms", "bigint"),
    ),
    ("device_id", "time", "pump", "dedup"),
    TimeQuality.DEVICE,
)
EVENTS: Final = LegacyTable(
    "batch_events",
    (
        _TIME,
        _DEVICE,
        LegacyColumn("event", "text", is_required=True),
        _RECIPE,
        LegacyColumn("pumps", "integer"),
    ),
    ("device_id", "time", "event", "recipe", "dedup"),
    TimeQuality.DEVICE,
)
# The guide configures no time key for levels in Telegraf: their time is the time of receipt.
LEVELS: Final = LegacyTable(
    "inventory_levels",
    (
        _TIME,
        _DEVICE,
        _CHEMICAL,
        LegacyColumn("remaining_g", "double precision"),
        LegacyColumn("capacity_g", "double precision"),
        LegacyColumn("percent_full", "double precision"),
    ),
    ("device_id", "chemical", "time", "dedup"),
    TimeQuality.RECEIVE,
)

TABLES: Final = (DOSES, EVENTS, LEVELS)
