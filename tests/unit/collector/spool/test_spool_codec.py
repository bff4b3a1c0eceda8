import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.collector.spool.spool_codec import decode_items, encode_items
from dosing_tui.domain.messages.models import ParsedItem
from dosing_tui.errors import SpoolError
from tests.support.collector.parsed_items import units


@given(st.lists(units, max_size=4).map(tuple))
def test_what_comes_out_is_what_went_in(given_units: tuple[ParsedItem, ...]) -> None:
    assert decode_items(encode_items(given_units)) == given_units


@given(st.lists(units, max_size=4).map(tuple))
def test_even_the_types_stay(given_units: tuple[ParsedItem, ...]) -> None:
    assert repr(decode_items(encode_items(given_units))) == repr(given_units)


@given(st.lists(units, min_size=1, max_size=2))
def test_the_text_is_fit_for_any_file(given_units: list[ParsedItem]) -> None:
    assert encode_items(given_units).isascii()
    assert "\0" not in encode_items(given_units)


@pytest.mark.parametrize(
    "text",
    ["", "[", "3", "[3]", "[[]]", '[["valve"]]', '[["dose"]]', '[["dose",1,2]]', '[["rejection","\u20ac"]]'],
)
def test_text_of_another_hand_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(SpoolError, match="cannot be read"):
        decode_items(text)
