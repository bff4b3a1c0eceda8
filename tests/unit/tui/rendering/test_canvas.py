"""Cells of names: their widths, their combining marks, and their replacements on an ASCII terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.config.settings import GlyphMode
from dosing_tui.domain.messages.text_sanitizer import clean_text, count_cells
from dosing_tui.tui.rendering.canvas import fit_names, split_cells
from dosing_tui.tui.rendering.theme import TerminalTheme


def test_no_character_is_wider_on_the_screen_than_its_name_is_counted() -> None:
    wider = [
        hex(code) for code in range(0x20, 0x30000)
        if (name := clean_text(f"a{chr(code)}b")) and len(split_cells(name)) > count_cells(name)
    ]  # fmt: skip
    assert wider == []


@given(st.lists(st.text(max_size=30).map(clean_text), max_size=9), st.integers(3, 30))
def test_drawn_names_are_distinct_and_fit(names: list[str], width: int) -> None:
    drawn = [tuple(split_cells(label)) for label in fit_names(names, width)]
    assert all(len(cells) <= width for cells in drawn)
    assert len(set(drawn)) == len({tuple(split_cells(name)) for name in names})


@pytest.mark.parametrize(
    ("name", "cells"), [("x\u0323y", ["x\u0323", "y"]), ("強\u0323酸", ["強\u0323", "", "酸", ""])]
)
def test_a_combining_mark_shares_the_cell_of_its_character(name: str, cells: list[str]) -> None:
    assert split_cells(name) == cells


@pytest.mark.parametrize(("cell", "sent"), [("強", "??"), ("x\u0323", "x"), ("…", "~"), ("é", "?"), ("", "")])
def test_an_ascii_terminal_gets_a_character_for_each_cell(cell: str, sent: str) -> None:
    assert TerminalTheme(glyphs=GlyphMode.ASCII).translate_character(cell) == sent
