"""Charts: cells out of numbers, whatever the numbers and the size."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.panels.panel_catalog import ErrorBin
from dosing_tui.tui.charts.histogram import choose_geometry, draw_histogram, fold_bins
from dosing_tui.tui.charts.primitives import axes
from dosing_tui.tui.charts.primitives.axes import place_time_ticks
from dosing_tui.tui.charts.primitives.bars import (
    draw_deviation_bar,
    draw_gauge,
    draw_thin_bar,
    draw_thin_gauge,
)
from dosing_tui.tui.charts.primitives.columns import draw_bars, draw_sparkline
from dosing_tui.tui.charts.primitives.scale import BucketWindow, find_round_top, format_tick
from dosing_tui.tui.charts.primitives.value_axis import ValueAxis, build_fitted_axis, build_zero_axis
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import ColourRole

SIZES = st.tuples(st.integers(0, 130), st.integers(0, 40))
VALUES = st.lists(st.none() | st.floats(-1e9, 1e9), max_size=120)
SINCE = datetime(2026, 3, 10, 15, tzinfo=UTC)
AXIS_16 = ValueAxis(0.0, 16.0, (8.0, 16.0))
DAY = BucketWindow(SINCE, timedelta(hours=1), 24)


def join_rows(rows: Rows) -> list[str]:
    return ["".join(cell for cell, _ in row) for row in rows]


def find_tones(rows: Rows) -> set[ColourRole]:
    return {pen.fg for row in rows for cell, pen in row if cell.strip()}


def is_size(rows: Rows, width: int, height: int) -> bool:
    return len(rows) == height and all(len(row) == width for row in rows)


@given(VALUES, SIZES, st.floats(0, 1e9))
def test_bars_over_time_have_the_size_they_are_asked_for(
    values: list[float | None], size: tuple[int, int], top: float
) -> None:
    for largest in (top, 5e-324):
        assert is_size(draw_bars(values, *size, axis=build_zero_axis(largest), limit=5.0), *size)


@given(VALUES, SIZES, st.floats(0, 1e9))
def test_sparks_have_the_size_they_are_asked_for(
    values: list[float | None], size: tuple[int, int], top: float
) -> None:
    assert is_size(draw_sparkline(values, *size, top=top), *size)


@given(st.none() | st.floats(-1e6, 1e6), st.integers(0, 60))
def test_gauges_have_the_size_they_are_asked_for(percent: float | None, width: int) -> None:
    for draw in (draw_gauge, draw_thin_gauge):
        assert is_size(draw(percent, width, colour=ColourRole.BAR, limits=(20, 50)), width, 1)


@given(st.floats(-1e6, 1e6), st.integers(1, 30))
def test_bars_have_the_size_they_are_asked_for(value: float, half: int) -> None:
    assert is_size(draw_deviation_bar(value, 2 * half + 1, full_scale=1.0, limit=0.5), 2 * half + 1, 1)
    assert is_size(draw_thin_bar(value, half, top=100.0), half, 1)


@given(st.lists(st.integers(0, 10_000), min_size=22, max_size=22), SIZES)
def test_histograms_have_the_size_they_are_asked_for(counts: list[int], size: tuple[int, int]) -> None:
    assert is_size(draw_histogram(make_bins(counts), *size, limit=0.5), *size)


def test_a_bar_is_as_high_as_its_value_and_stands_on_zero() -> None:
    assert join_rows(draw_bars([0.0, 4.0, 8.0, 16.0], 4, 2, axis=AXIS_16)) == ["   █", "▁▄██"]


def test_a_bar_has_one_colour_so_that_rounding_is_no_second_series() -> None:
    for eighths in range(1, 65):
        rows = draw_bars([float(eighths)], 1, 8, axis=ValueAxis(0.0, 64.0, (64.0,)))
        styles = {style for (cell, style), *_ in rows if cell != " "}
        assert len(styles) == 1
        assert all(style.bg is ColourRole.BACKGROUND for style in styles)


def test_a_missing_value_is_a_gap_and_a_zero_is_a_line() -> None:
    assert join_rows(draw_bars([0.0, None, 1.0], 3, 1, axis=ValueAxis(0.0, 1.0, (1.0,)))) == ["▁ █"]
    assert join_rows(draw_sparkline([0.0, None, 1.0], 3, 1, top=1.0)) == ["▁·▇"]


def test_bars_above_the_limit_warn_and_the_others_do_not() -> None:
    rows = draw_bars([4.0, 6.0], 2, 4, axis=build_zero_axis(10.0), limit=5.0)
    assert ColourRole.DEVIATION not in {row[0][1].fg for row in rows}
    assert ColourRole.DEVIATION in {row[1][1].fg for row in rows}


def test_limit_and_bars_beyond_it_are_seen_without_colour() -> None:
    axis = build_zero_axis(10.0)
    assert join_rows(draw_bars([4.0, 6.0, None], 9, 5, axis=axis, limit=5.0)) == [
        "         ",
        "    ▲    ",
        "┄┄┄┄┄┄┄┄┄",
        "██████   ",
        "██████   ",
    ]
    low = join_rows(draw_bars([4.0, 9.0], 2, 4, axis=axis, limit=5.0, is_low_limit=True))
    assert "▼" in "".join(row[0] for row in low)
    assert not any(row[1] in "▲▼" for row in low)


def test_a_bar_that_fills_the_plot_has_its_mark_inside() -> None:
    assert join_rows(draw_bars([10.0], 1, 4, axis=build_zero_axis(10.0), limit=5.0))[0] == "▲"


@given(st.floats(0.001, 1e6), st.floats(0.01, 1e5))
def test_a_fitted_axis_is_round_and_not_much_longer_than_the_data(low: float, span: float) -> None:
    axis = build_fitted_axis([low, low + span])
    noise = 1e-8 * (low + span)
    assert axis.bottom - noise <= low < low + span <= axis.top + noise
    assert axis.top - axis.bottom <= 3 * max(span, 0.02 * (low + span))
    assert len(axis.ticks) <= 6


def test_a_duration_of_a_minute_is_not_drawn_on_a_scale_from_zero() -> None:
    axis = build_fitted_axis([57.0, 63.0])
    assert (axis.bottom, axis.top) == (56.0, 64.0)
    equal = build_fitted_axis([60.0, 60.0])
    assert 58 < equal.bottom < 60 < equal.top < 62


def test_stacked_sparks_never_merge() -> None:
    full = join_rows(draw_sparkline([5.0] * 3, 3, 2, top=5.0))
    assert full == ["▇▇▇", "███"]


@pytest.mark.parametrize(("percent", "cells"), [(0.0, 0), (50.0, 10), (100.0, 20), (-5.0, 0), (180.0, 20)])
def test_a_gauge_fills_by_percent_and_is_clipped(percent: float, cells: int) -> None:
    (row,) = draw_gauge(percent, 20, colour=ColourRole.BAR, limits=())
    assert sum(cell == "█" for cell, _ in row) == cells


@given(st.floats(0.05, 100.0), st.integers(4, 120))
def test_a_tank_that_is_not_empty_has_a_bar_at_any_width(percent: float, width: int) -> None:
    for draw in (draw_gauge, draw_thin_gauge):
        (row,) = draw(percent, width, colour=ColourRole.BAR, limits=(20, 50))
        assert any(style.fg is ColourRole.BAR for _, style in row)


def test_an_empty_tank_has_no_bar() -> None:
    for draw in (draw_gauge, draw_thin_gauge):
        for percent in (None, 0.0, -3.0):
            (row,) = draw(percent, 8, colour=ColourRole.BAR, limits=(20, 50))
            assert all(style.fg is not ColourRole.BAR for _, style in row)


def test_limits_are_cut_through_the_bar_and_marked_on_the_track() -> None:
    (row,) = draw_gauge(30.0, 20, colour=ColourRole.DEVIATION, limits=(20, 50))
    assert row[4][0] == "▏"
    assert row[4][1].bg is ColourRole.DEVIATION
    assert row[10][0] == "▏"
    assert row[10][1].bg is ColourRole.TRACK


def test_a_bar_leans_to_the_side_of_its_sign() -> None:
    assert join_rows(draw_deviation_bar(0.5, 9, full_scale=1.0, limit=0.6)) == ["    │▄▄  "]
    assert join_rows(draw_deviation_bar(-0.4, 9, full_scale=1.0, limit=0.6)) == ["  ▗▄│    "]
    assert ColourRole.DEVIATION in find_tones(draw_deviation_bar(-0.7, 9, full_scale=1.0, limit=0.6))
    assert join_rows(draw_deviation_bar(99.0, 9, full_scale=1.0, limit=0.6)) == ["    │▄▄▄▄"]


def make_bins(counts: list[int]) -> list[ErrorBin]:
    edges = [None, *(round(-2 + 0.2 * number, 1) for number in range(21)), None]
    return [ErrorBin(edges[number], edges[number + 1], count) for number, count in enumerate(counts)]


@given(st.lists(st.integers(0, 10_000), min_size=22, max_size=22), st.integers(6, 130))
def test_no_dose_is_lost_between_the_bins(counts: list[int], width: int) -> None:
    assert sum(fold_bins(make_bins(counts), choose_geometry(width))) == sum(counts)


def test_bins_outside_the_tolerance_warn_and_those_inside_do_not() -> None:
    inside, outside = [0] * 22, [0] * 22
    inside[11] = outside[15] = 5
    assert ColourRole.DEVIATION not in find_tones(draw_histogram(make_bins(inside), 28, 8, limit=0.5))
    assert ColourRole.DEVIATION in find_tones(draw_histogram(make_bins(outside), 28, 8, limit=0.5))


def test_tolerance_lines_stand_on_both_sides_of_the_middle() -> None:
    rows = join_rows(draw_histogram(make_bins([0] * 22), 28, 8, limit=0.5))
    left, right = rows[0].index("┊"), rows[0].rindex("┊")
    assert left + right == 27
    assert "−0.5" in rows[-2]
    assert "+0.5" in rows[-2]


@pytest.mark.parametrize(("width", "height"), [(56, 20), (46, 8), (28, 7), (28, 5), (24, 5)])
def test_the_ends_of_a_histogram_are_labelled_with_their_counts(width: int, height: int) -> None:
    counts = [3, *[0] * 20, 12]
    drawn = join_rows(draw_histogram(make_bins(counts), width, height, limit=0.5))
    reach = choose_geometry(width).bins_per_side * 0.2
    assert drawn[-1].startswith(f"< −{reach:.1f}: 3")
    assert drawn[-1].endswith(f"≥ +{reach:.1f}: 12")
    assert " 0 " in "".join(drawn[-2:])


@given(st.floats(0.5, 2_000))
def test_the_top_of_a_scale_is_round_and_not_far_above(largest: float) -> None:
    top = find_round_top(largest)
    assert largest * (1 - 1e-6) <= top <= largest * 2.0001
    assert len(format_tick(top)) <= 4
    assert len(format_tick(top / 2)) <= 4


def test_ticks_are_whole_hours_of_the_plants_clock() -> None:
    labels = [tick.label for tick in place_time_ticks(DAY, 48, ZoneInfo("Europe/Berlin"))]
    assert labels == ["18:00", "00:00", "06:00", "12:00"]
    # half an hour beside UTC: the hour lies within its bucket
    assert [tick.label for tick in place_time_ticks(DAY, 48, ZoneInfo("Asia/Kolkata"))] == labels[
        1:
    ] + labels[:1]


def test_a_moment_finds_its_bucket() -> None:
    assert DAY.find_bucket(SINCE) == 0
    assert DAY.find_bucket(SINCE + timedelta(hours=23, minutes=59)) == 23
    assert DAY.find_bucket(SINCE + timedelta(hours=24)) is None
    assert DAY.find_bucket(SINCE - timedelta(seconds=1)) is None


def test_a_threshold_is_labelled_on_the_row_of_its_line() -> None:
    axis = build_zero_axis(20.0)
    canvas = Canvas(28, 9)
    canvas.paste_rows(4, 0, draw_bars([None] * 24, 24, 7, axis=axis, limit=5.0))
    axes.draw_y_axis(canvas, 3, 0, 7, axis, (20.0, 5.0))
    lines = [row for row in join_rows(canvas.rows) if "┄" in row]
    assert lines == ["  5┤" + "┄" * 24]
