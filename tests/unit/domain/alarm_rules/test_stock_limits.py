"""A tank is low on every screen by the limit that its alarm has."""

from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.config.alarm_limits import build_alarm_limits
from dosing_tui.config.settings import AlarmLimitSettings, Settings
from dosing_tui.domain.messages.tank_level import LevelBand
from tests.support.domain.evaluated_plant import EvaluatedPlant

SETTINGS = Settings(
    alarm_limits=(
        AlarmLimitSettings(chemical="t-12", stock_low_percent=40.0),
        AlarmLimitSettings(chemical="T-9", stock_critical_percent=9.0),
        AlarmLimitSettings(chemical="BDO", recipe="CU-85", stock_low_percent=90.0),
    )
)


@given(st.sampled_from(["T-12", "T‑12", "T-9", "BDO", "another"]), st.floats(0, 100))
def test_a_screen_calls_a_tank_low_where_the_alarm_does(chemical: str, percent: float) -> None:
    level = EvaluatedPlant().make_level(percent, chemical=chemical)
    limits = build_alarm_limits(SETTINGS)
    limit = limits.get_ingredient_limits(chemical=chemical).stock_low_percent
    band = limits.stock.find_band(level)
    assert (band is LevelBand.LOW) == (percent < limit)
