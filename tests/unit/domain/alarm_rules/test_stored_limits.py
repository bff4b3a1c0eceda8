"""What the database has of the alarm limits gives the same limits again."""

import json

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from msgspec.structs import replace

from dosing_tui.config.alarm_limits import build_alarm_limits
from dosing_tui.config.sections.pump_settings import PumpLimitSettings, PumpSettings
from dosing_tui.config.settings import AlarmLimitSettings, AlarmSettings, LimitSettings, Settings
from dosing_tui.domain.alarm_rules.shared.ingredient_limits import parse_stock_limits
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarm_rules.shared.stored_limits import format_limits, replace_limits
from dosing_tui.domain.capability.service_state import PlantServiceLimits, ServiceLimits

NAMES = st.text(min_size=1, max_size=8)
PERCENT = st.floats(0, 100)
OVERRIDES = st.builds(
    AlarmLimitSettings, chemical=NAMES, recipe=st.just("") | NAMES,
    stock_low_percent=st.none() | PERCENT, stock_critical_percent=st.none() | PERCENT,
    gross_error_g=st.none() | st.floats(0.001, 10_000),
)  # fmt: skip


@given(
    st.lists(NAMES, max_size=3),
    st.lists(OVERRIDES, max_size=4),
    PERCENT,
    st.floats(0.01, 100),
    st.integers(1, 99),
)
def test_limits_are_the_same_after_they_were_stored(
    stations: list[str], overrides: list[AlarmLimitSettings], percent: float, error_g: float, doses: int
) -> None:
    settings = Settings(
        limits=LimitSettings(stock_low_percent=percent, stock_warn_percent=percent + 1, cpk_low=error_g),
        alarms=AlarmSettings(stock_critical_percent=percent / 2, mean_error_g=error_g, mean_error_doses=doses,
                             stock_cover_days=error_g, offline_minutes=percent + 1),
        alarm_limits=tuple(overrides),
        pumps=PumpSettings(tube_life_g=error_g, calibration_days=percent),
        pump_limits=(PumpLimitSettings(2, "a", tube_life_hours=percent), PumpLimitSettings(3, tube_life_g=1)),
    )  # fmt: skip
    settings = replace(settings, plant=replace(settings.plant, devices=tuple(stations)))
    stored = format_limits(build_alarm_limits(settings))
    ours, others = build_alarm_limits(settings), build_alarm_limits(Settings())
    found = replace_limits(others, stored, percent)
    assert (
        structs.replace(found, tolerance_rules=ours.tolerance_rules)
        == ours
        == replace_limits(ours, stored, percent)
    )
    assert parse_stock_limits(stored, percent) == ours.stock


def test_limits_that_an_earlier_version_stored_leave_the_service_of_pumps_as_it_is() -> None:
    ours = structs.replace(AlarmLimits(), service=PlantServiceLimits(ServiceLimits(tube_life_g=9.0)))
    data = json.loads(format_limits(AlarmLimits()))
    earlier = {name: data[name] for name in data if not name.startswith("service")}
    assert replace_limits(ours, json.dumps(earlier), 20.0) == ours
