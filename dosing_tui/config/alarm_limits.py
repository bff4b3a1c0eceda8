"""Alarm and panel limits, built from the settings, from which ``migrate`` enters them into the database."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from dosing_tui.config.sections.pump_settings import build_service_limits
from dosing_tui.config.settings import AlarmLimitSettings, Settings
from dosing_tui.config.validation import LIMIT_RANGES
from dosing_tui.domain.alarm_rules.shared.ingredient_limits import IngredientLimits, LimitOverride
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarms.models import Priority
from dosing_tui.domain.tolerances.accuracy_class import parse_class_factor
from dosing_tui.domain.tolerances.least_dose import compute_least_dose
from dosing_tui.domain.tolerances.rules import ToleranceOverride, ToleranceRules


def build_alarm_limits(settings: Settings) -> AlarmLimits:
    """Limits of every alarm rule at this site."""
    alarms = settings.alarms
    return AlarmLimits(
        ingredients=IngredientLimits(
            stock_low_percent=settings.limits.stock_low_percent,
            stock_critical_percent=alarms.stock_critical_percent,
            gross_error_g=alarms.gross_error_g,
        ),
        overrides=tuple(
            LimitOverride(one.chemical, one.recipe, changes)
            for one in settings.alarm_limits
            if (changes := _select_overrides(one))
        ),
        expected_stations=settings.plant.devices,
        tolerance_rules=build_tolerance_rules(settings),
        stock_cover_days=alarms.stock_cover_days,
        stock_deadband_percent=alarms.stock_deadband_percent,
        stock_jump_percent=alarms.stock_jump_percent,
        mean_error_g=alarms.mean_error_g,
        mean_error_doses=alarms.mean_error_doses,
        error_rate_percent=alarms.error_rate_percent,
        error_rate_doses=alarms.error_rate_doses,
        slow_percent=alarms.slow_percent,
        stalled_after=timedelta(seconds=alarms.batch_stalled_s),
        abandoned_after=timedelta(minutes=alarms.batch_abandoned_minutes),
        offline_after=timedelta(minutes=alarms.offline_minutes),
        skew_warn=timedelta(seconds=alarms.skew_warn_s),
        skew_alarm=timedelta(seconds=alarms.skew_alarm_s),
        link_down_after=timedelta(seconds=alarms.link_down_s),
        spool_percent=alarms.spool_percent,
        spool_age=timedelta(minutes=alarms.spool_age_minutes),
        stock_warn_percent=settings.limits.stock_warn_percent,
        cpk_low=settings.limits.cpk_low,
        zone=ZoneInfo(settings.plant.timezone),
        service=build_service_limits(settings.pumps, settings.pump_limits),
    )


def build_tolerance_rules(settings: Settings) -> ToleranceRules:
    """The plant's tolerance rules in these settings; in force are those in the database."""
    limits = settings.limits
    return ToleranceRules(
        tolerance_g=limits.tolerance_g,
        tolerance_percent=settings.alarms.tolerance_percent,
        class_factor=parse_class_factor(limits.class_),
        least_dose_g=compute_least_dose(
            division_g=limits.scale_division_g,
            deviation_g=limits.scale_deviation_g,
            repeatability_percent=limits.scale_repeatability_percent,
        ),
        overrides=tuple(
            ToleranceOverride(each.chemical, each.recipe, each.tolerance_g, each.tolerance_percent)
            for each in settings.alarm_limits
            if each.tolerance_g is not None or each.tolerance_percent is not None
        ),
        pump_chemicals=settings.alarms.pump_chemicals,
    )


def _select_overrides(overrides: AlarmLimitSettings) -> dict[str, float]:
    names = IngredientLimits.__struct_fields__
    values = {key: getattr(overrides, key) for key, _, _ in LIMIT_RANGES if key in names}
    return {key: value for key, value in values.items() if value is not None}


def get_max_shelving(settings: Settings, priority: Priority) -> timedelta:
    """Longest shelving of an alarm of this priority at this site."""
    minutes = {
        Priority.HIGH: settings.alarms.shelve_high_minutes,
        Priority.MEDIUM: settings.alarms.shelve_medium_minutes,
    }
    return timedelta(minutes=minutes.get(priority, settings.alarms.shelve_low_minutes))
