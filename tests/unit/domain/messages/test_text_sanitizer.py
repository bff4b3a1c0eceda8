"""Text that plant and network may contain, and what becomes of it."""

import doctest
import tracemalloc
import unicodedata
from types import ModuleType

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from rich.cells import cell_len

from dosing_tui.domain.messages import tank_level, text_sanitizer
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text, count_cells, cut_at_word

ANY_TEXT = st.text(st.characters(codec=None), max_size=200)
"""Every code point, lone surrogates too."""
NASTY = st.text(
    st.sampled_from(
        "aT-12 \n\t\0\x1b\x07\x9b\u202e\u2066\u200b\u200d\u2028\ufeff\ud800"
        "\u0308\u0301\u20dd\ufe0f👍🏽👩龍é₂ßЖ"
    ),
    max_size=300,
)


@pytest.mark.parametrize("module", [text_sanitizer, tank_level], ids=lambda module: module.__name__)
def test_the_examples_in_the_docstrings_are_true(module: ModuleType) -> None:
    assert doctest.testmod(module).failed == 0
    assert doctest.testmod(module).attempted > 0


@pytest.mark.parametrize(
    "ordinary",
    [
        "T-12",
        "CU-65/75",
        "Größe µ",
        "Катализатор",
        "二甲基锡",
        "H₂O",
        "[/] [bold",
        "a  b",
        "กี่",
        "עברית",
        "½ °C – „x“",
    ],
)
def test_ordinary_letters_stay(ordinary: str) -> None:
    assert clean_text(ordinary) == ordinary


@pytest.mark.parametrize(
    ("dirty", "clean"),
    [
        ("  T-12 ", "T-12"),
        ("T-12\r\n", "T-12"),
        ("T\x0012", "T�12"),
        ("\x1b]52;c;eA==\x07", "�]52;c;eA==�"),
        ("a\x9b31mb", "a�31mb"),
        ("a\x7fb", "a�b"),
        ("a\u202eb\u2066c", "a�b�c"),
        ("a\u200bb\u200dc\ufeffd", "a�b�c�d"),
        ("a\u2028b\u2029c", "a�b�c"),
        ("a\ud800b", "a�b"),
        ("a\ue000b\u0378c", "a�b�c"),
        ("a\u00a0b\u3000c", "a b c"),
        ("u\u0308ber", "über"),
        ("\u0308x", "x"),
        ("z" + "\u0335" * 500 + "y", "z\u0335\u0335y"),
        ("a\u20ddb", "a�b"),
        ("👩\u200d🔬", "👩�🔬"),
        ("👍🏽", "👍�"),
        ("🇩🇪", "��"),
        ("\u3164\u1160", "��"),
        ("", ""),
        (" \n ", ""),
    ],
)
def test_what_could_harm_is_shown_as_a_replacement(dirty: str, clean: str) -> None:
    assert clean_text(dirty) == clean


@pytest.mark.parametrize(
    ("long", "limit", "short"),
    [
        ("W" * 64, 64, "W" * 64),
        ("W" * 65, 64, "W" * 63 + "…"),
        ("龍" * 33, 64, "龍" * 31 + "…"),
        ("龍龍", 4, "龍龍"),
        ("a龍龍", 4, "a龍…"),
        ("ab cd", 4, "ab…"),
        ("abc", 1, "…"),
        ("abc", 0, ""),
    ],
)
def test_long_text_is_cut_to_its_cells(long: str, limit: int, short: str) -> None:
    assert clean_text(long, limit=limit) == short


def test_a_sentence_is_one_line() -> None:
    assert clean_line("cannot reach\n\n\tbroker\x1b[2J\n") == "cannot reach broker�[2J"
    assert clean_line("x" * 300) == "x" * 239 + "…"


@given(st.one_of(ANY_TEXT, NASTY), st.integers(0, 80))
def test_cleaned_text_is_harmless_and_fits(dirty: str, limit: int) -> None:
    clean = clean_text(dirty, limit=limit)
    assert cell_len(clean) <= limit
    assert clean == clean.strip()
    assert not {unicodedata.category(character) for character in clean} & {
        "Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp", "Me",
    }  # fmt: skip
    clean.encode()


@given(st.one_of(ANY_TEXT, NASTY), st.integers(0, 80))
@example("\u0300 \u0300", 1)
def test_cleaning_twice_changes_nothing(dirty: str, limit: int) -> None:
    assert clean_text(clean_text(dirty, limit=limit), limit=limit) == clean_text(dirty, limit=limit)
    assert "\n" not in clean_line(dirty, limit=limit)


def test_of_long_text_only_the_beginning_is_remembered() -> None:
    """It comes from the plant, up to 64 KB of it, and thousands are remembered."""
    tracemalloc.start()
    try:
        for number in range(100):
            clean_text(f"{number}" + "\u202e" * 50_000)
        assert tracemalloc.get_traced_memory()[0] < 1_000_000
    finally:
        tracemalloc.stop()


@given(st.text("ab 龍·,:", max_size=60).map(clean_line), st.integers(1, 40))
def test_a_line_is_cut_behind_a_whole_word(line: str, width: int) -> None:
    shown = cut_at_word(line, width)
    assert count_cells(shown) <= width
    if shown != line and shown.endswith(" …"):
        kept = shown.removesuffix(" …")
        assert line.startswith(kept)
        assert line[len(kept)] in " ·,:"
