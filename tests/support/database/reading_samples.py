"""Readings and settings for tests: everything has a value, a test says only what it is about."""

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from dosing_tui.config.settings import DatabaseSettings, LimitSettings, PlantSettings, Settings
from dosing_tui.domain.messages.models import (
    BatchEvent,
    Dose,
    InventoryLevel,
    Reading,
    Rejection,
    TimeQuality,
)

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

DOSE = Dose(
    time=NOW,
    device_id="station-1",
    pump=1,
    chemical="BDO",
    target_g=50.0,
    actual_g=50.2,
    error_g=0.2,
    recipe="CU-65/75",
    mode="auto",
    duration_ms=4200,
    dedup=1,
    received_at=NOW + timedelta(seconds=1),
    time_quality=TimeQuality.DEVICE,
)
EVENT = BatchEvent(
    time=NOW,
    device_id="station-1",
    event="complete",
    recipe="CU-65/75",
    pumps=2,
    dedup=1,
    received_at=NOW + timedelta(seconds=1),
    time_quality=TimeQuality.DEVICE,
)
LEVEL = InventoryLevel(
    time=NOW,
    device_id="station-1",
    chemical="BDO",
    remaining_g=7500.0,
    capacity_g=10000.0,
    percent_full=75.0,
    dedup=1,
    received_at=NOW + timedelta(seconds=1),
    time_quality=TimeQuality.RECEIVE,
)
REJECTION = Rejection(
    topic="factory/dosing/consumption",
    record=b'{"pump": \xff\x00',
    reason="not JSON: 'utf-8' codec can't decode byte 0xff",
    received_at=NOW,
)


def settings_for(
    dsn: str,
    *,
    zone: str = "Europe/Berlin",
    site: str = "plant1",
    password: str = "",
    tolerance_g: float = 0.5,
) -> Settings:
    return Settings(
        plant=PlantSettings(timezone=zone, site=site),
        database=DatabaseSettings(dsn=dsn, password=password),
        limits=LimitSettings(tolerance_g=tolerance_g),
    )


def make_doses(count: int, *, start: datetime = NOW) -> list[Dose]:
    """Different doses, one a second."""
    return [replace(DOSE, time=start + timedelta(seconds=i), dedup=i) for i in range(count)]


def number_rows(
    *units: Reading | Rejection, first: int = 1
) -> list[tuple[int, tuple[Reading | Rejection, ...]]]:
    """One spool row for each unit, numbered from ``first``."""
    return [(seq, (unit,)) for seq, unit in enumerate(units, start=first)]
