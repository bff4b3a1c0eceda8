"""What a chart draws is what its caption says: no bucket is left out, whatever the width and the range."""

import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.tui.charts.full_screen_chart import (
    describe_full_screen,
    draw_full_screen_chart,
    fit_full_screen,
)
from dosing_tui.tui.charts.plot import draw_plot, fit_plot_bins
from dosing_tui.tui.charts.primitives.block_characters import LOWER_BLOCKS
from dosing_tui.tui.charts.primitives.scale import BucketWindow, choose_bins
from dosing_tui.tui.charts.series import AxisMode, ChartData, Curve
from dosing_tui.tui.charts.small_multiples import choose_layout, fit_strip_bins
from dosing_tui.tui.rendering.canvas import Rows
from dosing_tui.tui.rendering.palette import ColourRole
from dosing_tui.tui.tiles.consumption import (
    describe_strips,
    list_strip_numbers,
    paint_curves,
    paint_strips,
)

BERLIN = ZoneInfo("Europe/Berlin")
QUARTER, HOUR, DAY = timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)
STEPS = st.sampled_from([QUARTER, HOUR, 6 * HOUR, DAY])
STARTS = st.sampled_from(
    [
        datetime(2026, 3, 10, tzinfo=UTC),
        # the days on which the clocks of the plant change
        datetime(2026, 3, 29, tzinfo=BERLIN).astimezone(UTC),
        datetime(2026, 10, 25, tzinfo=BERLIN).astimezone(UTC),
        datetime(2026, 12, 31, 14, 15, tzinfo=UTC),
    ]
)


@st.composite
def make_charts(draw: st.DrawFn, *, max_series: int = 12) -> ChartData:
    """Amounts of any range and step; masses without a fraction, so that sums are exact."""
    count = draw(st.integers(1, 400))
    number = draw(st.integers(1, max_series))
    dice, gaps = random.Random(draw(st.integers(0, 10**9))), draw(st.floats(0, 1))
    curves = tuple(
        Curve(
            f"chemical {n:02}",
            tuple(None if dice.random() < gaps else float(dice.randrange(10**6)) for _ in range(count)),
        )
        for n in range(number)
    )
    window = BucketWindow(draw(STARTS), draw(STEPS), count)
    partial = draw(st.none() | st.integers(0, count - 1))
    return ChartData(curves, window, BERLIN, "g", 0, is_additive=True, partial_bucket=partial)


def sum_curves(data: ChartData) -> list[float]:
    return [sum(value for value in curve.values if value is not None) for curve in data.curves]


@settings(max_examples=settings().max_examples // 2, deadline=None)
@given(make_charts(), st.integers(1, 200))
def test_no_bucket_is_left_out_and_all_bins_are_equally_long(chart: ChartData, columns: int) -> None:
    drawn = chart.fit_bins(columns)
    assert drawn.window.bucket_count <= columns
    assert sum_curves(drawn) == sum_curves(chart)
    spans = [
        [end.astimezone(UTC) for end in drawn.get_bucket_span(bucket)]
        for bucket in range(drawn.window.bucket_count)
    ]
    assert (spans[0][0], spans[-1][1]) == (chart.window.since, chart.window.until)
    assert all(span[1] == following[0] for span, following in pairwise(spans))
    # only the first and the last may be shorter, and then they are marked
    for number, (start, end) in enumerate(spans):
        if end - start != drawn.window.bucket_width:
            assert number in (0, len(spans) - 1)
            assert number in drawn.list_partial_buckets()


@pytest.mark.parametrize(
    "night", [datetime(2026, 3, 29, tzinfo=BERLIN), datetime(2026, 10, 25, tzinfo=BERLIN)]
)
@pytest.mark.parametrize("columns", [12, 23, 24, 25, 40, 58, 96, 100])
def test_a_day_on_which_the_clocks_change_is_drawn_whole(night: datetime, columns: int) -> None:
    since = night.astimezone(UTC)
    until = (night + DAY).astimezone(UTC)
    count = (until - since) // QUARTER
    assert count in (92, 100)
    chart = ChartData(
        (Curve("T-12", (1.0,) * count),), BucketWindow(since, QUARTER, count), BERLIN, "g", is_additive=True
    )
    drawn = chart.fit_bins(columns)
    assert sum_curves(drawn) == [count]
    assert drawn.get_bucket_span(0)[0].strftime("%d %H:%M") == f"{night:%d} 00:00"
    assert drawn.get_bucket_span(drawn.window.bucket_count - 1)[1].strftime("%H:%M") == "00:00"


def read_heights(rows: Rows, left: int, columns: int) -> list[int]:
    """Eighths of the column of blocks that stands on the last row."""
    found = []
    for x in range(left, left + columns):
        height = 0
        for row in reversed(rows):
            if row[x][0] not in LOWER_BLOCKS[1:]:
                break
            height += LOWER_BLOCKS.index(row[x][0])
        found.append(height)
    return found


@settings(max_examples=settings().max_examples // 2, deadline=None)
@given(make_charts(max_series=1), st.integers(30, 160), st.integers(4, 20))
def test_every_bin_of_a_plot_stands_in_columns_of_its_own(chart: ChartData, width: int, height: int) -> None:
    drawn = fit_plot_bins(chart, width)
    axis = drawn.build_axis()
    rows = draw_plot(chart, width, height)[: height - 2]
    heights = read_heights(rows, 5, width - 5)
    values = [drawn.curves[0].values[x * drawn.window.bucket_count // (width - 5)] for x in range(width - 5)]
    assert heights == [
        0 if value is None else max(1, round(axis.to_share(value) * len(rows) * 8)) for value in values
    ]
    assert set(range(drawn.window.bucket_count)) == {
        x * drawn.window.bucket_count // (width - 5) for x in range(width - 5)
    }


@settings(max_examples=settings().max_examples // 2, deadline=None)
@given(make_charts(max_series=1), st.integers(30, 160), st.integers(1, 3))
def test_every_bar_of_a_strip_is_drawn_beside_the_sum_of_all(
    chart: ChartData, width: int, height: int
) -> None:
    rows = paint_strips(chart, width, height)
    layout = choose_layout(chart, list_strip_numbers(chart), width, height)
    drawn = fit_strip_bins(chart, layout)
    cells = layout.columns // drawn.window.bucket_count
    columns = cells * drawn.window.bucket_count
    strip = rows[layout.top : layout.top + layout.strip_rows]
    heights = read_heights(strip, layout.first_column + layout.columns - columns, columns)
    assert [bool(height) for height in heights[::cells]] == [
        value is not None for value in drawn.curves[0].values
    ]
    top = max((value or 0.0 for value in drawn.curves[0].values), default=0.0)
    total = sum_curves(chart)[0]
    if top > 0:
        eighths = len(strip) * 8 - 1
        seen = sum(heights[::cells]) / eighths * top
        assert abs(seen - total) <= len(drawn.curves[0].values) * top / eighths
    last = re.search(r"\d{1,3}( \d{3})*(\.\d+)?$", "".join(cell for cell, _ in strip[-1]).rstrip())
    shown = last[0].replace(" ", "") if last else "–"
    unit = 1_000 if "kg" in describe_strips(chart, width, height) else 1
    if any(value is not None for value in chart.curves[0].values):
        decimals = len(shown.partition(".")[2])
        assert abs(float(shown) * unit - total) <= unit * 0.5 * 10**-decimals + 1e-6


@settings(max_examples=settings().max_examples // 4, deadline=None)
@given(make_charts(), st.integers(76, 160), st.integers(18, 46))
def test_the_cursor_walks_over_the_bins_that_are_drawn(chart: ChartData, width: int, height: int) -> None:
    drawn = fit_full_screen(chart, width, height)
    assert fit_full_screen(drawn, width, height) == drawn
    assert sum_curves(drawn) == sum_curves(chart)
    last = drawn.window.bucket_count - 1
    rows = draw_full_screen_chart(drawn, width, height, cursor=last)
    start, end = drawn.get_bucket_span(last)
    heading = "".join(cell for cell, _ in rows[0])
    assert heading.startswith(f"{start:%a %d %b %H:%M}–")
    assert f"{end:%H:%M}" in heading


def test_a_narrow_day_keeps_its_first_hour() -> None:
    """The newest hours alone were drawn beside the sum of 24 h."""
    chart = ChartData(
        (Curve("T-12", (8.0, *[None] * 94, 1.0)),),
        BucketWindow(datetime(2026, 3, 10, tzinfo=UTC), QUARTER, 96),
        UTC, "g", is_additive=True,
    )  # fmt: skip
    for width in range(20, 130):
        row = "".join(cell for cell, _ in paint_strips(chart, width, 1)[0])
        assert row.count("▇") >= 1
        assert row.index("▇") < row.rindex("▁") < row.index("9.0")


def test_bins_have_round_widths() -> None:
    day = BucketWindow(datetime(2026, 3, 10, tzinfo=UTC), QUARTER, 96)
    widths = [choose_bins(day, columns, UTC).bucket_width for columns in (100, 60, 40, 30, 20, 9)]
    assert widths == [QUARTER, 2 * QUARTER, 3 * QUARTER, HOUR, 6 * QUARTER, 3 * HOUR]
    quarter = BucketWindow(datetime(2026, 1, 1, tzinfo=UTC), 6 * HOUR, 360)
    assert choose_bins(quarter, 100, UTC).bucket_width == DAY


def test_bins_begin_on_the_clock_of_the_plant_and_the_first_is_marked_as_shorter() -> None:
    """A range that begins at 14:15 has hours from 15:00 on, and three quarters before."""
    since = datetime(2026, 3, 10, 14, 15, tzinfo=BERLIN).astimezone(UTC)
    chart = ChartData(
        (Curve("a", (1.0,) * 97),), BucketWindow(since, QUARTER, 97), BERLIN, "g", is_additive=True
    )
    drawn = chart.fit_bins(30)
    assert drawn.curves[0].values == (3.0, *[4.0] * 23, 2.0)
    assert drawn.list_partial_buckets() == (0, 24)
    heading = join_rows(draw_full_screen_chart(replace(chart, min_bin=HOUR), 76, 19, cursor=0))[0]
    assert heading.startswith("Tue 10 Mar 14:15–15:00  shorter than the others")


def make_durations(count: int, *, low: float = 57.0, high: float = 63.0) -> ChartData:
    values = tuple(low + (high - low) * (hour % 7) / 6 for hour in range(24))
    curves = tuple(Curve(f"chemical {number:02}", values) for number in range(count))
    return ChartData(curves, BucketWindow(datetime(2026, 3, 10, tzinfo=UTC), HOUR, 24), UTC, "s")


def join_rows(rows: Rows) -> list[str]:
    return ["".join(cell for cell, _ in row) for row in rows]


def test_a_duration_fills_its_plot_and_the_scale_names_both_ends() -> None:
    rows = join_rows(draw_plot(make_durations(2), 80, 16))
    assert rows[0].lstrip().startswith("64")
    assert any(row.lstrip().startswith("56└") for row in rows)


def make_chart(mode: AxisMode, *values: float) -> ChartData:
    window = BucketWindow(datetime(2026, 1, 1, tzinfo=UTC), HOUR, len(values))
    return ChartData((Curve("a", values),), window, UTC, "s", axis_mode=mode)


def test_the_axis_key_begins_a_fitted_scale_at_zero_and_leaves_outliers_out() -> None:
    def choose_axis(mode: AxisMode, *values: float) -> tuple[float, float]:
        axis = make_chart(mode, *values).build_axis()
        return axis.bottom, axis.top

    calm = [60.0, 61.0] * 20
    assert choose_axis(AxisMode.ZERO, *calm)[0] == 0.0
    assert choose_axis(AxisMode.FITTED, *calm)[0] > 50.0
    assert choose_axis(AxisMode.FITTED, *calm, 900.0)[1] >= 900.0
    assert choose_axis(AxisMode.TRIMMED, *calm, 900.0)[1] < 70.0
    chart = make_chart(AxisMode.TRIMMED, *calm, 900.0)
    assert "▲" in "".join(join_rows(draw_plot(chart, 80, 16)))
    assert describe_full_screen(chart, 80, 20) == "axis without outliers"


@pytest.mark.parametrize("count", [5, 12])
@pytest.mark.parametrize("size", [(76, 19), (96, 25), (116, 34), (156, 44)])
def test_more_than_four_series_are_drawn_one_under_the_other_all_with_names(
    count: int, size: tuple[int, int]
) -> None:
    for data in (make_durations(count), make_amounts(count)):
        for rows in (draw_full_screen_chart(data, *size), paint_curves(data, *size)):
            drawn = join_rows(rows)
            lines = [next(i for i, row in enumerate(drawn) if curve.name in row) for curve in data.curves]
            assert lines == sorted(set(lines))
            # bars of one kind share no plot and have no markers
            markers = {drawn[line].split()[0] for line in lines}
            assert markers == {"chemical"} if data.is_additive else len(markers) == count
            assert "more" not in "".join(drawn)


def make_amounts(count: int) -> ChartData:
    values = tuple(float(hour) for hour in range(24))
    curves = tuple(Curve(f"chemical {number:02}", values) for number in range(count))
    window = BucketWindow(datetime(2026, 3, 10, tzinfo=UTC), HOUR, 24)
    return ChartData(curves, window, UTC, "g", is_additive=True)


def test_series_without_room_are_counted() -> None:
    drawn = join_rows(paint_strips(make_amounts(12), 40, 8))
    shown = sum("chemical" in row for row in drawn)
    assert f"and {12 - shown} more" in "\n".join(drawn)
    assert shown >= 6


@pytest.mark.parametrize("make_data", [make_amounts, make_durations])
def test_where_not_all_have_room_the_largest_are_shown_in_their_order(
    make_data: Callable[[int], ChartData],
) -> None:
    data = make_data(12)
    large = {3, 7, 11}
    curves = tuple(
        replace(
            curve, values=tuple(value and value * (100 if number in large else 1) for value in curve.values)
        )
        for number, curve in enumerate(data.curves)
    )
    # values that have two numbers have a row for their titles
    drawn = join_rows(paint_strips(replace(data, curves=curves), 60, 4 if data.is_additive else 5))
    shown = [row for row in drawn if "chemical" in row]
    assert [row.split("chemical ")[1][:2] for row in shown] == ["03", "07", "11"]
    assert len({row.split()[-1] for row in shown}) == 1
    assert "and 9 more" in "".join(drawn)


def test_a_rate_of_many_doses_is_larger_than_a_high_one_of_few() -> None:
    data = make_durations(12)
    curves = tuple(
        replace(curve, weights=tuple(100.0 if number == 9 else 1.0 for _ in curve.values))
        for number, curve in enumerate(data.curves)
    )
    drawn = join_rows(paint_strips(replace(data, curves=curves), 60, 2))
    assert "chemical 09" in "".join(drawn)


@pytest.mark.parametrize("height", range(8, 40))
@pytest.mark.parametrize(("count", "omitted"), [(12, 0), (20, 0), (20, 9_969)])
def test_numbers_at_full_screen_have_titles_at_every_height(count: int, omitted: int, height: int) -> None:
    data = replace(make_amounts(count), omitted_count=omitted)
    drawn = join_rows(draw_full_screen_chart(data, 78, height))
    titles = next(row for row in drawn if "here" in row and "sum" in row)
    numbers = next(row for row in drawn if "chemical 00" in row)
    assert titles.index("here") + len("here") == numbers.index("23.0") + len("23.0")
    assert titles.index("sum") + len("sum") == numbers.index("276.0") + len("276.0")
    shown = sum("chemical" in row for row in drawn)
    if shown < count or omitted:
        assert f"and {count - shown + omitted:,} more".replace(",", " ") in "\n".join(drawn)


def test_the_usual_range_lies_behind_a_line_of_its_own() -> None:
    rows = draw_full_screen_chart(make_durations(5), 120, 40)
    assert any(style.bg is ColourRole.TRACK for row in rows for _, style in row)
    assert "░" in "".join(join_rows(rows))
