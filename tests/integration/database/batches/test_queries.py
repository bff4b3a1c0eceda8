"""Lists of batches hold what their filter says, page by page."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import Settings
from dosing_tui.database.batches import queries, review_writer
from dosing_tui.database.batches.queries import count_batches, list_batches, list_batches_above, read_batch
from dosing_tui.database.batches.review_writer import enter_review
from dosing_tui.database.connection import Session
from dosing_tui.domain.batch_review.finding_weight import ExceptionKind
from dosing_tui.domain.batch_review.query_models import BatchFilter, BatchStatusCounts, create_review_draft
from dosing_tui.domain.batch_review.review_rules import Decision, Review
from tests.support.database.reading_samples import settings_for
from tests.support.database.stored_batches import store_and_rebuild
from tests.support.domain.batch_messages import NOON, make_dose, make_event, normal_batch

LATER = NOON + timedelta(hours=1)


@pytest.fixture
def plant(migrated: str) -> Settings:
    store_and_rebuild(
        migrated,
        *normal_batch(),
        *normal_batch(400, "FG-85/95"),
        *normal_batch(800)[:2],
        make_event(900, "abort"),
        *normal_batch(0, device="b"),
        make_dose(99, "L25B", device="b"),
        *normal_batch(3500)[:1],
        now=LATER,
    )
    return settings_for(migrated)


FILTERS = {
    "all": (BatchFilter(), 5),
    "a range": (BatchFilter(since=NOON + timedelta(seconds=400), until=NOON + timedelta(seconds=800)), 1),
    "a station": (BatchFilter(device=("b",)), 1),
    "a recipe": (BatchFilter(recipe=("FG-85/95",)), 1),
    "statuses": (BatchFilter(status=("aborted", "open")), 2),
    "with exceptions": (BatchFilter(with_findings=True), 2),
    "unreviewed and not under way": (BatchFilter(unreviewed=True), 4),
    "reviewed": (BatchFilter(review_state=("approved",)), 0),
    "several": (BatchFilter(device=("b",), with_findings=True, status=("complete",)), 1),
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_finds_what_it_says(plant: Settings, name: str) -> None:
    which, expected = FILTERS[name]
    assert len(list_batches(plant, which)) == count_batches(plant, which).batches == expected


def test_counts_tell_how_many_are_what(plant: Settings) -> None:
    assert count_batches(plant, BatchFilter()) == BatchStatusCounts(5, 1, 3, 1, 1, 0, 0, 0, 2, 4, 2)


def test_pages_follow_each_other_without_a_gap_or_a_repetition(plant: Settings) -> None:
    whole = list_batches(plant, BatchFilter())
    pages, after = [], None
    while page := list_batches(plant, BatchFilter(), after=after, rows=2):
        pages += page
        after = page[-1]
    assert pages == whole
    assert whole == sorted(whole, key=lambda row: (row.begins_at, row.batch_key), reverse=True)


def test_pages_upwards_are_those_of_the_way_down_and_what_comes_between_them_is_met_once(
    plant: Settings, migrated: str
) -> None:
    whole = list_batches(plant, BatchFilter())
    assert list_batches_above(plant, BatchFilter(), whole[3], rows=2) == whole[1:3]
    assert list_batches_above(plant, BatchFilter(), whole[0]) == []
    first = list_batches(plant, BatchFilter(), rows=2)
    store_and_rebuild(migrated, *normal_batch(-400, device="c"), *normal_batch(1600, device="c"), now=LATER)
    rest = list_batches(plant, BatchFilter(), after=first[-1])
    late = {row.batch_key for row in [*first, *rest]} - {row.batch_key for row in whole}
    assert len(late) == 1
    assert list_batches(plant, BatchFilter())[1].begins_at == NOON + timedelta(seconds=1600)
    assert list_batches(plant, BatchFilter())[2:3] == first[1:]


def test_the_whole_of_a_batch_is_found_by_key_and_by_number(plant: Settings) -> None:
    (row,) = list_batches(plant, BatchFilter(device=("b",)))
    by_number, by_key = read_batch(plant, row.batch_id), read_batch(plant, row.batch_key)
    assert by_number is not None
    assert by_number == by_key
    assert [finding.kind for finding in by_number.assessment.exceptions] == [ExceptionKind.EXTRA]
    assert [within for _, within in by_number.assessment.tolerance_bands] == [True, True, True]
    assert read_batch(plant, "nothing") is None


def test_the_whole_of_a_batch_is_of_one_moment_whatever_is_entered_meanwhile(
    plant: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, read = list_batches(plant, BatchFilter(device=("b",)))[0], review_writer.select_reviews

    def meanwhile(session: Session, batch_key: str) -> list[Review]:
        enter_review(
            plant, create_review_draft(row, Decision.REJECTED, who="Ben", comment="late"), os_user="ben"
        )
        return read(session, batch_key)

    with monkeypatch.context() as patched:
        patched.setattr(queries, "select_reviews", meanwhile)
        found = read_batch(plant, row.batch_id)
    assert found is not None
    assert (found.row.last_review, found.row.review_state, found.reviews) == (0, "unreviewed", ())


def test_text_of_the_plant_is_harmless(migrated: str) -> None:
    store_and_rebuild(migrated, replace(make_event(0, "complete"), recipe="CU\x1b[2J\u202e"), now=LATER)
    (row,) = list_batches(settings_for(migrated), BatchFilter())
    assert row.recipe.isprintable()
    assert read_batch(settings_for(migrated), row.batch_key) is not None
