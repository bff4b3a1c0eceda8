"""Tables: sorted, searched, moved in; whatever the rows and the size."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.quantities.quantity_text import format_decimal
from dosing_tui.tui.rendering import data_table
from dosing_tui.tui.rendering.canvas import Rows
from dosing_tui.tui.rendering.data_table import TableColumn, TableCursor, TableData, paint_table


@dataclass(frozen=True)
class Thing:
    name: str
    size: float | None


COLUMNS: tuple[TableColumn[Thing], ...] = (
    TableColumn("Name", 8, 90, lambda thing, facts: thing.name, max_growth=20),
    TableColumn(
        "Size", 6, 50, lambda thing, facts: f"{thing.size}", lambda thing, facts: thing.size, align_right=True
    ),
)
A, B, C = Thing("a", 3.0), Thing("b", None), Thing("c", 1.0)
TABLE = TableData((A, B, C), COLUMNS)


def join_rows(rows: Rows) -> list[str]:
    return ["".join(cell for cell, _ in row) for row in rows]


def test_what_has_no_value_comes_last_whichever_way_it_is_sorted() -> None:
    assert data_table.arrange_rows(TABLE, TableCursor(sort_column="Size")) == (C, A, B)
    assert data_table.arrange_rows(TABLE, TableCursor(sort_column="Size", is_reversed=True)) == (A, C, B)


def test_sorting_goes_through_the_columns_and_back_to_the_tables_own_order() -> None:
    reader = TableCursor()
    orders = []
    for _ in range(3):
        reader = data_table.sort_by_next_column(reader, TABLE)
        orders.append(reader.sort_column)
    assert orders == ["Name", "Size", ""]
    assert data_table.arrange_rows(TABLE, TableCursor(is_reversed=True)) == (C, B, A)


def test_a_search_finds_text_in_any_column_whatever_its_case() -> None:
    assert data_table.arrange_rows(TABLE, TableCursor(search_text="B")) == (B,)
    assert data_table.arrange_rows(TABLE, TableCursor(search_text="1.0")) == (C,)
    assert data_table.arrange_rows(TABLE, TableCursor(search_text="nowhere")) == ()


def test_a_search_is_typed_kept_and_given_up() -> None:
    reader = TableCursor(is_searching=True)
    for key, character in (("x", "x"), ("c", "c"), ("backspace", None), ("left", None)):
        reader = data_table.edit_search(reader, key, character)
    assert (reader.search_text, reader.is_searching) == ("x", True)
    assert data_table.edit_search(reader, "enter", "\r") == TableCursor(search_text="x")
    assert data_table.edit_search(reader, "escape", None) == TableCursor()


def test_a_selected_row_stays_selected_when_others_come_before_it() -> None:
    reader = data_table.move_cursor(TableCursor(), TABLE.rows, 1)
    assert reader.selected_row == B
    assert data_table.find_cursor_row(reader, (Thing("new", 0.0), *TABLE.rows)) == 2


def test_a_row_that_has_gone_is_no_selection_and_moves_go_on_from_the_first() -> None:
    reader = data_table.select_row(TableCursor(), TABLE.rows, TABLE.rows.index(B))
    assert data_table.find_selection(reader, (A, C)) is None
    assert data_table.move_cursor(reader, (A, C), 1).selected_row == C
    assert data_table.find_selection(TableCursor(), (A, C)) == 0


def test_the_first_row_is_held_when_others_come_before_it_unless_the_table_follows_the_newest() -> None:
    moved_back = data_table.move_cursor(data_table.move_cursor(TableCursor(), TABLE.rows, 1), TABLE.rows, -1)
    first = TABLE.rows[0]
    assert moved_back.selected_row == first
    assert data_table.find_selection(moved_back, (Thing("new", 0.0), *TABLE.rows)) == 1
    following = data_table.move_cursor(moved_back, TABLE.rows, -1, follows_newest=True)
    assert data_table.find_selection(following, (Thing("new", 0.0), *TABLE.rows)) == 0


@given(st.integers(0, 30), st.integers(-40, 40), st.integers(1, 12), st.integers(0, 40))
def test_the_selected_row_is_always_in_sight(count: int, step: int, visible: int, first: int) -> None:
    rows = tuple(Thing(str(number), None) for number in range(count))
    reader = data_table.scroll_to_cursor(
        data_table.move_cursor(TableCursor(first_row=first), rows, step), rows, visible
    )
    selected = data_table.find_cursor_row(reader, rows)
    assert 0 <= reader.first_row <= max(0, count - 1)
    assert not rows or reader.first_row <= selected < reader.first_row + visible


@given(st.lists(st.builds(Thing, st.text(max_size=12), st.none() | st.floats(0, 9))), st.integers(1, 90),
       st.integers(0, 20), st.booleans())  # fmt: skip
def test_tables_have_the_size_they_are_asked_for(
    things: list[Thing], width: int, height: int, typing: bool
) -> None:
    rows = data_table.paint_table(
        TableData(tuple(things), COLUMNS), width, height, TableCursor(sort_column="Name", is_searching=typing)
    )
    assert [len(row) for row in rows] == [width] * height


def test_the_column_that_sorts_is_marked() -> None:
    assert "Name↑" in join_rows(data_table.paint_table(TABLE, 30, 5, TableCursor(sort_column="Name")))[0]
    assert (
        "↓Size"
        in join_rows(data_table.paint_table(TABLE, 30, 5, TableCursor(sort_column="Size", is_reversed=True)))[
            0
        ]
    )


def test_names_grow_as_far_as_they_need_before_any_other_column_grows() -> None:
    columns: tuple[TableColumn[str], ...] = (
        TableColumn("Time", 4, 90, lambda name, facts: "time", max_growth=6),
        TableColumn("First", 5, 80, lambda name, facts: name, max_growth=20, is_name=True),
        TableColumn("Second", 6, 70, lambda name, facts: "short", max_growth=20, is_name=True),
    )
    table = TableData(("dosing_station_1", "dosing_station_2"), columns)
    widths = [[column.width for column in data_table.fit_columns(table, width)] for width in (17, 22, 30, 35)]
    assert widths == [[4, 5, 6], [4, 10, 6], [6, 16, 6], [10, 16, 7]]


STATION_COLUMNS: tuple[TableColumn[str], ...] = (
    TableColumn("Station", 7, 100, lambda row, _: row, max_growth=9, is_name=True, is_station=True),
    TableColumn("Chemical", 8, 99, lambda row, _: "Natriumhypochlorit", max_growth=12, is_name=True),
)


@pytest.mark.parametrize(
    ("width", "line"),
    [
        (17, "01      Natri…rit"),
        (26, "01      Natriumhypochlorit"),
        (33, "01      Natriumhypochlorit"),
        (35, "dosing_system_01 Natriumhypochlorit"),
    ],
)
def test_a_column_of_stations_has_their_whole_names_or_their_last_words(width: int, line: str) -> None:
    rows = ("dosing_system_01", "dosing_system_02")
    painted = paint_table(TableData(rows, STATION_COLUMNS), width, 3)
    assert join_rows(painted)[1].rstrip() == line


def test_a_column_of_sentences_leaves_out_clauses_and_words() -> None:
    column: TableColumn[str] = TableColumn("Alarm", 30, 1, lambda row, _: row, is_name=True, is_sentence=True)
    rows = ("Low inventory: T-9 at 11.9 % · last dose 40.00 g", "Gross dosing error: T-12 +2.17 g of 5.00 g")
    painted = paint_table(TableData(rows, (column,)), 30, 3)
    assert [line.rstrip() for line in join_rows(painted)[1:]] == [
        "Low inventory: T-9 at 11.9 % …", "Gross … +2.17 g of 5.00 g",
    ]  # fmt: skip


@pytest.mark.parametrize("value", [32_331.125, -56_790_000_000.0, 0.0012, 123_456.0])
def test_a_number_without_room_is_not_cut_within_its_digits(value: float) -> None:
    column: TableColumn[float] = TableColumn(
        "g", 6, 50, lambda row, _: format_decimal(row, 3), lambda row, _: row, align_right=True
    )
    (_, line) = join_rows(paint_table(TableData((value,), (column,), None), 6, 2, TableCursor()))
    assert float(line.replace(" ", "")) == pytest.approx(value, rel=0.5)


@pytest.mark.parametrize(
    ("value", "shown"),
    [(671_920.48, "671920"), (-4_321.05, "-4 321"), (999.996, "1 000"), (12_345_678.0, "1.23e7")],
)
def test_a_number_without_room_loses_its_decimals_first(value: float, shown: str) -> None:
    column: TableColumn[float] = TableColumn(
        "g", 6, 50, lambda row, _: format_decimal(row, 3), lambda row, _: row, align_right=True
    )
    (_, line) = join_rows(paint_table(TableData((value,), (column,), None), 6, 2, TableCursor()))
    assert line.strip() == shown
