"""Range and filters are whole; the keys have the room that is left."""

import pytest

from dosing_tui.tui.layout.scope_bar import ScopeSummary, render_scope_bar


@pytest.mark.parametrize("filters", ["", "chemical T-12", "device dosing_system_01, dosing_system_02"])
@pytest.mark.parametrize("width", [80, 100, 120])
def test_range_and_filters_are_whole_and_the_keys_have_what_is_left(width: int, filters: str) -> None:
    night = "last night (Night Sat 28 Nov 22:00–06:00)"
    summary = ScopeSummary(night, is_live=False, filters=filters)
    row = "".join(character for character, _ in render_scope_bar(summary, width)[0])
    assert f" Range {night}" in row
    if len(filters) < 20:
        assert filters in row
        assert "…" not in row
    # a key is there with its label, or not at all
    assert (". back to live " in row or ". live " in row) is (" . " in row)
    assert ("/ filter " in row) is (" / " in row)
    assert "(historical)" in row or filters


def test_the_row_of_the_scope_says_what_is_in_force_and_how_to_leave_it() -> None:
    (row,) = render_scope_bar(ScopeSummary("last 6 h", True, "recipe CU-85"), 100)
    said = "".join(cell for cell, _ in row)
    assert len(row) == 100
    for words in ("Range last 6 h (live)", "Only recipe CU-85", ". back to live", "/ filter"):
        assert words in said


@pytest.mark.parametrize("width", range(60, 130))
def test_a_single_station_is_whole_before_a_key_has_room_and_keeps_its_end(width: int) -> None:
    summary = ScopeSummary("last 24 h", True, "station dosing_system_01")
    row = "".join(character for character, _ in render_scope_bar(summary, width)[0])
    assert "station dosing_system_01 " in row
    summary = ScopeSummary("29 Nov 00:54:32–30 Nov 00:54:32", False, "station dosing_system_of_the_hall_01")
    row = "".join(character for character, _ in render_scope_bar(summary, width)[0])
    assert "_01 " in row
