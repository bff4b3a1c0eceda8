"""The address of the monitoring: on this machine only, unless it is said otherwise."""

import pytest

from dosing_tui.config.settings import MonitoringSettings, Settings
from dosing_tui.config.validation import validate_settings
from dosing_tui.errors import ConfigError


@pytest.mark.parametrize("listen", ["", "127.0.0.1:9464", "[::1]:9464", "localhost:1"])
def test_this_machine_is_allowed(listen: str) -> None:
    validate_settings(Settings(monitoring=MonitoringSettings(listen)))


@pytest.mark.parametrize("listen", ["0.0.0.0:9464", "[::]:9464", "10.0.0.7:9464", "plant.example:9464"])
def test_other_machines_have_to_be_allowed(listen: str) -> None:
    with pytest.raises(ConfigError, match="allow_remote = true"):
        validate_settings(Settings(monitoring=MonitoringSettings(listen)))
    validate_settings(Settings(monitoring=MonitoringSettings(listen, allow_remote=True)))


@pytest.mark.parametrize("listen", ["9464", "127.0.0.1", "127.0.0.1:x", "127.0.0.1:99999", "http://a:1/x"])
def test_what_is_no_address_is_refused(listen: str) -> None:
    with pytest.raises(ConfigError, match=r"is not HOST:PORT"):
        validate_settings(Settings(monitoring=MonitoringSettings(listen)))
