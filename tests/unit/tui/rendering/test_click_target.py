"""Where a row of cells can be clicked: keys with their labels, tabs, the highlighted row."""

import pytest

from dosing_tui.tui.layout.footer import KeyHint, render_footer
from dosing_tui.tui.rendering.canvas import Canvas
from dosing_tui.tui.rendering.click_target import find_key_at, find_selected_tab, list_tabs, parse_key
from dosing_tui.tui.rendering.palette import CellStyle, ColourRole
from dosing_tui.tui.widgets.canvas_dialog import create_box, draw_keys

HINTS = [KeyHint("1", "Overview"), KeyHint("enter", "Zoom"), KeyHint("/", "Filter"), KeyHint("?", "Help")]


@pytest.mark.parametrize("width", [40, 80])
def test_a_footer_presses_the_key_whose_name_or_label_is_clicked(width: int) -> None:
    (row,) = render_footer(HINTS, width)
    text = "".join(cell for cell, _ in row)
    for word, key in (("1", "1"), ("Overview", "1"), ("enter", "enter"), ("Zoom", "enter"),
                      ("/", "slash"), ("Filter", "slash"), ("Help", "question_mark")):  # fmt: skip
        at = text.index(word)
        for x in range(at, at + len(word)):
            target = find_key_at(row, x)
            assert target is not None, (word, x)
            assert target.key == key
    assert find_key_at(row, 0) is None
    assert find_key_at(row, text.index("Help") + 5) is None
    assert find_key_at(row, width) is None


def test_the_keys_of_a_dialog_are_its_buttons() -> None:
    box = create_box(60, 6, "Title")
    draw_keys(box, 4, ("Enter", "Apply"), ("Space", "Mark"), ("Esc", "Cancel"))
    for y, word, key, text in ((4, "Apply", "enter", None), (4, "Space", "space", " "),
                               (4, "Cancel", "escape", None), (1, "Esc", "escape", None)):  # fmt: skip
        line = "".join(cell for cell, _ in box.rows[y])
        assert find_key_at(box.rows[y], line.index(word)) == (key, text)
    assert find_key_at(box.rows[1], 4) is None
    assert find_key_at(box.rows[4], 58) is None


@pytest.mark.parametrize(
    ("label", "key"),
    [("A", "A"), ("ctrl+p", "ctrl+p"), ("ctrl+←", "ctrl+left"), ("F1", "f1"), ("+", "plus"), (":", "colon"),
     ("[", "left_square_bracket"), ("1–7", None), ("", None)],
)  # fmt: skip
def test_a_label_names_its_key(label: str, key: str | None) -> None:
    target = parse_key(label)
    assert (target and target.key) == key


def test_tabs_are_texts_two_blanks_apart() -> None:
    canvas, x = Canvas(60, 1), 1
    for number, name in enumerate(("Alarms 12", "Out of service", "Journal")):
        ground = ColourRole.SELECTION if number == 1 else ColourRole.BAR_BACKGROUND
        x = canvas.write_text(x, 0, f" {name} ", CellStyle(ColourRole.TEXT, ground))
    x = canvas.write_text(x + 8, 0, "u", CellStyle(ColourRole.KEY))
    canvas.write_text(x, 0, " to review 5", CellStyle())
    (row,) = canvas.rows
    text = "".join(cell for cell, _ in row)
    assert [text[start:end] for start, end in list_tabs(row)] == ["Alarms 12", "Out of service", "Journal"]
    selected = find_selected_tab(row)
    assert selected is not None
    assert text[slice(*selected)] == "Out of service"
