"""Where the reviewer is in the list, and how errors, courses and batches under way are drawn."""

from datetime import UTC, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.config.settings import Settings
from dosing_tui.database.reports.batch_record import BatchRecordContent
from dosing_tui.domain.batch_review.query_models import BatchRow
from dosing_tui.domain.batches.models import BatchStatus, StockChange
from dosing_tui.domain.panels.filters import NO_FILTER, Selection
from dosing_tui.domain.time.time_range import TimeRange
from dosing_tui.export.documents.batch_record import build_batch_document
from dosing_tui.export.documents.text_renderer import to_text
from dosing_tui.live_snapshot import LiveSnapshot
from dosing_tui.tui.batches.detail_view import BatchDetailContext, render_batch_detail
from dosing_tui.tui.batches.ingredient_table import render_tolerance_bar
from dosing_tui.tui.batches.live_batch import apply_live_messages
from dosing_tui.tui.batches.timeline import find_longest_gap
from dosing_tui.tui.data import batch_list_state as browse
from dosing_tui.tui.data.batch_list_state import (
    BatchListOptions,
    BatchListState,
    BatchTab,
    build_batch_filter,
    is_review_due,
)
from dosing_tui.tui.rendering.palette import ColourRole
from tests.support.domain.batch_messages import (
    NOON,
    make_dose,
    make_event,
    normal_batch,
    reconstruct_from,
    seconds_after,
)
from tests.support.tui.batch_samples import sample_batches


def render_bar(error_g: float | None, tolerance_g: float | None, width: int = 13) -> str:
    return "".join(
        cell for cell, _ in render_tolerance_bar(error_g, tolerance_g, width, ColourRole.BACKGROUND)[0]
    )


def test_an_error_leans_to_its_side_and_passes_the_edge_of_its_band_when_it_is_out() -> None:
    assert render_bar(0.0, 0.5) == "   ┊  │  ┊   "
    assert render_bar(0.4, 0.5) == "   ┊  │▄▄▖   "
    assert render_bar(9.0, 0.5).endswith("→")
    assert render_bar(-9.0, 0.5).startswith("←")
    assert render_bar(None, 0.5).strip() == render_bar(0.1, None).strip() == ""


@given(st.floats(-100, 100), st.floats(0.01, 10), st.integers(2, 20))
def test_a_bar_has_its_width_and_is_yellow_exactly_when_it_is_out(
    error_g: float, tolerance_g: float, half: int
) -> None:
    (row,) = render_tolerance_bar(error_g, tolerance_g, 2 * half + 1, ColourRole.BACKGROUND)
    drawn = {pen.fg for cell, pen in row if cell in "▄▖▗←→"}
    assert len(row) == 2 * half + 1
    assert drawn <= {ColourRole.DEVIATION if abs(error_g) > tolerance_g + 1e-9 else ColourRole.BAR}


def make_rows(count: int) -> tuple[BatchRow, ...]:
    row = sample_batches().details[0].row
    return tuple(
        replace(row, batch_key=f"{number:03}", begins_at=NOON - timedelta(minutes=number), status="complete")
        for number in range(count)
    )


@given(st.lists(st.integers(-30, 30)), st.integers(1, 40), st.integers(0, 50))
def test_the_cursor_is_always_on_a_batch_in_sight(steps: list[int], visible: int, count: int) -> None:
    here = browse.merge_rows_below(BatchListState(), None, make_rows(count), limit=100)
    for step in steps:
        here = browse.move_cursor(here, step, visible)
        assert (browse.get_selected_row(here) is None) == (count == 0)
        if count:
            assert here.first <= here.row < here.first + visible
            assert browse.get_selected_row(here) == here.rows[here.row]


def test_the_cursor_stays_on_its_batch_when_newer_ones_come() -> None:
    here = browse.move_cursor(
        browse.merge_rows_below(BatchListState(), None, make_rows(5)[1:], limit=100), 2, 10
    )
    after = browse.clamp_cursor(browse.merge_rows_below(here, None, make_rows(5), limit=100), 10)
    assert after.cursor_key == here.cursor_key == "003"


def test_a_page_below_is_added_without_repeating_anything() -> None:
    here = browse.merge_rows_below(BatchListState(), None, make_rows(10), limit=10)
    longer = browse.merge_rows_below(here, here.rows[-1], make_rows(14)[10:], limit=4)
    assert [row.batch_key for row in longer.rows] == [f"{number:03}" for number in range(14)]
    assert not longer.has_oldest
    assert browse.merge_rows_below(longer, longer.rows[-1], (), limit=10).has_oldest
    assert (
        browse.merge_rows_below(
            browse.jump_to_rows(make_rows(30)[20:], limit=10), make_rows(5)[4], make_rows(9)[5:], limit=4
        ).rows[0]
        == (make_rows(21)[20])
    )


def test_the_next_to_review_is_below_and_never_a_running_one() -> None:
    reviewed, under_way, waiting = make_rows(3)
    held = (replace(reviewed, review_state="approved"), replace(under_way, status="open"), waiting)
    here = browse.clamp_cursor(browse.merge_rows_below(BatchListState(), None, held, limit=10), 5)
    assert browse.find_next_row(here, lambda row: is_review_due(row, second_person=False)) == 2
    assert is_review_due(held[0], second_person=True)


def test_tabs_narrow_and_range_and_filters_of_the_console_apply() -> None:
    selection = Selection(device=("a",), chemical=("T-9",), recipe=("CU-85",))
    which = build_batch_filter(
        BatchListOptions(BatchTab.NOT_COMPLETE, unreviewed=True),
        TimeRange(NOON, seconds_after(60)),
        selection,
    )
    assert (which.since, which.until, which.device, which.recipe) == (
        NOON,
        seconds_after(60),
        ("a",),
        ("CU-85",),
    )
    assert {BatchStatus.OPEN, BatchStatus.COMPLETE}.isdisjoint(which.status)
    assert which.unreviewed
    assert build_batch_filter(BatchListOptions(), None, NO_FILTER).status == ()


def test_a_running_batch_takes_what_was_received_of_it_and_keeps_its_key() -> None:
    start, first, *_ = normal_batch()
    (batch,) = reconstruct_from(start, first, now=seconds_after(70))
    second = make_dose(122, "T-12", target_g=5.0, actual_g=5.1)
    heard = LiveSnapshot(doses=(second, make_dose(122, "T-12", device="b")), events=())
    after = apply_live_messages(batch, heard, seconds_after(123))
    assert (after.key, [one.chemical for one in after.ingredients]) == (batch.key, ["T-9", "T-12"])
    ended = apply_live_messages(
        batch, LiveSnapshot(doses=(second,), events=(make_event(125, "complete"),)), seconds_after(126)
    )
    assert ended.status is BatchStatus.COMPLETE
    assert (
        apply_live_messages(ended, LiveSnapshot(events=(make_event(130, "start"),)), seconds_after(131))
        is ended
    )


def test_the_longest_gap_is_named_by_what_came_after_it() -> None:
    (batch,) = reconstruct_from(*normal_batch())
    assert find_longest_gap(batch) == (3.0, "T-9")
    (slow,) = reconstruct_from(
        make_event(0, "start"), make_dose(61, "T-9"), make_dose(200, "T-12"), make_event(203, "complete")
    )
    assert find_longest_gap(slow) == (81.0, "T-12")


def test_the_ratio_of_two_catalysts_is_on_the_screen_and_in_the_printed_record() -> None:
    """Both are in tolerance, and the ratio is a tenth off."""
    doses = make_dose(61, "T-9", actual_g=39.6), make_dose(122, "T-12", target_g=5.0, actual_g=5.5)
    batch = reconstruct_from(make_event(0, "start"), *doses, make_event(125, "complete"))[0]
    detail = sample_batches().details[0]
    detail = replace(
        detail, batch=batch, assessment=replace(detail.assessment, tolerance_bands=((0.5, True),) * 2)
    )
    context = BatchDetailContext(NOON, UTC, Settings().calendar)
    for width in (80, 120):
        rows = render_batch_detail(detail, batch, context, width)
        shown = ["".join(cell for cell, _ in row).strip() for row in rows]
        assert shown[3 + (width == 80)] == "ratio T-9 : T-12 · 7.20 : 1 · target 8.00 : 1 · ▲ -10.0 %"
    printed = to_text(
        build_batch_document(BatchRecordContent(detail, (), ()), Settings(), now=NOON, zone=UTC)
    )
    assert "T-9 : T-12 = 7.20 : 1, target 8.00 : 1 (-10.0 %)" in " ".join(printed.split())


def test_a_level_has_the_same_digits_on_the_screen_and_in_the_printed_record() -> None:
    detail = sample_batches().details[0]
    levels = (19.96, 48.26)
    stock = tuple(
        StockChange(name, 3_000.0, 2_960.0, percent, 15_000.0, 40.0, 1)
        for name, percent in zip(("T-9", "T-12"), levels, strict=True)
    )
    batch = replace(detail.batch, stock=stock)
    context = BatchDetailContext(NOON, UTC, Settings().calendar)
    rows = render_batch_detail(detail, batch, context, 120)
    shown = " ".join("".join(cell for cell, _ in row) for row in rows)
    content = BatchRecordContent(replace(detail, batch=batch), (), ())
    printed = to_text(build_batch_document(content, Settings(), now=NOON, zone=UTC))
    for text in ("19.9", "48.2"):
        assert f" {text} % left" in shown
        assert f" {text} " in printed
