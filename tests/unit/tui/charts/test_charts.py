"""Charts over time: lines, scales, cursors and statistics, whatever the values and the size."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.tui.charts.full_screen_chart import (
    draw_full_screen_chart,
    find_newest_bucket,
    format_annotations,
)
from dosing_tui.tui.charts.plot import draw_plot
from dosing_tui.tui.charts.primitives import braille
from dosing_tui.tui.charts.primitives.axes import place_time_ticks
from dosing_tui.tui.charts.primitives.scale import BucketWindow, resample_values
from dosing_tui.tui.charts.primitives.value_axis import ValueAxis
from dosing_tui.tui.charts.series import (
    AnnotationGlyph,
    AxisMode,
    ChartAnnotation,
    ChartData,
    Curve,
    compute_statistics,
    split_at_gaps,
)
from dosing_tui.tui.rendering.canvas import Rows
from dosing_tui.tui.tiles.consumption import paint_strips

SINCE = datetime(2026, 3, 10, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)
VALUES = st.lists(st.none() | st.floats(0, 1e12), min_size=24, max_size=24)


def join_rows(rows: Rows) -> list[str]:
    return ["".join(cell for cell, _ in row) for row in rows]


def make_curves(
    *series: list[float | None], flags: tuple[ChartAnnotation, ...] = (), partial: int | None = None
) -> ChartData:
    named = tuple(Curve(f"series {number}", tuple(values)) for number, values in enumerate(series))
    window = BucketWindow(SINCE, HOUR, len(series[0]))
    return ChartData(named, window, UTC, "g", is_additive=True, annotations=flags, partial_bucket=partial)


@settings(max_examples=settings().max_examples // 2)
@given(st.lists(VALUES, min_size=1, max_size=5), st.integers(1, 130), st.integers(1, 40))
def test_large_charts_have_the_size_they_are_asked_for(
    series: list[list[float | None]], width: int, height: int
) -> None:
    for rows in (
        draw_plot(make_curves(*series), width, height, cursor=3),
        draw_full_screen_chart(make_curves(*series), width, height),
    ):
        assert [len(row) for row in rows] == [width] * height


@settings(max_examples=settings().max_examples // 2)
@given(
    st.lists(st.tuples(st.floats(), st.floats()), min_size=1, max_size=20),
    st.integers(1, 60), st.integers(1, 20),
)  # fmt: skip
def test_no_number_can_end_the_process(piece: list[tuple[float, float]], width: int, height: int) -> None:
    rows = braille.draw_lines([[piece]], width, height)
    assert [len(row) for row in rows] == [width] * height


def test_any_number_of_series_can_be_drawn() -> None:
    rows = braille.draw_lines([[[(0.0, 0.0), (1.0, number / 700)]] for number in range(700)], 80, 20)
    styles = {style for row in rows for cell, style in row if cell != " "}
    assert styles == set(braille.SERIES_STYLES)


def test_two_series_are_told_apart_without_colour() -> None:
    drawn = "\n".join(join_rows(draw_plot(make_curves([1.0] * 24, [3.0] * 24), 80, 12)))
    assert braille.get_series_marker(0) in drawn
    assert braille.get_series_marker(1) in drawn


def test_without_the_library_there_are_markers_and_no_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(braille, "load_plotext", lambda: None)
    drawn = "\n".join(join_rows(draw_plot(make_curves([1.0, 2.5] * 12, [3.0] * 24), 81, 13)))
    assert braille.get_series_marker(0) in drawn
    assert not any(0x2800 < ord(cell) <= 0x28FF for cell in drawn)


def test_a_gap_parts_a_line_and_a_single_value_is_a_piece() -> None:
    found = split_at_gaps([1.0, None, 2.0, 4.0], ValueAxis(0.0, 4.0, (4.0,)))
    assert [len(piece) for piece in found] == [1, 2]
    assert found[1][-1] == (0.875, 1.0)


def test_no_peak_is_lost_where_a_column_has_several_buckets() -> None:
    assert resample_values([1.0, None, 9.0, 2.0, None, None], 3) == [1.0, 9.0, None]
    assert resample_values([1.0, 2.0], 4) == [1.0, 1.0, 2.0, 2.0]


def test_statistics_leave_out_what_was_not_measured() -> None:
    found = compute_statistics([None, 2.0, 0.0, None])
    assert (found.minimum, found.mean, found.maximum, found.total, found.last) == (0.0, 1.0, 2.0, 2.0, 0.0)
    assert compute_statistics([None]).mean is None


def test_the_mean_of_a_zoomed_rate_is_that_of_its_doses() -> None:
    """1 of 2 doses, then 3 of 100: 4 of 102, not the mean of 50 % and 3 %."""
    chart = make_curves([50.0, None, 3.0])
    weighed = replace(chart, is_additive=False, curves=(replace(chart.curves[0], weights=(2, 0, 100)),))
    shown = join_rows(draw_full_screen_chart(weighed, 100, 24))[-2:]
    titles, numbers = (line.split() for line in shown)
    assert numbers[2:][titles.index("mean") - 1] == "3.9"


def test_the_cursor_reads_the_time_and_every_series() -> None:
    rows = join_rows(draw_full_screen_chart(make_curves([None] * 23 + [7.5], [1.0] * 24), 100, 24, cursor=23))
    assert "Wed 11 Mar 14:00–15:00" in rows[0]
    assert any("series 0" in row and "7.5" in row for row in rows)


def test_the_cursor_rests_on_the_newest_value() -> None:
    assert find_newest_bucket(make_curves([1.0, None, 2.0, None])) == 2
    assert find_newest_bucket(make_curves([None, None])) == 1


def test_a_bucket_that_is_not_over_is_said_and_dotted() -> None:
    rows = join_rows(draw_full_screen_chart(make_curves([1.0] * 24, partial=23), 100, 24, cursor=23))
    assert "in progress" in rows[0]
    axis = next(row for row in rows if "└" in row)
    assert axis.rstrip().endswith("·")


def test_a_missing_value_is_said_and_not_called_zero() -> None:
    rows = join_rows(draw_full_screen_chart(make_curves([0.0, None]), 100, 20, cursor=1))
    assert "nothing measured" in rows[0]
    assert "0.0 g" in join_rows(draw_full_screen_chart(make_curves([0.0, None]), 100, 20, cursor=0))[0]


def test_notes_come_before_batches_and_many_batches_are_counted() -> None:
    batches = [ChartAnnotation(SINCE, AnnotationGlyph.START, f"CU-{number} started") for number in range(4)]
    note = ChartAnnotation(SINCE, AnnotationGlyph.NOTE, "drum changed (Anna)")
    assert format_annotations([*batches, note]) == "drum changed (Anna) · batches: 4 started"
    assert format_annotations(batches[:1]) == "CU-0 started"


def test_what_happened_has_a_row_above_the_axis() -> None:
    flags = (
        ChartAnnotation(SINCE + HOUR / 2, AnnotationGlyph.ABORT, "CU-85 abort"),
        ChartAnnotation(SINCE + HOUR / 2, AnnotationGlyph.START, "CU-85"),
    )
    rows = join_rows(draw_plot(make_curves([1.0] * 24, flags=flags), 80, 12))
    assert rows[0][5:10].strip() == "✗"
    floor = next(number for number, row in enumerate(rows) if "└" in row)
    assert "█" in rows[floor - 1]


def test_days_are_named_in_a_window_of_days() -> None:
    week = BucketWindow(datetime(2026, 3, 4, 0, tzinfo=UTC), HOUR * 6, 28)
    labels = [tick.label for tick in place_time_ticks(week, 112, UTC)]
    assert labels == ["04 Mar", "05 Mar", "06 Mar", "07 Mar", "08 Mar", "09 Mar", "10 Mar"] or (
        labels[0] == "04 Mar" and "12:00" in labels
    )
    quarter = BucketWindow(datetime(2026, 1, 1, tzinfo=UTC), HOUR * 6, 360)
    assert all(" " in tick.label for tick in place_time_ticks(quarter, 112, UTC))


def test_ticks_follow_the_wall_across_a_change_of_clocks() -> None:
    night = BucketWindow(datetime(2026, 3, 28, 23, tzinfo=UTC), HOUR, 24)
    labels = [tick.label for tick in place_time_ticks(night, 96, ZoneInfo("Europe/Berlin"))]
    assert labels[:3] == ["00:00", "04:00", "06:00"]


def test_the_rest_of_a_day_stays_blank_and_its_buckets_are_not_called_empty() -> None:
    (row,) = join_rows(paint_strips(make_curves([1.0, 2.0, *[None] * 22], partial=1), 40, 1))
    assert row.split() == ["series", "0", "▄▇", "3.0"]
    assert "·" not in row


@settings(max_examples=settings().max_examples // 2)
@given(st.floats(0, 1), st.floats(0, 1), st.integers(1, 60), st.integers(1, 20))
def test_a_line_passes_through_the_cell_of_its_marker(x: float, y: float, width: int, height: int) -> None:
    rows = join_rows(braille.draw_lines([[[(x, y)]]], width, height))
    column, row = braille.find_point_cell(x, y, width, height)
    assert {(c, r) for r in range(height) for c in range(width) if rows[r][c] != " "} == {(column, row)}


def make_amounts(*values: float | None, axis_mode: AxisMode = AxisMode.AUTO) -> ChartData:
    window = BucketWindow(SINCE, HOUR, len(values))
    return ChartData((Curve("T-12", values),), window, UTC, "kg", is_additive=True, axis_mode=axis_mode)


FALSE_DOSE = (0.04, 0.05, None, 0.06, 0.04, 1e9, 0.05, 0.06)


def test_one_false_dose_does_not_hide_the_others() -> None:
    data = make_amounts(*FALSE_DOSE)
    rows = join_rows(draw_plot(data, 48, 10))
    assert data.build_axis().top == 0.06
    assert sum(row.count("▲") for row in rows) == 1
    assert rows[0].count("█") > 5
    assert data.axis_name == "axis without outliers"
    assert compute_statistics(data.curves[0].values).maximum == 1e9


def test_what_is_far_beyond_the_others_is_marked_in_a_strip() -> None:
    strip = "".join(join_rows(paint_strips(make_amounts(*FALSE_DOSE), 60, 3)))
    assert strip.count("▲") == 1
    assert "▇" in strip


def test_the_scale_from_0_that_was_asked_for_holds_all_values() -> None:
    data = make_amounts(*FALSE_DOSE, axis_mode=AxisMode.ZERO)
    assert data.build_axis().top == 1e9
    assert data.axis_name == "axis from 0"


def test_a_chemical_of_which_much_is_used_is_no_outlier() -> None:
    small, large = (0.01,) * 8, (9.0,) * 8
    window = BucketWindow(SINCE, HOUR, 8)
    data = ChartData((Curve("T-12", small), Curve("BDO", large)), window, UTC, "kg", is_additive=True)
    assert data.build_axis().top == 10.0
    assert data.axis_name == ""
    few = make_amounts(0.01, 0.01, 0.01, 9.0, 9.0, 0.01)
    assert few.build_axis().top == 10.0
