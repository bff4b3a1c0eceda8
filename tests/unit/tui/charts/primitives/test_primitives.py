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
from dosing_tui.tui.charts.primitives.columns import draw_area, draw_sparkline
from dosing_tui.tui.charts.primitives.scale import BucketWindow, find_round_top, format_tick
from dosing_tui.tui.rendering.canvas import Rows
from dosing_tui.tui.rendering.palette import ColourRole

SIZES = st.tuples(st.integers(0, 130), st.integers(0, 40))
VALUES = st.lists(st.none() | st.floats(-1e9, 1e9), max_size=120)
SINCE = datetime(2026, 3, 10, 15, tzinfo=UTC)
DAY = BucketWindow(SINCE, timedelta(hours=1), 24)


def join_rows(rows: Rows) -> list[str]:
    return ["".join(cell for cell, _ in row) for row in rows]


def find_tones(rows: Rows) -> set[ColourRole]:
    return {pen.fg for row in rows for cell, pen in row if cell.strip()}


def is_size(rows: Rows, width: int, height: int) -> bool:
    return len(rows) == height and all(len(row) == width for row in rows)


@given(VALUES, SIZES, st.floats(0, 1e9))
def test_areas_have_the_size_they_are_asked_for(
    values: list[float | None], size: tuple[int, int], top: float
) -> None:
    assert is_size(draw_area(values, *size, top=top, limit=5.0), *size)


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


def test_an_area_is_as_high_as_its_values() -> None:
    assert join_rows(draw_area([0.0, 4.0, 8.0, 16.0], 4, 2, top=16.0)) == ["   █", "▁▄██"]


def test_a_missing_value_is_a_gap_and_a_zero_is_a_line() -> None:
    assert join_rows(draw_area([0.0, None, 1.0], 3, 1, top=1.0)) == ["▁ █"]
    assert join_rows(draw_sparkline([0.0, None, 1.0], 3, 1, top=1.0)) == ["▁·▇"]


def test_columns_above_the_limit_warn_and_the_others_do_not() -> None:
    rows = draw_area([4.0, 6.0], 2, 4, top=10.0, limit=5.0)
    assert ColourRole.DEVIATION not in {row[0][1].fg for row in rows}
    assert ColourRole.DEVIATION in {row[1][1].fg for row in rows}


def test_stacked_sparks_never_merge() -> None:
    full = join_rows(draw_sparkline([5.0] * 3, 3, 2, top=5.0))
    assert full == ["▇▇▇", "███"]


@pytest.mark.parametrize(("percent", "cells"), [(0.0, 0), (50.0, 10), (100.0, 20), (-5.0, 0), (180.0, 20)])
def test_a_gauge_fills_by_percent_and_is_clipped(percent: float, cells: int) -> None:
    (row,) = draw_gauge(percent, 20, colour=ColourRole.BAR, limits=())
    assert sum(cell == "█" for cell, _ in row) == cells


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
    assert "-0.5" in rows[-1]
    assert "+0.5" in rows[-1]


@given(st.floats(0.5, 2_000))
def test_the_top_of_a_scale_is_round_and_not_far_above(largest: float) -> None:
    top = find_round_top(largest)
    assert largest * (1 - 1e-6) <= top <= largest * 2.0001
    assert len(format_tick(top)) <= 3
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
    plot = draw_area([None] * 24, 24, 7, top=20.0, limit=5.0)
    rows = axes.draw_axes(plot, width=28, height=9, top=20.0, y_labels=(20.0, 5.0), ticks=())
    lines = [row for row in join_rows(rows) if "┄" in row]
    assert lines == ["  5┤" + "┄" * 24]
