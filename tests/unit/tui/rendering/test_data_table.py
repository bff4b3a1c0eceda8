"""Tables: sorted, searched, moved in; whatever the rows and the size."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.tui.rendering import data_table
from dosing_tui.tui.rendering.canvas import Rows
from dosing_tui.tui.rendering.data_table import Column, Reader, Table


@dataclass(frozen=True)
class Thing:
    name: str
    size: float | None


COLUMNS: tuple[Column[Thing], ...] = (
    Column("Name", 8, 90, lambda thing, facts: thing.name, grow=20),
    Column("Size", 6, 50, lambda thing, facts: f"{thing.size}", lambda thing, facts: thing.size, right=True),
)
A, B, C = Thing("a", 3.0), Thing("b", None), Thing("c", 1.0)
TABLE = Table((A, B, C), COLUMNS)


def text(rows: Rows) -> list[str]:
    return ["".join(cell for cell, _ in row) for row in rows]


def test_what_has_no_value_comes_last_whichever_way_it_is_sorted() -> None:
    assert data_table.arranged(TABLE, Reader(order="Size")) == (C, A, B)
    assert data_table.arranged(TABLE, Reader(order="Size", reverse=True)) == (A, C, B)


def test_sorting_goes_through_the_columns_and_back_to_the_tables_own_order() -> None:
    reader = Reader()
    orders = []
    for _ in range(3):
        reader = data_table.ordered(reader, TABLE)
        orders.append(reader.order)
    assert orders == ["Name", "Size", ""]
    assert data_table.arranged(TABLE, Reader(reverse=True)) == (C, B, A)


def test_a_search_finds_text_in_any_column_whatever_its_case() -> None:
    assert data_table.arranged(TABLE, Reader(find="B")) == (B,)
    assert data_table.arranged(TABLE, Reader(find="1.0")) == (C,)
    assert data_table.arranged(TABLE, Reader(find="nowhere")) == ()


def test_a_search_is_typed_kept_and_given_up() -> None:
    reader = Reader(typing=True)
    for key, character in (("x", "x"), ("c", "c"), ("backspace", None), ("left", None)):
        reader = data_table.typed(reader, key, character)
    assert (reader.find, reader.typing) == ("x", True)
    assert data_table.typed(reader, "enter", "\r") == Reader(find="x")
    assert data_table.typed(reader, "escape", None) == Reader()


def test_a_selected_row_stays_selected_when_others_come_before_it() -> None:
    reader = data_table.moved(Reader(), TABLE.rows, 1)
    assert reader.held == B
    assert data_table.position(reader, (Thing("new", 0.0), *TABLE.rows)) == 2
    assert data_table.position(reader, (A, C)) == 0


@given(st.integers(0, 30), st.integers(-40, 40), st.integers(1, 12), st.integers(0, 40))
def test_the_selected_row_is_always_in_sight(count: int, step: int, visible: int, first: int) -> None:
    rows = tuple(Thing(str(number), None) for number in range(count))
    reader = data_table.scrolled(data_table.moved(Reader(first=first), rows, step), rows, visible)
    selected = data_table.position(reader, rows)
    assert 0 <= reader.first <= max(0, count - 1)
    assert not rows or reader.first <= selected < reader.first + visible


@given(st.lists(st.builds(Thing, st.text(max_size=12), st.none() | st.floats(0, 9))), st.integers(1, 90),
       st.integers(0, 20), st.booleans())  # fmt: skip
def test_tables_have_the_size_they_are_asked_for(
    things: list[Thing], width: int, height: int, typing: bool
) -> None:
    rows = data_table.paint(Table(tuple(things), COLUMNS), width, height, Reader(order="Name", typing=typing))
    assert [len(row) for row in rows] == [width] * height


def test_the_column_that_sorts_is_marked() -> None:
    assert "Name↑" in text(data_table.paint(TABLE, 30, 5, Reader(order="Name")))[0]
    assert "↓Size" in text(data_table.paint(TABLE, 30, 5, Reader(order="Size", reverse=True)))[0]
