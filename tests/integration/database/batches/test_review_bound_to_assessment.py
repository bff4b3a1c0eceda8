"""A review holds for what was thought of the batch, too: what comes to light later makes it outdated."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

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
from tests.integration.database.batches.test_context_events import said
from tests.integration.database.batches.test_review_writer import LATER, say, seen
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import rows
from tests.support.database.stored_batches import kept
from tests.support.domain.batch_messages import NOON, dose, normal

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def plant(migrated: str) -> Settings:
    kept(migrated, *normal(), now=LATER)
    return settings_for(migrated)


def raised(settings: Settings, at: float, until: float | None = None) -> None:
    ended = [said(AlarmEvent.RETURN, until)] if until is not None else []
    journal.append_entries(settings, [said(AlarmEvent.RAISE, at), *ended])
    rebuild_changed_days(settings, now=LATER)


def came(settings: Settings) -> tuple[str, ...]:
    return describe_changes(seen(settings), BERLIN)


def test_a_late_alarm_makes_an_approval_outdated_and_is_named(plant: Settings) -> None:
    say(plant)
    signed = rows(plant.database.dsn, "SELECT * FROM batch_reviews")
    assert came(plant) == ()
    raised(plant, 60, 90)
    assert seen(plant).row.review_state == "outdated"
    assert came(plant) == ("An alarm came: STOCK_LOW/T-9 at 13:01:00.",)
    assert rows(plant.database.dsn, "SELECT * FROM batch_reviews") == signed
    assert verify_audit_trail(plant).faults == ()


def test_an_alarm_that_comes_a_second_time_is_another_and_one_that_only_returns_is_none(
    plant: Settings,
) -> None:
    raised(plant, 60)
    say(plant, Decision.DEVIATION, "the drum was changed")
    journal.append_entries(plant, [said(AlarmEvent.RETURN, 80)])
    rebuild_changed_days(plant, now=LATER)
    assert seen(plant).row.review_state == "approved with deviation"
    raised(plant, 100)
    assert seen(plant).row.review_state == "outdated"
    assert came(plant) == ("An alarm came: STOCK_LOW/T-9 at 13:01:40.",)


def test_who_has_not_seen_a_late_alarm_signs_nothing(plant: Settings) -> None:
    before = seen(plant)
    raised(plant, 60)
    for meaning, why in ((Decision.REJECTED, "dirty"), (Decision.DEVIATION, "the drum was changed")):
        with pytest.raises(ReviewError, match="exceptions or alarms have changed since it was displayed"):
            say(plant, meaning, why, at=before)
    assert rows(plant.database.dsn, "SELECT * FROM batch_reviews") == []


def test_a_recipe_that_judges_anew_says_what_it_changed(plant: Settings) -> None:
    say(plant)
    narrow = MasterRecipe("CU-85", (MasterIngredient("T-9", 3, 40.0, 0.05), MasterIngredient("T-12", 2, 5.0)))
    import_recipes(plant, [narrow], who="Anna", valid_from=NOON - timedelta(days=1))
    rebuild_changed_days(plant, now=LATER)
    assert seen(plant).row.review_state == "outdated"
    assert came(plant) == (
        "It is judged by version 1 of the recipe now; there was no recipe master then.",
        "An exception came: T-9 is off by +0.10 g (+0.2 %); 0.05 g are allowed.",
        "T-9 may be off by 0.05 g now; 0.50 g then.",
    )


def test_late_messages_are_named_one_by_one(plant: Settings) -> None:
    say(plant)
    kept(plant.database.dsn, dose(90, "L25B"), now=LATER)
    assert "A message came: dose of L25B, 40.10 g, at 13:01:30." in came(plant)


def test_a_client_s_own_tolerance_judges_nothing(plant: Settings) -> None:
    say(plant)
    rebuild_changed_days(replace(plant, limits=LimitSettings(tolerance_g=0.01)), now=LATER)
    assert seen(plant).row.review_state == "approved"
