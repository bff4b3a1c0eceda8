"""A form's message is whole where it has a second row, and says what is wrong where it has one."""

from dosing_tui.tui.rendering.canvas import Canvas
from dosing_tui.tui.widgets.canvas_dialog import draw_message

TEXT = "Enter the reviewer again: the sign-on or the shift has ended since this form was opened by its key."


def read_rows(canvas: Canvas) -> list[str]:
    return ["".join(cell for cell, _ in row).strip() for row in canvas.rows]


def test_a_message_takes_the_rows_it_is_given() -> None:
    canvas = Canvas(70, 3)
    draw_message(canvas, 0, TEXT, is_error=True, rows=2)
    assert " ".join(read_rows(canvas)).strip() == f"▲ {TEXT}"


def test_a_message_with_one_row_keeps_its_beginning() -> None:
    canvas = Canvas(70, 3)
    draw_message(canvas, 0, TEXT, is_error=False)
    first, *others = read_rows(canvas)
    assert TEXT.startswith(first.removesuffix("…"))
    assert first.endswith("…")
    assert others == ["", ""]
