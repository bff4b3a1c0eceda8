"""Which targets the panel of pumps lists, and by which recipe's tolerance it judges them."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.domain.panels.panel_catalog import PUMP_CAPABILITY, PanelQuery, PumpCapability
from tests.support.database.reading_samples import DOSE, settings_for
from tests.support.database.stored_batches import write_readings

DAY = datetime(2026, 10, 20, tzinfo=UTC)
RULES = json.dumps({
    "tolerance_g": 0.5, "tolerance_percent": 0, "class_factor": None, "least_dose_g": 0,
    "overrides": [
        {"chemical": "", "recipe": "CU-85", "tolerance_g": 0.2, "tolerance_percent": None},
        {"chemical": "", "recipe": "exact", "tolerance_g": 0, "tolerance_percent": None},
    ],
})  # fmt: skip


def write_doses(
    dsn: str, recipe: str, since: datetime, count: int, *, target_g: float = 40.0, error_g: float = 0.1
) -> None:
    dose = replace(DOSE, recipe=recipe, target_g=target_g, error_g=error_g)
    write_readings(dsn, [replace(dose, time=since + timedelta(minutes=n), dedup=n) for n in range(count)])


def read_pumps(dsn: str, since: datetime, until: datetime) -> list[PumpCapability]:
    reader = PanelReader(settings_for(dsn))
    reader.open()
    try:
        return reader.read_panel(PUMP_CAPABILITY, PanelQuery(since, until, until))
    finally:
        reader.close()


@pytest.fixture
def plant(migrated: str) -> str:
    """CU-65/75 asks for 40 g ten times, CU-85 three times ten days later, and nine times for 41 g."""
    with psycopg.connect(migrated, autocommit=True) as session:
        session.execute("SELECT set_tolerance_rules(%s, 'tester')", [RULES])
    write_doses(migrated, "CU-65/75", DAY, 10)
    write_doses(migrated, "CU-85", DAY + timedelta(days=10), 3)
    write_doses(migrated, "CU-85", DAY + timedelta(days=10, hours=1), 9, target_g=41.0)
    return migrated


def test_a_target_stays_listed_when_another_recipe_asks_for_it(plant: str) -> None:
    day = DAY + timedelta(days=10)
    rows = read_pumps(plant, day, day + timedelta(days=1))
    assert [(row.target_g, row.doses, row.tolerance_g, row.cpk) for row in rows] == [(40.0, 3, 0.2, None)]


def test_of_several_recipes_the_narrowest_tolerance_counts(plant: str) -> None:
    alone = read_pumps(plant, DAY, DAY + timedelta(days=1))
    both = read_pumps(plant, DAY, DAY + timedelta(days=11))
    assert [(row.doses, row.tolerance_g) for row in alone] == [(10, 0.5)]
    assert [(row.doses, row.tolerance_g) for row in both] == [(13, 0.2)]


def test_a_recipe_that_permits_no_error_has_no_percentage_of_it(plant: str) -> None:
    day = DAY + timedelta(days=20)
    write_doses(plant, "exact", day, 10, target_g=60.0)
    write_doses(plant, "exact", day + timedelta(hours=1), 10, target_g=61.0, error_g=0.0)
    rows = read_pumps(plant, day, day + timedelta(days=1))
    assert [(row.target_g, row.allowance_g, row.bias_percent, row.cause) for row in rows] == [
        (60.0, 0.0, None, "tube"),
        (61.0, 0.0, None, ""),
    ]
