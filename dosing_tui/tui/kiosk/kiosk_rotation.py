"""Which page of the wall mode is shown: each in turn, or an unacknowledged alarm of high priority. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec import Struct

from dosing_tui.domain.alarms.models import UNACKNOWLEDGED_STATES, Priority
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot, AlarmView


class KioskPage(StrEnum):
    OVERVIEW = "Overview"
    INVENTORY = "Inventory"
    PRODUCTION = "Production"
    STATIONS = "Stations"
    ALARM = "Alarm"


ROTATION = (KioskPage.OVERVIEW, KioskPage.INVENTORY, KioskPage.PRODUCTION, KioskPage.STATIONS)


class KioskTurn(Struct, frozen=True):
    page: KioskPage
    since: datetime


def list_held_alarms(alarms: AlarmSnapshot | None) -> tuple[AlarmView, ...]:
    """Unacknowledged alarms of high priority: they hold the page."""
    return tuple(
        view for view in (alarms.annunciated_alarms if alarms else ())
        if view.state.priority is Priority.HIGH and view.state.state_name in UNACKNOWLEDGED_STATES
    )  # fmt: skip


def advance_turn(turn: KioskTurn, now: datetime, interval: timedelta, *, is_held: bool) -> KioskTurn:
    """An alarm comes at once, and leads back to the overview; else the next page after ``interval``."""
    if is_held:
        return turn if turn.page is KioskPage.ALARM else KioskTurn(KioskPage.ALARM, now)
    if turn.page is KioskPage.ALARM:
        return KioskTurn(KioskPage.OVERVIEW, now)
    if now - turn.since < interval:
        return turn
    return KioskTurn(ROTATION[(ROTATION.index(turn.page) + 1) % len(ROTATION)], now)
