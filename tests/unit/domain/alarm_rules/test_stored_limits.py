"""What the database has of the alarm limits gives the same limits again."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.config.alarm_limits import build_alarm_limits, format_stored_limits
from dosing_tui.config.settings import AlarmLimitSettings, AlarmSettings, LimitSettings, Settings
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarm_rules.shared.stored_limits import replace_limits

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
        limits=LimitSettings(stock_low_percent=percent),
        alarms=AlarmSettings(stock_critical_percent=percent / 2, mean_error_g=error_g, mean_error_doses=doses,
                             stock_cover_days=error_g, offline_minutes=percent + 1),
        alarm_limits=tuple(overrides),
    )  # fmt: skip
    settings = replace(settings, plant=replace(settings.plant, devices=tuple(stations)))
    stored = format_stored_limits(settings)
    ours, others = build_alarm_limits(settings), build_alarm_limits(Settings())
    found = replace_limits(others, stored, percent)
    assert is_same(found, ours)
    assert replace_limits(ours, stored, percent) == replace(ours, overrides=found.overrides)


def is_same(first: AlarmLimits, second: AlarmLimits) -> bool:
    """An override without a limit of the alarms has no effect on them."""
    kept = tuple(each for each in second.overrides if each.changes)
    return replace(first, tolerance_rules=second.tolerance_rules) == replace(second, overrides=kept)
