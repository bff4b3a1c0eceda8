"""A table drawn with what is known of its last picture looks as if it was drawn anew."""

from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from dosing_tui.tui.rendering.data_table import TableColumn, TableCursor, TableData, paint_table
from dosing_tui.tui.rendering.row_memory import RowMemory


class Pump(Struct, frozen=True):
    name: str
    doses: int


def make_columns(drawn: list[str]) -> tuple[TableColumn[Pump], ...]:
    def format_doses(pump: Pump, context: int) -> str:
        drawn.append(pump.name)
        return f"{pump.doses + context}"

    return (
        TableColumn("Name", 6, 90, lambda pump, _: pump.name, max_growth=9, is_name=True),
        TableColumn("Doses", 5, 80, format_doses, align_right=True),
    )


PUMPS = [Pump(f"pump {number} of {station}", number) for station in "AB" for number in range(6)]
LISTS = st.lists(st.sampled_from(PUMPS), max_size=8, unique_by=id).map(tuple)


@given(
    pictures=st.lists(
        st.tuples(
            LISTS, st.integers(0, 1), st.integers(3, 24), st.integers(0, 9), st.booleans(), st.booleans()
        ),
        min_size=2, max_size=6,
    )
)  # fmt: skip
def test_a_picture_with_memory_equals_one_without(
    pictures: list[tuple[tuple[Pump, ...], int, int, int, bool, bool]],
) -> None:
    memory, columns = RowMemory(), make_columns([])
    for rows, context, width, height, is_reversed, is_selected in pictures:
        table = TableData(rows, columns, context)
        cursor = TableCursor(is_reversed=is_reversed)
        with_memory, anew = (
            paint_table(table, width, height, cursor, highlight_row=is_selected, memory=known)
            for known in (memory, None)
        )
        assert with_memory == anew


def test_a_row_that_has_only_moved_is_not_drawn_again() -> None:
    drawn: list[str] = []
    memory, columns = RowMemory(), make_columns(drawn)
    first, *others = PUMPS[:4]
    for rows in (tuple(others), (first, *others), (first, *others[:-1])):
        paint_table(TableData(rows, columns, 0), 20, 6, memory=memory)
    assert drawn == [pump.name for pump in (*others, first)]


def test_every_row_is_drawn_again_in_another_context() -> None:
    drawn: list[str] = []
    memory, columns = RowMemory(), make_columns(drawn)
    for context in (0, 1, 1):
        paint_table(TableData((PUMPS[0],), columns, context), 20, 6, memory=memory)
    assert len(drawn) == 2
