"""The demo's plant: its folder and its settings."""

import os
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

from platformdirs import user_data_path

from dosing_tui.config.sections.log_settings import LogSettings
from dosing_tui.config.settings import (
    CollectorMode,
    CollectorSettings,
    DatabaseSettings,
    MqttSettings,
    PlantSettings,
    Settings,
)
from dosing_tui.simulator.station import SimulatedStation

PLANT_NAME = "Demo plant"
SITE_ID = "demo"
LOCALTIME = Path("/etc/localtime")


def get_default_folder() -> Path:
    return user_data_path("dosing-tui", appauthor=False) / "demo"


def build_demo_settings(folder: Path, *, mqtt: MqttSettings, dsn: str, devices: int) -> Settings:
    """Settings of collector and console; all their files are in ``folder``."""
    return Settings(
        plant=PlantSettings(
            name=PLANT_NAME, site=SITE_ID, timezone=find_local_zone(), devices=list_station_names(devices)
        ),
        mqtt=mqtt,
        database=DatabaseSettings(dsn=dsn),
        collector=CollectorSettings(mode=CollectorMode.ALWAYS, spool_dir=str(folder / "spool")),
        log=LogSettings(file=str(folder / "console.log")),
    )


def list_station_names(devices: int) -> tuple[str, ...]:
    return tuple(SimulatedStation("", number, due_at=0.0).device_id for number in range(1, devices + 1))


def find_local_zone() -> str:
    """The IANA name of this machine's zone; UTC if it is unknown."""
    parts = LOCALTIME.resolve().parts
    names = (
        os.environ.get("TZ", "").removeprefix(":"),
        "/".join(parts[-2:]),
        "/".join(parts[-3:]),
        parts[-1],
    )
    zones = available_timezones()
    return next((name for name in names if name in zones), ZoneInfo("UTC").key)
