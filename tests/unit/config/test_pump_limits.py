"""[pumps] and [[pump_limits]]: tube life and calibration."""

from pathlib import Path

import pytest

from dosing_tui.config.alarm_limits import build_alarm_limits
from dosing_tui.config.loader import load_settings
from dosing_tui.config.render_toml import render_settings, render_template
from dosing_tui.domain.capability.service_state import ServiceLimits
from dosing_tui.errors import ConfigError
from tests.unit.config.test_alarm_limits import write_config

OWN = """
[pumps]
calibration_days = 90
scale_calibration_days = 365
tube_life_g = 50000

[[pump_limits]]
pump = 2
station = "dosing_system_01"
tube_life_g = 20000
tube_life_hours = 400
"""


def test_a_pump_has_its_own_limits_and_what_is_in_force_shows_them(tmp_path: Path) -> None:
    loaded = load_settings(write_config(tmp_path, OWN), {})
    limits = build_alarm_limits(loaded.settings).service
    assert limits.get_limits("dosing_system_01", 2) == ServiceLimits(90, 365, 20_000, 400)
    assert limits.get_limits("dosing_system_02", 2) == ServiceLimits(90, 365, 50_000, 0)
    shown = render_settings(loaded)
    assert load_settings(write_config(tmp_path, shown), {}).settings == loaded.settings


def test_the_documented_example_can_be_used(tmp_path: Path) -> None:
    lines = render_template().partition("# [[pump_limits]]")[2].partition("# Other")[0].splitlines()
    example = "[[pump_limits]]\n" + "\n".join(line.removeprefix("# ") for line in lines if " = " in line)
    (one,) = load_settings(write_config(tmp_path, example), {}).settings.pump_limits
    assert (one.pump, one.station, one.calibration_days) == (2, "dosing_system_01", 90.0)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[pumps]\ntube_life_g = -1", "pumps.tube_life_g: -1"),
        ("[pumps]\nscale_calibration_days = 1e9", "pumps.scale_calibration_days"),
        ("[[pump_limits]]\npump = 0", r"pump_limits\[1\].pump: 0"),
        ("[[pump_limits]]\nstation = 'x'", "pump is missing"),
        ("[[pump_limits]]\npump = 1\ncalibration_days = -2", r"pump_limits\[1\].calibration_days"),
    ],
)
def test_an_impossible_value_is_named(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        load_settings(write_config(tmp_path, text), {})
