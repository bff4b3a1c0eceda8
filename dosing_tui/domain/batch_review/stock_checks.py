"""Findings about the tanks and lots that a batch took from."""

from collections.abc import Iterator, Sequence

from dosing_tui.domain.batch_review.finding_weight import BatchException, ExceptionKind, RulesVersion
from dosing_tui.domain.batches.models import Batch, StockChange, is_same_name
from dosing_tui.domain.materials.lots.batch_lots import BatchLot, describe_share
from dosing_tui.domain.messages.tank_level import StockLimits, find_percent
from dosing_tui.domain.quantities.quantity_text import format_level

ROUNDING_G = 0.05
"""Permitted rounding difference per dose, in g; the two levels of a balance add two of it."""
STOCK_JUMP_SHARE = 0.01
"""Surplus, as a share of the capacity, above which a tank was refilled or its station restarted."""


def check_stock(
    batch: Batch, limits: StockLimits, rules: RulesVersion, missing_text: str
) -> Iterator[BatchException]:
    """``missing_text``: the messages that the batch lacks by their numbers; '' if none."""
    if missing_text:
        yield BatchException(ExceptionKind.MESSAGE_LOSS, "", missing_text)
    for change in batch.stock:
        yield from _check_balance(change, missing_text)
        if any(is_same_name(one.chemical, change.chemical) for one in batch.ingredients):
            yield from _check_low_stock(change, limits, rules)


def _check_balance(change: StockChange, missing_text: str) -> Iterator[BatchException]:
    name, lost_g = change.chemical, change.lost_g or 0.0
    allowed_g = ROUNDING_G * change.doses + 2 * ROUNDING_G + 1e-9
    if lost_g < -max(STOCK_JUMP_SHARE * (change.capacity_g or 0.0), allowed_g):
        said = f"the stock of {name} rose by {-lost_g:.2f} g: filled, or restarted"
        yield BatchException(ExceptionKind.STOCK_JUMP, name, said)
    elif abs(lost_g) > allowed_g:
        how, reason = "more" if lost_g > 0 else "less", f"; {missing_text}" if missing_text else ""
        said = f"the stock of {name} fell by {abs(lost_g):.2f} g {how} than was dosed{reason}"
        yield BatchException(ExceptionKind.MESSAGE_LOSS, name, said)


def _check_low_stock(
    change: StockChange, limits: StockLimits, rules: RulesVersion
) -> Iterator[BatchException]:
    """Below the limit that the tank's stock alarm has; before version 5 of the rules below the plant's."""
    name, percent, is_own = change.chemical, change.percent_after, rules >= RulesVersion.TANK_LIMITS
    if is_own:
        percent = find_percent(change.after_g, change.capacity_g, percent)
    if percent is not None and percent < (limits.get_low(name) if is_own else limits.low):
        shown = format_level(percent) if is_own else f"{percent:.1f} %"
        yield BatchException(ExceptionKind.LOW_STOCK, name, f"{name} was down to {shown}")


def check_lots(lots: Sequence[BatchLot]) -> Iterator[BatchException]:
    """Shares below 1 % are in the record, and no finding."""
    for each in lots:
        if not each.is_finding:
            continue
        how_much, name = describe_share(each), each.chemical
        if not each.is_known:
            said = f"{how_much} of {name} is of an unknown lot"
            yield BatchException(ExceptionKind.UNKNOWN_LOT, name, said)
        elif each.is_unentered:
            said = f"{how_much} of {name} is of lot {each.lot.number}, which is not in the material ledger"
            yield BatchException(ExceptionKind.UNKNOWN_LOT, name, said)
        elif each.is_expired:
            said = f"{how_much} of {name} is of lot {each.lot.number}, which expired on {each.lot.expires_on}"
            yield BatchException(ExceptionKind.EXPIRED_LOT, name, said)
