"""The control chart: every dose in sight has its point, at every size, and the cursor stays in sight."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.capability.individuals_chart import ControlLimits
from dosing_tui.domain.capability.pump_history import PumpChartData
from dosing_tui.domain.capability.service_log import ServiceEntry, ServiceKind
from dosing_tui.domain.panels.panel_catalog import DoseRow
from dosing_tui.tui.charts.control_chart import (
    EVENT_LETTER,
    MARGIN,
    POINT,
    ControlChart,
    choose_first,
    paint_control_chart,
)
from dosing_tui.tui.rendering.palette import DIM, STRONG
from tests.support.database.reading_samples import NOW

ERRORS = [0.1, 0.2, -0.1, 0.0, 3.0, 0.1, -2.5, 0.2]


@given(st.integers(-3, 40), st.integers(-8, 20), st.sampled_from([0.0, 5e-324, 0.177]))
def test_it_is_drawn_at_every_size_with_what_was_done_at_the_pump(
    width: int, height: int, sigma: float
) -> None:
    """In a window of 20 by 5 the letter of a tube change ended the console."""
    chart = ControlChart(ERRORS, ControlLimits(0.05, sigma), 0.5, 7, frozenset({4}), [(2, "T"), (7, "C")])
    rows = paint_control_chart(chart, width, height)
    assert [len(row) for row in rows] == [max(0, width)] * max(0, height)


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


def test_what_was_done_is_marked_before_its_dose_and_hides_no_point() -> None:
    limits = ControlLimits(0.05, 0.177)
    chart = ControlChart(ERRORS, limits, 0.5, 7, frozenset({4}), ((2, "T"), (5, "C")), 5)
    rows = paint_control_chart(chart, 60, 12)
    assert (rows[0][MARGIN + 2], rows[0][MARGIN + 5]) == (("T", EVENT_LETTER), ("C", EVENT_LETTER))
    for number in (2, 5):
        column = [row[MARGIN + number] for row in rows[1:]]
        assert [cell for cell, _ in column].count(POINT) == 1
        assert [cell for cell, _ in column].count("│") == len(column) - 1
    point_styles = [
        next(row[MARGIN + number][1] for row in rows[1:] if row[MARGIN + number][0] == POINT)
        for number in (0, 3, 5, 7)
    ]
    assert point_styles == [DIM, DIM, STRONG, STRONG]


def test_an_event_belongs_to_the_first_dose_after_it() -> None:
    times = [NOW + timedelta(minutes=n) for n in range(3)]
    doses = [
        DoseRow(at, "station-1", "r", "m", "T-9", 2, 40.0, 40.0, 0.0, None, at, "device") for at in times
    ]  # fmt: skip
    second = timedelta(seconds=1)
    entries = [
        ServiceEntry(
            number, at, "station-1", 2, ServiceKind.TUBE, None, (), None, None, None, "", "Anna", "", "", at,
            is_withdrawn=False,
        )
        for number, at in enumerate((times[0], times[1] + second, times[2] + second))
    ]  # fmt: skip
    marks = PumpChartData(doses, entries).list_marks()
    assert [(index, entry.entry_id) for index, entry in marks] == [(0, 0), (2, 1)]
