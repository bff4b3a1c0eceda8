"""Sentences that have no room lose clauses and words, never letters, as long as one word has room."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.tui.rendering import canvas
from dosing_tui.tui.rendering.canvas import cut_clauses, cut_end, split_cells


def test_the_examples_in_the_docstrings_are_true() -> None:
    assert doctest.testmod(canvas).failed == 0


@pytest.mark.parametrize(
    ("width", "text", "shown"),
    [
        (20, "T-12 +2.17 g of 5.00 g (pump 2)", "T-12 +2.17 g of …"),
        (16, "T-12 -2.17 g of 5.00 g (pump 2)", "T-12 -2.17 g …"),
        (12, "T-12 -2.17 g of 5.00 g (pump 2)", "T-12 …"),
        (36, "Gross dosing error: T-12 #10 -2.17 g of 5.00 g (pump 2)", "Gross … -2.17 g of 5.00 g (pump 2)"),
        (33, "Gross dosing error: T-12 #10 -2.17 g of 5.00 g (pump 2)", "Gross dosing … -2.17 g of 5.00 g"),
        (22, "Gross dosing error: T-12 #10 -2.17 g of 5.00 g (pump 2)", "Gross dosing … -2.17 g"),
        (19, "異氰酸酯 #10 +0.62 g of 40.00 g (pump 3)", "異氰酸酯 … +0.62 g"),
        (18, "first · 異氰酸酯 #10 +0.62 g of 40.00 g (pump 3)", "first · … +0.62 g"),
        (20, "T-9 rose by 6 260 g: refilled, or the station restarted", "T-9 rose by …"),
        (24, "T-9 rose by 6 260 g: refilled, or the station restarted", "T-9 rose by 6 260 g …"),
        (34, "Broker down · Broker 127.0.0.1:1883 does not answer", "Broker down · Broker …"),
        (40, "Broker down · Broker 127.0.0.1:1883 does not answer", "Broker down · Broker 127.0.0.1:1883 …"),
        (19, "Tank nearly empty: CHEM-286 at 3.3 % · last dose 40.00 g", "Tank … at 3.3 %"),
        (30, "DB · The database does not answer within 5 s", "DB · The database … within 5 s"),
        (29, "Natriumhypochlorit 12 % at 3.1 %", "… 12 % at 3.1 %"),
        (4, "Natriumhypochlorit", "N…it"),
        (16, "Batch BIG stalled: no message for 9 min 13 s", "Batch BIG …"),
        (24, "Batch BIG stalled: no message for 9 min 13 s", "Batch BIG … 9 min 13 s"),
        (18, "Database down for 5 d 0 h", "Database … 5 d 0 h"),
        (6, "Batch FG-85/95: 4 doses", ""),
        (6, "Tank nearly empty: DMDEE at 3.1 %", "Tank …"),
        (7, "Tank nearly empty: DMDEE at 3.1 %", "… 3.1 %"),
        (10, "Natriumhypochlorit at 3.1 %", "… at 3.1 %"),
    ],
)
def test_a_sentence_is_cut_between_words(width: int, text: str, shown: str) -> None:
    assert cut_clauses(text, width) == shown


@given(st.text("ab ·()2g龍", max_size=60), st.integers(0, 60))
def test_what_is_cut_has_room(text: str, width: int) -> None:
    shown = cut_clauses(text, width)
    assert len(split_cells(shown)) <= width
    if len(split_cells(text)) <= width:
        assert shown == text


@given(st.text("ab ·()2g龍", max_size=60), st.integers(0, 60))
def test_what_is_cut_at_its_end_begins_as_it_did(text: str, width: int) -> None:
    shown = cut_end(text, width)
    assert len(split_cells(shown)) <= width
    assert shown == text or " ".join(text.split()).startswith(" ".join(shown.removesuffix("…").split()))
