"""A recipe that doses a chemical twice has two doses of it in every record."""

import csv
import io
from datetime import UTC, timedelta

import pytest

from dosing_tui.config.settings import Settings
from dosing_tui.database.batches.audit_verify import verify_audit_trail
from dosing_tui.database.batches.master_recipes import import_recipes
from dosing_tui.database.batches.queries import list_batches, read_batch
from dosing_tui.domain.batch_review.changes_since_review import describe_changes
from dosing_tui.domain.batch_review.finding_weight import ExceptionKind
from dosing_tui.domain.batch_review.query_models import BatchFilter
from dosing_tui.domain.batches.master_recipe import MasterIngredient, MasterRecipe
from dosing_tui.domain.messages.models import Reading
from dosing_tui.export.dose_export import format_doses_csv
from tests.integration.database.batches.test_review_writer import read_newest_batch, review_batch
from tests.support.database.reading_samples import settings_for
from tests.support.database.stored_batches import store_and_rebuild
from tests.support.domain.batch_messages import NOON, make_dose, make_event
from tests.unit.domain.batch_review.test_exception_checks import TWO_OF_T12

TWICE = MasterRecipe(
    "CU-85",
    (
        MasterIngredient("T-12", 2, 30.0),
        MasterIngredient("T-9", 3, 40.0),
        MasterIngredient("T-12", 2, 10.0, tolerance_g=0.2),
    ),
)


def test_each_dose_has_its_band_and_one_that_is_missing_is_found(migrated: str) -> None:
    settings = settings_for(migrated)
    import_recipes(settings, [TWICE], who="Anna", valid_from=NOON - timedelta(days=1))
    first = make_dose(461, "T-12", target_g=30.0, actual_g=30.0)
    lacking: list[Reading] = [
        make_event(400, "start"),
        first,
        make_dose(522, "T-9"),
        make_event(525, "complete"),
    ]
    store_and_rebuild(migrated, *TWO_OF_T12, *lacking, now=NOON + timedelta(hours=1))
    short, whole = (read_batch(settings, row.batch_key) for row in list_batches(settings, BatchFilter()))
    assert whole is not None
    assert whole.assessment.exceptions == ()
    assert [(one.chemical, one.target_g) for one in whole.batch.ingredients] == [
        ("T-12", 30.0), ("T-9", 40.0), ("T-12", 10.0),
    ]  # fmt: skip
    assert [tolerance_g for tolerance_g, _ in whole.assessment.tolerance_bands] == [0.5, 0.5, 0.2]
    assert whole.row.target_g == 80.0
    told = csv.DictReader(io.StringIO(format_doses_csv([whole], UTC), newline=""))
    assert [row["tolerance (g)"] for row in told] == ["0.5", "0.5", "0.2"]
    assert short is not None
    assert [finding.kind for finding in short.assessment.exceptions] == [ExceptionKind.MISSING]


@pytest.fixture
def plant(migrated: str) -> Settings:
    settings = settings_for(migrated)
    import_recipes(settings, [TWICE], who="Anna", valid_from=NOON - timedelta(days=1))
    store_and_rebuild(migrated, *TWO_OF_T12, now=NOON + timedelta(hours=1))
    return settings


def test_what_came_to_it_since_its_review_is_told(plant: Settings) -> None:
    review_batch(plant)
    store_and_rebuild(plant.database.dsn, make_dose(90, "L25B"), now=NOON + timedelta(hours=1))
    assert read_newest_batch(plant).row.review_state == "outdated"
    assert "An exception came: L25B is not in the recipe." in describe_changes(read_newest_batch(plant), UTC)


def test_the_audit_finds_nothing_wrong_with_it(plant: Settings) -> None:
    assert verify_audit_trail(plant).faults == ()
