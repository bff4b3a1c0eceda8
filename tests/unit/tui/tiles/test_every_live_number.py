"""Every number of the live tiles, worked out from the planned month's messages, at a fixed time."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from dosing_tui.config.settings import PlantSettings, Settings
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Reading
from dosing_tui.live_snapshot import LiveSnapshot, MessageCounts
from dosing_tui.live_state import LiveState
from dosing_tui.tui.layout.geometry import TileId
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.registry import TILES
from tests.support.database import planned_month
from tests.support.database.sample_month import PlantReadings
from tests.support.domain.shown_digits import show

BERLIN = ZoneInfo("Europe/Berlin")
COUNTS = MessageCounts(received=12_482, stored=12_470, duplicates=7, rejected=5)
SHOWN_DOSES = 30


@cache
def plan_until_now() -> tuple[PlantReadings, datetime]:
    """Everything that was sent until a second after a batch's first dose, on the month's 17th day."""
    month = planned_month.plan_month()
    first = next(
        dose
        for dose in sorted(month.doses, key=lambda dose: dose.time)
        if dose.time > planned_month.BEGIN + timedelta(days=17, hours=8) and dose.pump == 1
    )
    at = first.time + timedelta(seconds=1)
    return PlantReadings(
        tuple(dose for dose in month.doses if dose.received_at <= at),
        tuple(event for event in month.events if event.received_at <= at),
        tuple(level for level in month.levels if level.received_at <= at),
        month.batches,
    ), at


def take_snapshot() -> LiveSnapshot:
    plant, at = plan_until_now()
    live = LiveState()
    messages: list[Reading] = [*plant.doses, *plant.events, *plant.levels]
    live.seed_readings(sorted(messages, key=lambda each: each.received_at))
    live.set_message_counts(COUNTS)
    return live.get_snapshot(at)


def list_tanks() -> list[InventoryLevel]:
    """The last level of each tank."""
    plant, _ = plan_until_now()
    last = {(each.device_id, each.chemical): each for each in sorted(plant.levels, key=lambda x: x.time)}
    return list(last.values())


def round_down(percent: float | None) -> str:
    return str(Decimal(str(percent)).quantize(Decimal("0.1"), ROUND_DOWN))


def format_kilograms(grams: float | None) -> str:
    return show((grams or 0.0) / 1000, ".2f")


def format_age(since: datetime, now: datetime) -> str:
    seconds = int((now - since).total_seconds())
    if seconds < 60:
        return f"{seconds // 10 * 10} s" if seconds >= 10 else "now"
    size, unit = (60, "min") if seconds < 3_600 else (3_600, "h") if seconds < 172_800 else (86_400, "d")
    return f"{seconds // size} {unit}"


def format_dose(dose: Dose) -> str:
    actual, sign = show(dose.actual_g, ".2f"), show(dose.error_g, "+.2f").replace("+0.00", "0.00")
    at = dose.time.astimezone(BERLIN)
    name = f"{at:%Y-%m-%d %H:%M:%S} {dose.recipe} {dose.chemical} {dose.pump}"
    return f"{name} {show(dose.target_g, '.2f')} {actual} {sign}"


def list_dose_texts(plant: PlantReadings, until: datetime) -> list[str]:
    newest = sorted((dose for dose in plant.doses if dose.time < until), key=lambda dose: dose.time)
    return [format_dose(dose) for dose in newest[: -SHOWN_DOSES - 1 : -1]]


def _list_gauges() -> list[str]:
    return [
        f"{tank.device_id[-1]} {tank.chemical} {format_kilograms(tank.remaining_g)} kg"
        f" {round_down(tank.percent_full)} %"
        for tank in list_tanks()
    ]


def _list_tank_rows() -> list[str]:
    _, at = plan_until_now()
    minute = at.replace(second=0)
    return [
        f"{tank.device_id} {tank.chemical} {format_kilograms(tank.remaining_g)}"
        f" {format_kilograms(tank.capacity_g)}"
        f" {format_kilograms((tank.capacity_g or 0) - (tank.remaining_g or 0))}"
        f" {round_down(tank.percent_full)} {format_age(tank.received_at, minute)}"
        for tank in list_tanks()
    ]


def _list_doses() -> list[str]:
    plant, at = plan_until_now()
    return list_dose_texts(plant, at)


def count_doses(device: str) -> str:
    """Of the batch that runs: those since its start, of those announced; '' for a station without one."""
    plant, _ = plan_until_now()
    events = sorted((each for each in plant.events if each.device_id == device), key=lambda each: each.time)
    last: BatchEvent = events[-1]
    if last.event != "start":
        return ""
    return f"{sum(d.device_id == device and d.time >= last.time for d in plant.doses)}/{last.pumps}"


def _list_station_rows() -> list[str]:
    rows = []
    for device in planned_month.STATIONS:
        tank = min(
            (each for each in list_tanks() if each.device_id == device), key=lambda x: x.percent_full or 0
        )
        emptiest = f"{round_down(tank.percent_full)} % {tank.chemical}"
        rows.append(" ".join(part for part in (device, count_doses(device), emptiest) if part))
    return rows


def _list_lights() -> list[str]:
    return [f"{device[-1]} {count_doses(device)}".strip() for device in planned_month.STATIONS]


def _list_counts() -> list[str]:
    return [
        "received 12 482", "= stored 12 470", "+ duplicates 7", "+ spooled 0", "+ rejected 5",
        "possible repeats 0",
    ]  # fmt: skip


LIVE_TEXTS: Mapping[TileId, Callable[[], list[str]]] = {
    TileId.INVENTORY: _list_gauges,
    TileId.TANK_TABLE: _list_tank_rows,
    TileId.DOSES: _list_doses,
    TileId.STATION_TABLE: _list_station_rows,
    TileId.STATION_LIGHTS: _list_lights,
    TileId.SYSTEM_STATUS: _list_counts,
}


def is_shown(text: str, lines: list[str]) -> bool:
    """The parts of the text in one line, in their order; a number stands for itself."""
    pattern = re.escape(text).replace(r"\ ", r"(?:\s|\s.*[^\d.,+-])")
    return any(re.search(rf"(^|[^\d.]){pattern}($|[^\d.])", line) for line in lines)


@pytest.mark.parametrize("tile", LIVE_TEXTS)
def test_every_live_tile_shows_what_was_sent(tile: TileId) -> None:
    _, at = plan_until_now()
    settings = Settings(plant=PlantSettings(timezone="Europe/Berlin", devices=planned_month.STATIONS))
    content = TILES[tile].build(RenderContext(at, BERLIN, settings, take_snapshot()))
    rows = content.paint(content.data, 160, 40)
    shown = [" ".join("".join(cell for cell, _ in row).split()) for row in rows]
    texts = LIVE_TEXTS[tile]()
    assert len(texts) >= 2
    assert [text for text in texts if not is_shown(text, shown)] == [], shown


def test_the_month_has_a_batch_that_runs_and_doses_without_a_mass() -> None:
    plant, at = plan_until_now()
    assert at.tzinfo is UTC
    assert {count_doses(device) for device in planned_month.STATIONS} >= {"1/2"}
    assert any(dose.actual_g is None for dose in plant.doses)
