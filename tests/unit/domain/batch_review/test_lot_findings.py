"""Lots in the judgement of a batch: its text, its findings, and what changed since a review."""

from datetime import date

from dosing_tui.domain.batch_review.assessment import build_assessment, format_assessment, parse_assessment
from dosing_tui.domain.batch_review.exception_checks import assess_ingredients, judge_batch
from dosing_tui.domain.materials.lots.batch_lots import BatchLot
from dosing_tui.domain.materials.lots.lot_mixing import UNKNOWN_LOT, Lot
from tests.support.domain.batch_messages import normal_batch, reconstruct_from

OLD = Lot("A", "Supplier", date(2026, 11, 1), date(2026, 10, 1), "CoA 1")


def judge(*lots: BatchLot) -> list[str]:
    (batch,) = reconstruct_from(*normal_batch())
    return [f"{each.kind}: {each.sentence}" for each in judge_batch(batch, lots=lots).exceptions]


def test_without_lots_a_judgement_has_the_bytes_it_had() -> None:
    """So batches reviewed before lots were kept stay approved."""
    (batch,) = reconstruct_from(*normal_batch())
    text = format_assessment(build_assessment(judge_batch(batch), assess_ingredients(batch), None))
    assert text == (
        '{"bands":[[0.5,true],[0.5,true]],"findings":[],"recipe_version":null,"remarks":[],"rules":5}'
    )


def test_lots_are_in_the_text_and_come_back_from_it() -> None:
    (batch,) = reconstruct_from(*normal_batch())
    lots = (BatchLot("T-12", OLD, 0.25, 1.275, True), BatchLot("T-12", Lot(UNKNOWN_LOT), 0.75, None))
    found = build_assessment(judge_batch(batch, lots=lots), assess_ingredients(batch), None, lots=lots)
    assert parse_assessment(format_assessment(found)) == found
    for detail in ("A", "Supplier", "2026-11-01", "2026-10-01", "CoA 1", "0.25", "1.275"):
        assert detail in format_assessment(found)


def test_an_expired_and_an_unknown_lot_are_exceptions() -> None:
    assert judge(BatchLot("T-12", OLD, 0.25, 1.0, True), BatchLot("T-12", Lot(UNKNOWN_LOT), 0.75, 3.0)) == [
        "expired lot: 25.0 % of T-12 is of lot A, which expired on 2026-11-01",
        "unknown lot: 75.0 % of T-12 is of an unknown lot",
    ]


def test_a_lot_of_which_nobody_knows_how_much_counts() -> None:
    assert judge(BatchLot("T-12", OLD, 0.0, None, True)) == [
        "expired lot: an unknown part of T-12 is of lot A, which expired on 2026-11-01"
    ]


def test_less_than_one_percent_is_no_finding_and_neither_is_a_good_lot() -> None:
    assert judge(BatchLot("T-12", OLD, 0.0099, 0.05, True), BatchLot("T-12", Lot("B"), 0.9901, 5.0)) == []
