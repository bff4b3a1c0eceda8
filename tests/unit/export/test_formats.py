"""Export tables as CSV, JSON and text: complete, readable by programs, without control characters."""

import csv
import io
import json
import math
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.panels.panel_catalog import PANELS, ErrorBin, PanelQuery, SeriesPoint
from dosing_tui.domain.panels.panel_columns import DataColumn, list_panel_columns
from dosing_tui.export.csv_format import to_csv
from dosing_tui.export.json_format import to_json
from dosing_tui.export.table import build_table
from dosing_tui.export.text_format import to_table
from tests.support.export.extract_samples import BERLIN, SINCE, UNTIL, an_extract, of_text


def read_back(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@pytest.mark.parametrize(
    ("panel", "headers"),
    [
        ("consumption_over_time", ["at", "series", "value (g/h)", "doses"]),
        ("batches_today", ["label", "value"]),
        ("error_rate", ["at", "series", "value (%)", "doses"]),
        ("accuracy_histogram", ["lower (g)", "upper (g)", "doses"]),
        ("inventory", ["device id", "chemical", "remaining (g)", "capacity (g)", "full (%)", "time",
                       "received at"]),
        ("daily_summary", ["day", "recipe", "mode", "batches", "aborted", "doses", "dosed (g)",
                           "mean error (g)", "mean duration (s)"]),
    ],
)  # fmt: skip
def test_headers_name_the_unit(panel: str, headers: list[str]) -> None:
    assert [column.header for column in list_panel_columns(PANELS[panel], PANELS[panel].unit)] == headers


def test_csv_has_offsets_complete_numbers_and_empty_cells_for_what_is_missing() -> None:
    assert to_csv(an_extract()) == (
        "at,chemical,day,doses,dosed (g)\r\n"
        "2026-10-25T02:30:00+02:00,BDO,2026-10-25,3,0.30000000000000004\r\n"
        "2026-10-25T02:30:00+01:00,T-12,2026-10-25,0,\r\n"
    )


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("=1+1", "'=1+1"), ("+1", "'+1"), ("-1", "'-1"), ("@SUM(A1)", "'@SUM(A1)"), ("  =1", "'=1"),
        ("\t=1", "'=1"), ("＝1", "'＝1"), ("CU-65/75", "CU-65/75"), ('a "b", c', 'a "b", c'),
        ("a\r\nb", "a��b"), ("\x1b[2J", "�[2J"),
        ("a;=1", "a;'=1"), ("a;b;@SUM(A1);-1;c", "a;b;'@SUM(A1);'-1;c"),
        ("T-9 5 g; +0.6 g", "T-9 5 g; +0.6 g"),
    ],
)  # fmt: skip
def test_text_is_never_a_formula_nor_a_control(text: str, cell: str) -> None:
    assert read_back(to_csv(of_text(text)))[1] == [cell]


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_any_text_stays_in_its_cell(texts: list[str]) -> None:
    rows = read_back(to_csv(of_text(*texts)))
    assert len(rows) == 1 + len(texts)
    cells = [cell for row in rows for cell in row[0].split(";")]
    assert all(len(row) == 1 for row in rows)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in cells)


@given(st.one_of(st.none(), st.floats()))
def test_numbers_are_read_back_exactly_from_both(number: float | None) -> None:
    found = an_extract((number,), columns=(DataColumn("dosed_g", "dosed", "g"),))
    expected = number if number is not None and math.isfinite(number) else None
    assert json.loads(to_json(found))["rows"] == [{"dosed_g": expected}]
    (cell,) = read_back(to_csv(found))[1]
    assert (float(cell) if cell else None) == expected


def test_json_names_panel_range_filters_and_columns() -> None:
    document = json.loads(to_json(an_extract()))
    assert document.pop("rows")[1] == {
        "at": "2026-10-25T02:30:00+01:00", "chemical": "T-12", "day": "2026-10-25", "doses": 0,
        "dosed_g": None,
    }  # fmt: skip
    assert document.pop("columns")[4] == {"name": "dosed_g", "title": "dosed", "unit": "g"}
    assert document == {
        "panel": "daily_summary", "title": "Daily production", "unit": "g",
        "range": {"text": "25 Oct", "from": "2026-10-25T00:00:00+02:00", "to": "2026-10-26T00:00:00+01:00"},
        "selection": {"device": ["station-1"], "recipe": ["CU-65/75"]},
        "generated_at": "2026-10-26T00:00:00+01:00",
    }  # fmt: skip


def test_a_table_is_aligned_under_a_caption() -> None:
    assert to_table(an_extract(), width=80).splitlines() == [
        "Daily production (g) · 25 Oct · device station-1 · recipe CU-65/75",
        "at                      chemical  day         doses  dosed (g)",
        "─" * 62,
        "2026-10-25 02:30+02:00  BDO       2026-10-25      3        0.3",
        "2026-10-25 02:30+01:00  T-12      2026-10-25      0          –",
    ]


@given(st.lists(st.text(max_size=40), min_size=1, max_size=4), st.integers(12, 60))
def test_no_line_is_wider_than_asked_for_and_ascii_is_ascii(texts: list[str], width: int) -> None:
    found = an_extract(
        *((text, text[::-1], 12.5) for text in texts),
        columns=(DataColumn("a", "a"), DataColumn("b", "b"), DataColumn("c_g", "c", "g")),
    )
    plain = to_table(found, width=width, ascii_only=True)
    assert plain.isascii()
    assert max(map(len, plain.splitlines())) <= width
    assert len(to_table(found, width=width).splitlines()) == 3 + len(texts)


def test_names_that_differ_at_their_end_look_different_in_a_narrow_table() -> None:
    names = [f"Natriumhypochlorit technisch {percent} %" for percent in (12, 15)]
    columns = (DataColumn("a", "chemical"), DataColumn("n", "n"))
    lines = to_table(an_extract(*((name, 1) for name in names), columns=columns), width=24).splitlines()
    assert "12 %" in lines[3]
    assert "15 %" in lines[4]


def test_wide_characters_take_two_cells() -> None:
    table = to_table(
        an_extract(("硫酸", 1), ("acid", 2), columns=(DataColumn("a", "a"), DataColumn("n", "n"))),
        width=40,
    )
    assert table.splitlines()[3:] == ["硫酸  1", "acid  2"]


def test_a_table_omits_filters_that_its_panel_does_not_have() -> None:
    query = PanelQuery(SINCE, UNTIL, UNTIL, Selection(device=("a",), chemical=("T-9",)))
    found = build_table(PANELS["batches_today"], [], query, range="today", zone=BERLIN)
    assert (found.selection, found.rows) == (Selection(device=("a",)), ())
    assert "batches" not in to_csv(found)
    bins = build_table(
        PANELS["accuracy_histogram"], [ErrorBin(None, -2.0, 4)], query, range="today", zone=BERLIN
    )
    assert to_csv(bins).splitlines()[1] == ",-2,4"


@pytest.mark.parametrize(("days", "unit"), [(1, "g/h"), (14, "g/h"), (90, "g per 6 h"), (365, "g per 24 h")])
def test_the_unit_follows_the_steps_of_the_range(days: int, unit: str) -> None:
    query = PanelQuery(SINCE - timedelta(days=days), SINCE, SINCE)
    found = build_table(PANELS["consumption_over_time"], [], query, range="x", zone=BERLIN)
    assert (found.unit, found.columns[2].header) == (unit, f"value ({unit})")


def test_a_long_table_keeps_every_row() -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    points = [SeriesPoint(start + timedelta(minutes=15 * n), "BDO", n / 7) for n in range(2_000)]
    found = build_table(
        PANELS["consumption_by_chemical"], points, PanelQuery(start, UNTIL, UNTIL), range="x", zone=BERLIN
    )
    assert len(to_csv(found).splitlines()) == len(to_table(found, width=80).splitlines()) - 2 == 2_001
