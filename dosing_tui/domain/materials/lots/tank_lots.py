"""The lots in a tank now, and what is wrong with them: expired, unknown, expires before it is used up."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, tzinfo
from typing import NamedTuple

from msgspec import Struct

from dosing_tui.domain.materials.lots.batch_lots import MIN_SHARE
from dosing_tui.domain.materials.lots.lot_mixing import UNKNOWN_LOT, LotShare

EXPIRED_RULE = "LOT_EXPIRED"
UNKNOWN_RULE = "LOT_UNKNOWN"
EXPIRES_SOON_RULE = "LOT_EXPIRES_SOON"


class TankLots(Struct, frozen=True):
    """``since``: of the entry that made this content. ``runs_out_at``: by the stock outlook, if known."""

    device_id: str
    chemical: str
    shares: tuple[LotShare, ...]
    since: datetime
    book_g: float | None = None
    runs_out_at: datetime | None = None


class LotCondition(NamedTuple):
    """Whether an alarm rule finds something in a tank, and what, as a sentence."""

    rule: str
    is_active: bool
    sentence: str


def check_tank_lots(tank: TankLots, at: datetime, zone: tzinfo) -> Iterator[LotCondition]:
    """One of each rule. Shares below 1 % are passed over."""
    today = at.astimezone(zone).date()
    large = [each for each in tank.shares if each.share >= MIN_SHARE or each.share == 0.0]
    expired = [each for each in large if (ends := each.lot.expires_on) is not None and ends < today]
    yield _describe(
        EXPIRED_RULE, tank, (f"{_name(each)} expired on {each.lot.expires_on}" for each in expired)
    )
    unknown = (each for each in large if each.lot.number == UNKNOWN_LOT)
    yield _describe(UNKNOWN_RULE, tank, (f"{_percent(each)} is of an unknown lot" for each in unknown))
    last_day = None if tank.runs_out_at is None else tank.runs_out_at.astimezone(zone).date()
    yield _describe(EXPIRES_SOON_RULE, tank, _list_expiring(large, today, last_day))


def _list_expiring(shares: Iterable[LotShare], today: date, last_day: date | None) -> Iterator[str]:
    for each in shares:
        ends = each.lot.expires_on
        if ends is not None and last_day is not None and today <= ends < last_day:
            yield f"{_name(each)} expires on {ends}, the tank lasts until {last_day}"


def _describe(rule: str, tank: TankLots, faults: Iterable[str]) -> LotCondition:
    found = list(faults)
    return LotCondition(
        rule, bool(found), f"{tank.chemical}: {'; '.join(found)} ({tank.device_id})" if found else ""
    )


def _name(share: LotShare) -> str:
    return f"lot {share.lot.number} ({_percent(share)})"


def _percent(share: LotShare) -> str:
    return f"{100.0 * share.share:.0f} %" if share.share else "an unknown part"
