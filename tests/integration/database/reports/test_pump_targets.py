"""Which targets the panel of pumps lists, by which recipe's tolerance; a published example."""

import json
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from msgspec.structs import replace

from dosing_tui.database import panel_reader
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.domain.capability.individuals_chart import ControlLimits
from dosing_tui.domain.panels.panel_catalog import PUMP_CAPABILITY, PanelQuery
from dosing_tui.domain.panels.pump_capability import PumpCapability
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

FLOWRATE = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
"""NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.2: flow rates of ten batches."""


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


def test_the_control_limits_are_those_of_the_published_example(migrated: str) -> None:
    """Centre 50.81, mean range 1.8778, limits 45.8159 and 55.8041; also across the rollup's six hours."""
    since = DAY + timedelta(hours=5, minutes=55)
    write_readings(migrated, [
        replace(DOSE, time=since + timedelta(minutes=n), dedup=n, error_g=value)
        for n, value in enumerate(FLOWRATE)
    ])  # fmt: skip
    (row,) = read_pumps(migrated, DAY, DAY + timedelta(days=1))
    assert row.sigma_g is not None
    limits = ControlLimits(row.mean_error_g or 0.0, row.sigma_g)
    assert limits.mean == pytest.approx(50.81)
    assert limits.mean_range == pytest.approx(1.8778, abs=5e-5)
    assert (limits.lower, limits.upper) == pytest.approx((45.8159, 55.8041), abs=1e-4)
    assert row.cpk == pytest.approx((0.5 - 50.81) / (3 * row.sigma_g))


def test_a_chart_has_the_newest_doses_of_the_pump_at_the_target_in_order(
    plant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panel_reader, "MAX_CHART_DOSES", 4)
    since, until = DAY, DAY + timedelta(days=11)
    (row,) = read_pumps(plant, since, until)
    reader = PanelReader(settings_for(plant))
    reader.open()
    try:
        doses = reader.read_pump_history(row, since=since, until=until).doses
    finally:
        reader.close()
    second = DAY + timedelta(days=10)
    minute = timedelta(minutes=1)
    assert [dose.time for dose in doses] == [DAY + 9 * minute, second, second + minute, second + 2 * minute]
    assert {dose.target_g for dose in doses} == {40.0}
