"""How many batches a station's tanks hold: whatever its messages spell, weigh or leave out."""

from collections.abc import Iterator, Mapping
from datetime import timedelta

from msgspec.structs import replace

from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.domain.messages.models import Reading
from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.panels.panel_catalog import BATCHES_LEFT, BatchesLeft, PanelQuery
from tests.support.database.reading_samples import DOSE, EVENT, LEVEL, NOW, settings_for
from tests.support.database.stored_batches import store_and_rebuild

AFTER = NOW + timedelta(hours=20)


def make_batch(
    number: int, recipe: str, doses: Mapping[str, float | None], *, dosed_as: str = ""
) -> Iterator[Reading]:
    """One an hour; a dose without a mass is None."""
    at = NOW + timedelta(hours=number)
    yield replace(EVENT, time=at, event="start", recipe=recipe, dedup=0)
    for place, (chemical, mass) in enumerate(doses.items(), start=1):
        yield replace(
            DOSE, time=at + timedelta(minutes=place), pump=place, chemical=chemical,
            recipe=dosed_as or recipe, target_g=40.0, actual_g=mass,
            error_g=None if mass is None else mass - 40,
        )  # fmt: skip
    yield replace(EVENT, time=at + timedelta(minutes=9), recipe=recipe, dedup=0)


def read_left(dsn: str, *readings: Reading, selection: Selection | None = None) -> list[BatchesLeft]:
    store_and_rebuild(dsn, *readings, now=AFTER)
    reader = PanelReader(settings_for(dsn))
    reader.open()
    try:
        return reader.read_panel(BATCHES_LEFT, PanelQuery(NOW, AFTER, AFTER, selection or Selection()))
    finally:
        reader.close()


def test_500_g_at_a_median_of_40_g_are_12_batches_however_the_recipe_is_spelt(migrated: str) -> None:
    rows = read_left(
        migrated,
        replace(LEVEL, chemical="T-12", remaining_g=500.0),
        replace(LEVEL, chemical="T-9", remaining_g=9_000.0),
        *make_batch(1, "CU-85", {"T-9": 40.0, "T-12": 40.0}),
        *make_batch(2, "cu-85", {"T-9": 40.0, "T-12": 40.0}, dosed_as="Cu-85"),
        *make_batch(3, "CU-85", {"T-9": 40.0, "T-12": 40.0}, dosed_as=" CU-85"),
    )
    assert rows == [BatchesLeft("station-1", "CU-85", 12, "T-12", 500.0, 40.0, 3, "")]


def test_a_batch_with_a_dose_that_was_not_weighed_has_no_use_of_its_chemical(migrated: str) -> None:
    """Half of a sum is no use: the median would halve, the batches left would double."""
    tank = replace(LEVEL, chemical="T-12", remaining_g=500.0)
    at = NOW + timedelta(hours=2, minutes=5)
    portion = replace(DOSE, time=at, chemical="T-12", actual_g=20.0, recipe="CU-85")
    whole, part = make_batch(1, "CU-85", {"T-12": 40.0}), make_batch(2, "CU-85", {"T-12": None})
    rows = read_left(migrated, tank, *whole, *part, portion)
    assert [(row.batches_left, row.median_use_g, row.batches) for row in rows] == [(12, 40.0, 1)]


def test_an_ingredient_without_a_level_is_named(migrated: str) -> None:
    batches = (
        *make_batch(1, "CU-85", {"T-9": 40.0, "T-12": 5.0}),
        *make_batch(2, "FG-85/95", {"T-12": 40.0, "L25B": 10.0}),
    )
    rows = read_left(migrated, *batches)
    assert [(row.recipe, row.batches_left, row.without_level) for row in rows] == [
        ("CU-85", None, "T-12, T-9"), ("FG-85/95", None, "L25B, T-12"),
    ]  # fmt: skip
    rows = read_left(migrated, replace(LEVEL, chemical="T-12", remaining_g=400.0))
    assert [(row.recipe, row.batches_left, row.scarcest, row.without_level) for row in rows] == [
        ("FG-85/95", 10, "T-12", "L25B"), ("CU-85", 80, "T-12", "T-9"),
    ]  # fmt: skip
    assert read_left(migrated, selection=Selection(recipe=("none",))) == []
