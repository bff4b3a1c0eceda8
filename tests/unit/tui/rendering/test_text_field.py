"""A line of text that is being typed."""

from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.tui.rendering.canvas import Canvas
from dosing_tui.tui.rendering.palette import ColourRole
from dosing_tui.tui.rendering.text_field import (
    EDITING_KEYS,
    TextField,
    apply_key,
    create_field,
    draw_field,
    insert_text,
)
from tests.support.tui.sample_plant import HOSTILE

PRESSES = st.lists(st.one_of(st.sampled_from(EDITING_KEYS), st.text(max_size=5)), max_size=20)


def apply_presses(*presses: str, field: TextField | None = None) -> TextField:
    made = field or TextField(max_length=12)
    for press in presses:
        made = apply_key(made, press) if press in EDITING_KEYS else insert_text(made, press)
    return made


def test_text_is_put_and_taken_away_at_the_cursor() -> None:
    assert apply_presses("abc", "left", "left", "X").text == "aXbc"
    assert apply_presses("abc", "home", "delete", "end", "backspace").text == "b"
    assert apply_presses("abc", "ctrl+u") == TextField(max_length=12)


def test_what_is_pasted_is_one_harmless_line() -> None:
    assert apply_presses("a\nb\tc").text == "a b c"
    assert create_field(HOSTILE, 200).text == "[/] [bold ]52;c;aGk= evil [@click=app.quit]x[/]"


def test_there_is_no_room_for_more_than_the_longest() -> None:
    assert apply_presses("0123456789", "home", "abcdef").text == "ab0123456789"
    assert apply_presses("0123456789ab", "c").text == "0123456789ab"


@given(PRESSES)
def test_whatever_is_pressed_the_cursor_stays_in_the_text(presses: list[str]) -> None:
    field = apply_presses(*presses)
    assert 0 <= field.cursor <= len(field.text) <= field.max_length
    assert field.text.isprintable()


@given(PRESSES, st.integers(1, 9))
def test_the_cursor_is_always_in_sight_and_nothing_is_drawn_beside_the_field(
    presses: list[str], width: int
) -> None:
    canvas = Canvas(width + 2, 1)
    draw_field(canvas, 1, 0, apply_presses(*presses), width=width, is_focused=True)
    grounds = [pen.bg for _, pen in canvas.rows[0]]
    assert len(grounds) == width + 2
    assert grounds.count(ColourRole.BAR) == 1
    assert (grounds[0], grounds[-1]) == (ColourRole.BACKGROUND, ColourRole.BACKGROUND)
