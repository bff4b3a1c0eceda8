"""Batches of a station as its messages, said in a few words."""

from datetime import UTC, datetime, timedelta

from dosing_tui.domain.batches.master_recipe import MasterRecipe
from dosing_tui.domain.batches.models import Batch
from dosing_tui.domain.batches.recipe_matching import list_repeated_chemicals, split_ingredients
from dosing_tui.domain.batches.reconstruction import reconstruct_batches
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, Reading, TimeQuality

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MUCH_LATER = NOON + timedelta(days=2)
STATION = "dosing_system_01"
PUMPS = {"DMDEE": 1, "T-12": 2, "T-9": 3, "L25B": 4}


def seconds_after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def make_event(
    seconds: float,
    name: str,
    recipe: str = "CU-85",
    *,
    pumps: int | None = 2,
    device: str = STATION,
    dedup: int = 1,
) -> BatchEvent:
    moment = seconds_after(seconds)
    return BatchEvent(moment, device, name, recipe, pumps, dedup, moment, TimeQuality.DEVICE)


def make_dose(
    seconds: float,
    chemical: str,
    *,
    recipe: str = "CU-85",
    target_g: float | None = 40.0,
    actual_g: float | None = 40.1,
    duration_s: float = 58,
    device: str = STATION,
    pump: int | None = None,
    mode: str = "CATALYST",
    dedup: int = 1,
) -> Dose:
    moment = seconds_after(seconds)
    error_g = None if target_g is None or actual_g is None else round(actual_g - target_g, 6)
    return Dose(
        moment, device, pump or PUMPS[chemical], chemical, target_g, actual_g, error_g, recipe, mode,
        round(duration_s * 1000), dedup, moment, TimeQuality.DEVICE,
    )  # fmt: skip


def make_level(
    seconds: float,
    chemical: str,
    remaining_g: float,
    *,
    device: str = STATION,
    quality: TimeQuality = TimeQuality.RECEIVE,
) -> InventoryLevel:
    moment = seconds_after(seconds)
    percent = remaining_g / 100
    return InventoryLevel(moment, device, chemical, remaining_g, 10_000.0, percent, 1, moment, quality)


def normal_batch(seconds: float = 0, recipe: str = "CU-85", device: str = STATION) -> list[Reading]:
    """A start, two doses and a complete, within 125 s."""
    return [
        make_event(seconds, "start", recipe, device=device),
        make_dose(seconds + 61, "T-9", recipe=recipe, device=device),
        make_dose(seconds + 122, "T-12", recipe=recipe, target_g=5.0, actual_g=5.1, device=device),
        make_event(seconds + 125, "complete", recipe, device=device),
    ]


def reconstruct_from(*readings: Reading, now: datetime = MUCH_LATER) -> list[Batch]:
    return reconstruct_batches(readings, now=now)


def split_portions(batch: Batch, recipe: MasterRecipe | None) -> Batch:
    """As a rebuild does: one ingredient per dose, for chemicals that are dosed repeatedly."""
    return split_ingredients(batch, list_repeated_chemicals(batch, recipe))


def describe_batches(batches: list[Batch]) -> list[str]:
    """Each batch as its status, its recipe and how many doses it has."""
    return [f"{batch.status} {batch.recipe} {len(batch.doses)}" for batch in batches]
