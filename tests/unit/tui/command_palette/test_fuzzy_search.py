"""The search of the palette: what a few letters find, in which order, and that no text makes it slow."""

import time

import pytest

from dosing_tui.tui.command_palette.fuzzy_search import MAX_MATCHES, search_items

TITLES = (
    "Acknowledge alarm",
    "The lists of alarms",
    "Error rate",
    "Only T-12",
    "Only T-120",
    "Only L25B",
    "Refresh",
)


def find_titles(query: str, titles: tuple[str, ...] = TITLES) -> list[str]:
    return [match.item for match in search_items(query, titles, str)]


@pytest.mark.parametrize(
    ("query", "best"),
    [("t12", "Only T-12"), ("t-12", "Only T-12"), ("err", "Error rate"), ("ack", "Acknowledge alarm"),
     ("rate err", "Error rate"), ("l25", "Only L25B"), ("eror", "Error rate")],
)  # fmt: skip
def test_a_few_letters_find_it(query: str, best: str) -> None:
    assert find_titles(query)[0] == best


def test_without_a_query_all_are_there_in_their_order() -> None:
    assert tuple(find_titles("  ")) == TITLES


def test_what_has_not_every_word_is_not_there() -> None:
    assert find_titles("error t12") == []
    assert find_titles("zzz") == []


def test_the_letters_that_match_are_marked() -> None:
    (match,) = search_items("t12", ["Only T-12"], str)
    assert sorted(match.letters) == [5, 7, 8]


@pytest.mark.parametrize("text", ["a" * 64, "ab" * 32, "ſßİ" * 20, "[/] [bold]", ""])
def test_a_hostile_name_costs_no_more_than_another(text: str) -> None:
    """Textual's own search needs hours for this."""
    begun = time.process_time()
    search_items("a" * 30 + "b" + "a" * 25, [text] * 50, str)
    search_items("i̇ß", [text] * 50, str)
    assert time.process_time() - begun < 5


def test_of_ten_thousand_stations_a_bounded_number_is_listed() -> None:
    names = [f"dosing_system_{number:05}" for number in range(10_000)]
    assert len(search_items("system", names, str)) == MAX_MATCHES
    assert search_items("09999", names, str)[0].item == "dosing_system_09999"
