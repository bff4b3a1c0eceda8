"""The control chart: every dose in sight has its point, at every size, and the cursor stays in sight."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.capability.individuals_chart import ControlLimits
from dosing_tui.tui.charts.control_chart import MARGIN, ControlChart, choose_first, paint_control_chart

ERRORS = [0.1, 0.2, -0.1, 0.0, 3.0, 0.1, -2.5, 0.2]


@pytest.mark.parametrize(("width", "height"), [(40, 10), (78, 14), (118, 30)])
def test_each_dose_has_a_point_and_values_beyond_the_scale_an_arrow(width: int, height: int) -> None:
    limits = ControlLimits(0.05, 0.177)
    chart = ControlChart(ERRORS, limits, 0.5, 7, frozenset({4}))
    rows = paint_control_chart(chart, width, height)
    assert [len(row) for row in rows] == [width] * height
    errors = rows[: height - (max(3, height // 4) + 2 if height >= 14 else 0)]
    for number, error in enumerate(ERRORS):
        column = "".join(row[MARGIN + number][0] for row in errors)
        mark = "▲" if error == 3.0 else "▼" if error == -2.5 else "●"
        assert column.count(mark) == 1, (number, column)
    text = "\n".join("".join(cell for cell, _ in row) for row in rows)
    assert "mean" in text
    assert ("Range g" in text) == (height >= 14)


@given(st.integers(1, 500), st.integers(1, 200), st.data())
def test_the_cursor_is_in_sight(count: int, columns: int, data: st.DataObject) -> None:
    cursor = data.draw(st.integers(0, count - 1))
    first = choose_first(count, cursor, columns)
    assert 0 <= first <= cursor < first + columns
    assert first + min(columns, count) <= count
