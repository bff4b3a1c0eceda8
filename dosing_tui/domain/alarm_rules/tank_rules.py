"""Tank alarms: low, critical, level jump, mismatch of level and doses, and lots."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from dosing_tui.domain.alarm_rules.shared.batch_need import BatchNeed
from dosing_tui.domain.alarm_rules.shared.detection import Detection
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarm_rules.shared.rule_state import LevelChange, RuleState, TankState
from dosing_tui.domain.alarms.models import AlarmKey
from dosing_tui.domain.materials.ledger import TankMovement
from dosing_tui.domain.materials.lots.tank_lots import TankLots, check_tank_lots
from dosing_tui.domain.messages import tank_level
from dosing_tui.domain.messages.chemical_names import fold_name
from dosing_tui.domain.messages.models import Dose, InventoryLevel, TimeQuality
from dosing_tui.domain.panels.panel_catalog import StockOutlook
from dosing_tui.domain.quantities.quantity_text import format_decimal, format_mass, format_percent
from dosing_tui.domain.quantities.set_back_clock import is_due

GAP_CONFIRM_TIME = timedelta(seconds=30)
"""Minimum duration of a level mismatch. A dose and its level may arrive in either order."""
MIN_GAP_G = 0.1
GAP_PER_DOSE_G = 0.05
CLOCK_TOLERANCE = timedelta(seconds=60)
"""An event has the station's time, in whole seconds; a level that of its receipt."""
ENTRY_TOLERANCE = timedelta(hours=1)
"""An entry explains a change of the level if it is dated within it, or at most so long before or after.

People enter times from memory, or that of the entry; a delivery may be entered before the tank is filled.
"""


def check_level(rule_state: RuleState, level: InventoryLevel, limits: AlarmLimits) -> Iterator[Detection]:
    tank = rule_state.get_tank(level.device_id, level.chemical)
    if tank.has_live_level and level.time < (tank.level_time or level.time):
        return
    tank.level_time, tank.has_live_level, tank.last_level = level.time, True, level
    yield from check_fill_level(rule_state, level, limits)
    if level.remaining_g is not None:
        yield from _check_level_change(rule_state, tank, level, level.remaining_g, limits)


def load_level(rule_state: RuleState, level: InventoryLevel, limits: AlarmLimits) -> Iterator[Detection]:
    """Load a stored or retained level, unless a live one or a newer one is known.

    A rise to the next level raises STOCK_RESET. A mismatch is not checked: the doses between are unknown.
    """
    tank = rule_state.get_tank(level.device_id, level.chemical)
    if tank.has_live_level or level.time < (tank.level_time or level.time):
        return
    tank.level_time, tank.last_level = level.time, level
    yield from check_fill_level(rule_state, level, limits)
    if level.remaining_g is not None:
        tank.dosed_g = None
        yield from _check_level_change(rule_state, tank, level, level.remaining_g, limits)
        tank.dosed_g = None


def check_fill_level(
    rule_state: RuleState, level: InventoryLevel, limits: AlarmLimits
) -> Iterator[Detection]:
    """Check a level against the low and the critical limit.

    The critical limit is at least the mass that one batch takes from the tank.
    """
    percent = level.percent_full
    if percent is None:
        return
    own = limits.get_ingredient_limits(chemical=level.chemical)
    tank = rule_state.tanks.get((level.device_id, level.chemical))
    critical = max(own.stock_critical_percent, _calculate_batch_percent(level, tank))
    # the higher priority first: it suppresses the other by design
    for rule, limit in (("STOCK_CRITICAL", critical), ("STOCK_LOW", own.stock_low_percent)):
        if percent >= limit and rule_state.is_normal((rule, level.device_id, level.chemical)):
            continue
        active = (
            True if percent < limit else False if percent >= limit + limits.stock_deadband_percent else None
        )
        message = tank_level.describe_low_level(level, own.stock_low_percent)
        message = (message or f"{level.chemical} at {format_percent(percent)}") + _format_batch_need(tank)
        if rule == "STOCK_CRITICAL":
            message = message.replace("Low inventory", "Tank nearly empty")
        yield Detection(AlarmKey(rule, level.device_id, level.chemical), active, message, percent, limit)


def check_tanks_again(rule_state: RuleState, limits: AlarmLimits) -> Iterator[Detection]:
    """Check the last level of every tank, after its limits have changed."""
    for tank in rule_state.tanks.values():
        if tank.last_level is not None:
            yield from check_fill_level(rule_state, tank.last_level, limits)


def load_batch_needs(rule_state: RuleState, needs: Iterable[BatchNeed]) -> bool:
    """Replace what one batch takes of each tank by the database's; whether a limit has changed.

    A dose of this process stays where the database knows no batch: it is the newer one.
    """
    has_changed = False
    for need in needs:
        tank = rule_state.get_tank(need.device_id, need.chemical)
        if not need.batches and tank.last_dose_at is not None:
            continue
        has_changed = has_changed or need != tank.batch_need
        tank.batch_need = need
    return has_changed


def update_last_dose(rule_state: RuleState, dose: Dose) -> None:
    """While no batch is known, a batch takes as much as the newest dose."""
    tank = rule_state.get_tank(dose.device_id, dose.chemical)
    grams = dose.target_g or dose.actual_g or 0.0
    if grams <= 0 or dose.time < (tank.last_dose_at or dose.time):
        return
    tank.last_dose_at = dose.time
    if tank.batch_need is None or not tank.batch_need.batches:
        tank.batch_need = BatchNeed(dose.device_id, dose.chemical, grams)


def _calculate_batch_percent(level: InventoryLevel, tank: TankState | None) -> float:
    """Return the mass per batch in percent of the capacity; 0 if unknown."""
    if tank is None or tank.batch_need is None or not level.capacity_g or level.capacity_g <= 0:
        return 0.0
    return min(100.0 * tank.batch_need.need_g / level.capacity_g, 100.0)


def _format_batch_need(tank: TankState | None) -> str:
    return f" · {tank.batch_need.text}" if tank is not None and tank.batch_need is not None else ""


def add_dose(rule_state: RuleState, dose: Dose) -> Iterator[Detection]:
    """Add a dose to the mass taken from its tank since the last level.

    A dose older than the level may explain a difference that was reported, and proves it wrong.
    """
    update_last_dose(rule_state, dose)
    tank = rule_state.get_tank(dose.device_id, dose.chemical)
    if tank.reported_gap is not None and _explains_gap(tank, dose):
        tank.open_gap_g -= dose.actual_g or 0.0
        if abs(tank.open_gap_g) <= MIN_GAP_G:
            yield tank.reported_gap._replace(active=False, disproved_by=f"the dose of {dose.chemical}")
            tank.reported_gap = None
    elif dose.actual_g is None or tank.dosed_g is None:
        tank.dosed_g = None
    elif tank.gap_since is not None and abs(tank.gap_g - dose.actual_g) <= MIN_GAP_G:
        _close_gap(rule_state, tank, dose.device_id, dose.chemical)  # the level arrived before the dose
    else:
        tank.dosed_g += dose.actual_g
        tank.dose_count += 1


def check_lasting_gaps(rule_state: RuleState, now: datetime) -> Iterator[Detection]:
    """Detect mismatches that have lasted for GAP_CONFIRM_TIME."""
    for device, chemical in sorted(rule_state.tanks_with_gap):
        tank = rule_state.tanks[device, chemical]
        if tank.gap_since is not None and is_due(tank.gap_since, now, GAP_CONFIRM_TIME):
            gap, tank.reported_change = tank.gap_g, tank.gap_change
            _close_gap(rule_state, tank, device, chemical)
            key = AlarmKey("STOCK_MISMATCH", device, chemical)
            side = "more" if gap > 0 else "less"
            words = f"{chemical}: {format_mass(abs(gap))} {side} gone than was dosed ({device})"
            tank.reported_gap, tank.open_gap_g = Detection(key, True, words, gap, MIN_GAP_G), gap
            yield tank.reported_gap


def check_lots(tanks: Iterable[TankLots], now: datetime, limits: AlarmLimits) -> Iterator[Detection]:
    """Detect expired and unknown lots in the tanks, and those that expire before they are used up."""
    for tank in tanks:
        for rule, is_active, sentence in check_tank_lots(tank, now, limits.zone):
            yield Detection(AlarmKey(rule, tank.device_id, tank.chemical), is_active, sentence)


def _explains_gap(tank: TankState, dose: Dose) -> bool:
    """Return whether a dose is older than the level that differed, and part of the difference."""
    if dose.time_quality is not TimeQuality.DEVICE or tank.reported_change is None or not dose.actual_g:
        return False
    return dose.time < tank.reported_change.until and 0 < dose.actual_g <= tank.open_gap_g + MIN_GAP_G


def _check_level_change(
    rule_state: RuleState, tank: TankState, level: InventoryLevel, remaining_g: float, limits: AlarmLimits
) -> Iterator[Detection]:
    before, tank.level_g = tank.level_g, remaining_g
    change = LevelChange(min(tank.level_g_time or level.time, level.time), level.time)
    tank.level_g_time = level.time
    dosed, doses = tank.dosed_g, tank.dose_count
    tank.dosed_g, tank.dose_count = 0.0, 0
    if before is None:
        return
    told_loss_g, tank.told_loss_g = tank.told_loss_g, 0.0
    rise = remaining_g - before
    jump = limits.stock_jump_percent / 100.0 * (level.capacity_g or abs(before))
    if rise > jump:
        _close_gap(rule_state, tank, level.device_id, level.chemical)
        if tank.filled_at is not None and change.is_near(tank.filled_at, ENTRY_TOLERANCE):
            return
        key = AlarmKey("STOCK_RESET", level.device_id, level.chemical)
        words = (
            f"{level.chemical} rose by {format_mass(rise)}: refilled, or station {level.device_id} restarted"
        )
        tank.reported_jump, tank.jump_change = Detection(key, True, words, rise, jump), change
        yield tank.reported_jump
    elif dosed is not None:
        gap = tank.gap_g - rise - dosed
        _update_gap(rule_state, tank, level, change, gap=_reduce_loss(gap, told_loss_g), doses=doses)


def apply_movement(rule_state: RuleState, movement: TankMovement) -> Iterator[Detection]:
    """Let an entry of the material ledger explain what the level showed, or what it will show next.

    It explains a loss up to its size, whether it is entered before or after the level, if its own time fits.
    """
    for device, chemical in [key for key in rule_state.tanks if _is_tank_of(key, movement)]:
        tank = rule_state.tanks[device, chemical]
        if movement.is_addition:
            yield from _apply_addition(tank, movement)
            continue
        left = movement.loss_g
        if tank.reported_gap is not None and _fits(movement, tank.reported_change) and tank.open_gap_g > 0:
            left, tank.open_gap_g = max(left - tank.open_gap_g, 0.0), _reduce_loss(tank.open_gap_g, left)
            if tank.open_gap_g <= MIN_GAP_G:
                yield tank.reported_gap._replace(active=False, disproved_by=_name_entry(movement))
                tank.reported_gap = None
        elif _fits(movement, tank.gap_change) and tank.gap_g > 0:
            left, tank.gap_g = max(left - tank.gap_g, 0.0), _reduce_loss(tank.gap_g, left)
            if tank.gap_g <= MIN_GAP_G:
                _close_gap(rule_state, tank, device, chemical)
        if tank.level_time is None or movement.time >= tank.level_time - CLOCK_TOLERANCE:
            tank.told_loss_g += left


def _apply_addition(tank: TankState, movement: TankMovement) -> Iterator[Detection]:
    tank.filled_at = max(tank.filled_at or movement.time, movement.time)
    jump = tank.reported_jump
    if jump is not None and _fits(movement, tank.jump_change):
        tank.reported_jump = None
        yield jump._replace(active=False, disproved_by=_name_entry(movement))


def _fits(movement: TankMovement, change: LevelChange | None) -> bool:
    return change is not None and change.is_near(movement.time, ENTRY_TOLERANCE)


def _is_tank_of(key: tuple[str, str], movement: TankMovement) -> bool:
    return key[0] == movement.device_id and fold_name(key[1]) == fold_name(movement.chemical)


def _name_entry(movement: TankMovement) -> str:
    return f"entry {movement.entry_id} of the material ledger ({movement.kind.replace('_', ' ')})."


def _reduce_loss(gap_g: float, told_g: float) -> float:
    """The loss that is left of a gap; a gain stays as it is.

    >>> _reduce_loss(4.0, 3.0), _reduce_loss(4.0, 5.0), _reduce_loss(-4.0, 3.0)
    (1.0, 0.0, -4.0)
    """
    return gap_g if gap_g <= 0 else max(gap_g - told_g, 0.0)


def check_cover(outlook: Iterable[StockOutlook], limit_days: float) -> Iterator[Detection]:
    """Compare the days of cover of each tank with a limit in production days; 0 is none.

    Without figures a state stays as it is. A tank returns at a tenth above the limit.
    """
    for row in outlook:
        if row.cover_days is None or limit_days <= 0:
            continue
        words = f"{row.chemical} lasts {format_decimal(row.cover_days, 1)} production days ({row.device_id})"
        active = (
            True if row.cover_days < limit_days else False if row.cover_days >= 1.1 * limit_days else None
        )
        key = AlarmKey("STOCK_COVER_LOW", row.device_id, row.chemical)
        yield Detection(key, active, words, row.cover_days, limit_days)


def _update_gap(
    rule_state: RuleState,
    tank: TankState,
    level: InventoryLevel,
    change: LevelChange,
    *,
    gap: float,
    doses: int,
) -> None:
    if abs(gap) <= max(GAP_PER_DOSE_G * doses, MIN_GAP_G):
        _close_gap(rule_state, tank, level.device_id, level.chemical)
        return
    if tank.gap_since is None or tank.gap_change is None:
        tank.gap_since, tank.gap_change = level.received_at, change
    tank.gap_g, tank.gap_change = gap, LevelChange(tank.gap_change.since, level.time)
    rule_state.tanks_with_gap.add((level.device_id, level.chemical))


def _close_gap(rule_state: RuleState, tank: TankState, device: str, chemical: str) -> None:
    tank.gap_g, tank.gap_since, tank.gap_change = 0.0, None, None
    rule_state.tanks_with_gap.discard((device, chemical))
