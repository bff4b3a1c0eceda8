"""A review holds for what was thought of the batch, too: what comes to light later makes it outdated."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import LimitSettings, Settings
from dosing_tui.database.alarms import journal
from dosing_tui.database.batches.audit_verify import verify_audit_trail
from dosing_tui.database.batches.incremental_rebuild import rebuild_changed_days
from dosing_tui.database.batches.master_recipes import import_recipes
from dosing_tui.domain.alarms.models import AlarmEvent
from dosing_tui.domain.batch_review.changes_since_review import describe_changes
from dosing_tui.domain.batch_review.review_rules import Decision
from dosing_tui.domain.batches.master_recipe import MasterIngredient, MasterRecipe
from dosing_tui.errors import ReviewError
from tests.integration.database.batches.test_context_events import make_alarm_entry
from tests.integration.database.batches.test_review_writer import LATER, read_newest_batch, review_batch
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import fetch_rows
from tests.support.database.stored_batches import store_and_rebuild
from tests.support.domain.batch_messages import NOON, make_dose, normal_batch

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def plant(migrated: str) -> Settings:
    store_and_rebuild(migrated, *normal_batch(), now=LATER)
    return settings_for(migrated)


def insert_alarm(settings: Settings, at: float, until: float | None = None) -> None:
    ended = [make_alarm_entry(AlarmEvent.RETURN, until)] if until is not None else []
    journal.append_entries(settings, [make_alarm_entry(AlarmEvent.RAISE, at), *ended])
    rebuild_changed_days(settings, now=LATER)


def describe_batch_changes(settings: Settings) -> tuple[str, ...]:
    return describe_changes(read_newest_batch(settings), BERLIN)


def test_a_late_alarm_makes_an_approval_outdated_and_is_named(plant: Settings) -> None:
    review_batch(plant)
    signed = fetch_rows(plant.database.dsn, "SELECT * FROM batch_reviews")
    assert describe_batch_changes(plant) == ()
    insert_alarm(plant, 60, 90)
    assert read_newest_batch(plant).row.review_state == "outdated"
    assert describe_batch_changes(plant) == ("An alarm came: STOCK_LOW/T-9 at 13:01:00.",)
    assert fetch_rows(plant.database.dsn, "SELECT * FROM batch_reviews") == signed
    assert verify_audit_trail(plant).faults == ()


def test_an_alarm_that_comes_a_second_time_is_another_and_one_that_only_returns_is_none(
    plant: Settings,
) -> None:
    insert_alarm(plant, 60)
    review_batch(plant, Decision.DEVIATION, "the drum was changed")
    journal.append_entries(plant, [make_alarm_entry(AlarmEvent.RETURN, 80)])
    rebuild_changed_days(plant, now=LATER)
    assert read_newest_batch(plant).row.review_state == "approved with deviation"
    insert_alarm(plant, 100)
    assert read_newest_batch(plant).row.review_state == "outdated"
    assert describe_batch_changes(plant) == ("An alarm came: STOCK_LOW/T-9 at 13:01:40.",)


def test_who_has_not_seen_a_late_alarm_signs_nothing(plant: Settings) -> None:
    before = read_newest_batch(plant)
    insert_alarm(plant, 60)
    for meaning, why in ((Decision.REJECTED, "dirty"), (Decision.DEVIATION, "the drum was changed")):
        with pytest.raises(ReviewError, match="exceptions or alarms have changed since it was displayed"):
            review_batch(plant, meaning, why, at=before)
    assert fetch_rows(plant.database.dsn, "SELECT * FROM batch_reviews") == []


def test_a_recipe_that_judges_anew_says_what_it_changed(plant: Settings) -> None:
    review_batch(plant)
    narrow = MasterRecipe("CU-85", (MasterIngredient("T-9", 3, 40.0, 0.05), MasterIngredient("T-12", 2, 5.0)))
    import_recipes(plant, [narrow], who="Anna", valid_from=NOON - timedelta(days=1))
    rebuild_changed_days(plant, now=LATER)
    assert read_newest_batch(plant).row.review_state == "outdated"
    assert describe_batch_changes(plant) == (
        "It is judged by version 1 of the recipe now; there was no recipe master then.",
        "An exception came: T-9 is off by +0.10 g (+0.2 %); 0.05 g are allowed.",
        "T-9 may be off by 0.05 g now; 0.50 g then.",
    )


def test_late_messages_are_named_one_by_one(plant: Settings) -> None:
    review_batch(plant)
    store_and_rebuild(plant.database.dsn, make_dose(90, "L25B"), now=LATER)
    assert "A message came: dose of L25B, 40.10 g, at 13:01:30." in describe_batch_changes(plant)


def test_a_client_s_own_tolerance_judges_nothing(plant: Settings) -> None:
    review_batch(plant)
    rebuild_changed_days(replace(plant, limits=LimitSettings(tolerance_g=0.01)), now=LATER)
    assert read_newest_batch(plant).row.review_state == "approved"
