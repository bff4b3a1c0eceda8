"""Why a review is outdated is told by what came, went or is judged otherwise; nothing else is."""

from datetime import UTC

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.domain.batch_review import assessment as judging
from dosing_tui.domain.batch_review.assessment import Assessment
from dosing_tui.domain.batch_review.changes_since_review import describe_changes
from dosing_tui.domain.batch_review.exception_checks import (
    assess_ingredients,
    judge_batch,
)
from dosing_tui.domain.batch_review.finding_weight import BatchException, ExceptionKind, RulesVersion
from dosing_tui.domain.batch_review.query_models import BatchDetail, RecordSnapshot
from dosing_tui.domain.batches.alarm_overlap import BatchAlarm
from dosing_tui.domain.batches.canonical_json import batch_to_record
from dosing_tui.domain.batches.master_recipe import MasterVersion
from dosing_tui.domain.batches.models import Batch
from dosing_tui.domain.batches.recipe_matching import list_repeated_chemicals
from tests.support.domain.batch_messages import (
    make_dose,
    make_level,
    normal_batch,
    reconstruct_from,
    seconds_after,
    split_portions,
)
from tests.support.tui.batch_samples import sample_batches
from tests.unit.domain.batch_review.test_exception_checks import TWICE, TWO_OF_T12

NAMED = BatchException(ExceptionKind.ALARM, "", "the alarm 'STOCK_LOW/T-9' was active")
LOW, LATER = BatchAlarm(seconds_after(60), "STOCK_LOW/T-9"), BatchAlarm(seconds_after(90), "STOCK_LOW/T-9")


def assess_batch(batch: Batch) -> Assessment:
    return judging.build_assessment(judge_batch(batch), assess_ingredients(batch), None)


def make_snapshot(batch: Batch, thought: Assessment) -> RecordSnapshot:
    return RecordSnapshot(batch_to_record(batch), judging.format_assessment(thought))


def list_changes(
    before: Batch, after: Batch, then: Assessment | None = None, now: Assessment | None = None
) -> list[str]:
    row = replace(sample_batches().details[0].row, batch_key=after.key)
    then, now = then or assess_batch(before), now or assess_batch(after)
    detail = BatchDetail(row, after, now, (), "", "", reviewed_snapshot=make_snapshot(before, then))
    return list(describe_changes(detail, UTC))


(BATCH,) = reconstruct_from(*normal_batch())


@given(st.sets(st.sampled_from(range(3)), min_size=1))
def test_every_message_that_came_is_named_once_and_the_other_way_round_as_lost(which: set[int]) -> None:
    late = [make_dose(65 + number, "L25B", dedup=number + 1) for number in which]
    (after,) = reconstruct_from(*normal_batch(), *late)
    told = list_changes(BATCH, after)
    assert [each for each in told if each.startswith("A message")] == [
        f"A message came: dose of L25B, 40.10 g, at 12:01:{5 + number:02}." for number in sorted(which)
    ]
    back = list_changes(after, BATCH)
    assert sum(each.startswith("A message is no longer its own: dose of L25B") for each in back) == len(which)


def test_a_status_a_level_and_what_is_no_longer_an_exception_are_named() -> None:
    (aborted,) = reconstruct_from(*normal_batch()[:3])
    told = list_changes(aborted, BATCH)
    assert "A message came: complete at 12:02:05." in told
    assert "Its status is complete now; incomplete then." in told
    assert any(each.startswith("No longer an exception: incomplete") for each in told)
    (levelled,) = reconstruct_from(
        *normal_batch(), make_level(-9, "T-9", 5000.0), make_level(61.1, "T-9", 4959.9)
    )
    assert list_changes(BATCH, levelled) == ["Its tanks' levels are others now."]


def test_each_occurrence_of_an_alarm_is_named_and_old_judgements_knew_none() -> None:
    fine = replace(assess_batch(BATCH), rules=RulesVersion.ALL_COUNT)
    once = replace(fine, exceptions=(NAMED,), alarms=(LOW,))
    twice = replace(once, alarms=(LOW, LATER))
    assert list_changes(BATCH, BATCH, fine, once) == ["An alarm came: STOCK_LOW/T-9 at 12:01:00."]
    assert list_changes(BATCH, BATCH, once, twice) == ["An alarm came: STOCK_LOW/T-9 at 12:01:30."]
    assert list_changes(BATCH, BATCH, twice, once) == [
        "An alarm is no longer its own: STOCK_LOW/T-9 at 12:01:30."
    ]
    old = replace(once, alarms=())
    assert list_changes(BATCH, BATCH, old, once) == [
        "Its alarms are kept with their times now; they were not when it was reviewed."
    ]


def test_a_judgement_without_alarms_is_written_as_it_was_before_they_were_kept() -> None:
    assert '"alarms"' not in judging.format_assessment(assess_batch(BATCH))
    kept = replace(assess_batch(BATCH), alarms=(LOW, LATER))
    assert judging.parse_assessment(judging.format_assessment(kept)) == kept


def test_a_remark_and_other_rules_are_named_as_changes() -> None:
    fine, low = assess_batch(BATCH), BatchException(ExceptionKind.LOW_STOCK, "T-9", "T-9 was down to 9.0 %")
    told = replace(fine, remarks=(low,))
    counted = replace(fine, exceptions=(low,), rules=RulesVersion.ALL_COUNT)
    assert list_changes(BATCH, BATCH, fine, told) == ["A remark came: T-9 was down to 9.0 %."]
    assert list_changes(BATCH, BATCH, told, fine) == ["No longer a remark: T-9 was down to 9.0 %."]
    assert list_changes(BATCH, BATCH, counted, told) == [
        "It is judged by version 5 of the rules now; by version 1 then.",
        "Only a remark now: T-9 was down to 9.0 %.",
    ]
    assert judging.parse_assessment(judging.format_assessment(told)) == told


def test_what_says_the_same_in_another_format_is_called_the_same() -> None:
    assert list_changes(BATCH, BATCH) == ["Its record has a new format; its contents are the same."]


def split_and_assess(batch: Batch, master: MasterVersion) -> tuple[Batch, Assessment]:
    apart = split_portions(batch, master.recipe)
    return apart, judging.build_assessment(
        judge_batch(apart, master=master),
        assess_ingredients(apart, master=master),
        master,
        split_chemicals=list_repeated_chemicals(batch, master.recipe),
    )


def test_each_portion_of_what_a_recipe_doses_twice_has_its_own_tolerance() -> None:
    before, then = split_and_assess(reconstruct_from(*TWO_OF_T12)[0], TWICE)
    after, now = split_and_assess(reconstruct_from(*TWO_OF_T12, make_dose(150, "L25B"))[0], TWICE)
    assert list_changes(before, after, then, now) == [
        "A message came: dose of L25B, 40.10 g, at 12:02:30.",
        "An exception came: L25B is not in the recipe.",
    ]
    *first, last = TWICE.recipe.ingredients
    wider = replace(TWICE, recipe=replace(TWICE.recipe, ingredients=(*first, replace(last, tolerance_g=0.3))))
    assert list_changes(before, before, then, split_and_assess(before, wider)[1]) == [
        "T-12 may be off by 0.30 g now; 0.20 g then."
    ]
