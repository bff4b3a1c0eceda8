"""The last row: as many keys as fit, none of them cut."""

from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.tui.layout.footer import KeyHint, render_footer


@given(st.integers(1, 200))
def test_the_footer_keeps_help_however_narrow(width: int) -> None:
    hints = [KeyHint("1", "Overview"), KeyHint("q", "Quit"), KeyHint("?", "Help")]
    (row,) = render_footer(hints, width)
    assert len(row) == width
    assert "?" in "".join(cell for cell, _ in row) or width < 8
