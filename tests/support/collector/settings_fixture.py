from pathlib import Path

import pytest

from dosing_tui.config.settings import Settings
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from tests.support.collector.numbered_messages import plant_settings


@pytest.fixture
def settings(mosquitto: EmbeddedBroker, migrated: str, tmp_path: Path) -> Settings:
    return plant_settings(mosquitto.settings, migrated, tmp_path)
