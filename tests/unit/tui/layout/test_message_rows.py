"""A message at the foot of a screen can be read, whatever its length and that of the window."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.tui.layout.message_rows import SCREEN_SHARE, render_message

REFUSAL = (
    "Action failed: The database factory_metrics on /tmp/dosing-101-433c5a7455a9 (user dosing) cannot be"
    " reached: connection refused. Kept on this machine until the database is back."
)


def read_rows(text: str, width: int, height: int) -> list[str]:
    return ["".join(cell for cell, _ in row) for row in render_message(text, width, height)]


def test_a_short_message_takes_the_row_of_the_keys() -> None:
    assert read_rows("The note is stored.", 80, 24) == [" The note is stored.".ljust(80)]


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 40)])
def test_a_refusal_is_whole_on_every_size_that_the_console_has(size: tuple[int, int]) -> None:
    rows = read_rows(REFUSAL, *size)
    assert " ".join(row.strip() for row in rows) == REFUSAL
    assert 1 < len(rows) <= 3


@pytest.mark.parametrize("size", [(80, 24), (80, 4), (40, 10)])
def test_of_one_that_is_too_long_the_beginning_and_the_end_stay(size: tuple[int, int]) -> None:
    rows = read_rows(f"Approving failed: {'server ' * 200}and so on. See the log.", *size)
    assert rows[0].startswith(" Approving failed:")
    assert rows[-1].rstrip().endswith("See the log.")
    assert any("…" in row for row in rows)
    assert len(rows) <= max(1, size[1] // SCREEN_SHARE)


@given(st.text(alphabet="ab 漢.", max_size=300), st.integers(1, 100), st.integers(0, 40))
def test_each_row_fits_the_window(text: str, width: int, height: int) -> None:
    rows = render_message(text, width, height)
    assert 1 <= len(rows) <= max(1, height // SCREEN_SHARE)
    assert {len(row) for row in rows} == {width}
