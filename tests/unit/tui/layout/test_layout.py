"""Where tiles are: at every size, without gaps, overlaps or tiles out of sight."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.tui.layout.geometry import TileFrame, TileId, TileRect
from dosing_tui.tui.layout.layout import (
    DashboardView,
    Direction,
    LayoutOptions,
    arrange_tiles,
    find_neighbour,
)

WIDTHS, HEIGHTS, TANKS = st.integers(80, 300), st.integers(24, 100), st.integers(0, 60)
VIEWS = st.builds(
    lambda view, count: LayoutOptions(view, other_panels=tuple(f"panel-{n}" for n in range(count))),
    st.sampled_from(DashboardView), st.integers(1, 10),
)  # fmt: skip
"""Every view, with one to ten declared panels that have no tile of their own."""


def list_cells(place: TileRect) -> set[tuple[int, int]]:
    return {
        (x, y) for x in range(place.x, place.x + place.width) for y in range(place.y, place.y + place.height)
    }


STATIONS = st.integers(1, 30)


@given(WIDTHS, HEIGHTS, TANKS, STATIONS, VIEWS, st.booleans())
def test_tiles_fill_the_room_and_never_overlap(
    width: int, height: int, tanks: int, stations: int, options: LayoutOptions, bar: bool
) -> None:
    wanted = replace(options, has_scope_row=bar)
    layout = arrange_tiles(width, height, wanted, tank_count=tanks, station_count=stations)
    room = height - 2 - layout.banner_rows - bar
    areas = [place.width * place.height for place in layout.places.values()]
    assert sum(areas) == width * room
    assert all(place.x + place.width <= width for place in layout.places.values())
    assert all(place.y + place.height <= room for place in layout.places.values())
    ordered = list(layout.places.values())
    assert not any(
        do_overlap(one, other) for number, one in enumerate(ordered) for other in ordered[number + 1 :]
    )


def do_overlap(one: TileRect, other: TileRect) -> bool:
    return not (
        one.x + one.width <= other.x or other.x + other.width <= one.x
        or one.y + one.height <= other.y or other.y + other.height <= one.y
    )  # fmt: skip


@given(WIDTHS, HEIGHTS, TANKS, STATIONS, VIEWS, st.booleans())
def test_every_tile_is_large_enough_to_say_something(
    width: int, height: int, tanks: int, stations: int, options: LayoutOptions, bar: bool
) -> None:
    wanted = replace(options, has_scope_row=bar)
    layout = arrange_tiles(width, height, wanted, tank_count=tanks, station_count=stations)
    edges = 2 if layout.frame is TileFrame.FULL else 1
    assert all(
        place.height - edges >= (1 if name == TileId.STATION_LIGHTS else 3) and place.width >= 24
        for name, place in layout.places.items()
    )


@given(WIDTHS, HEIGHTS)
def test_lights_are_shown_for_several_stations_where_there_is_room(width: int, height: int) -> None:
    assert TileId.STATION_LIGHTS not in arrange_tiles(width, height, station_count=1).places
    lights = arrange_tiles(width, height, station_count=9).places.get(TileId.STATION_LIGHTS)
    is_large = width >= 120 and height >= 40
    assert lights == (TileRect(0, 0, width, 3) if is_large else None)


@given(WIDTHS, HEIGHTS)
def test_tanks_and_doses_are_on_every_screen(width: int, height: int) -> None:
    assert {TileId.INVENTORY, TileId.DOSES, TileId.SPARKLINES} <= set(arrange_tiles(width, height).places)


@given(WIDTHS, HEIGHTS)
def test_the_tank_table_has_the_most_rows_of_the_tables_beside_it(width: int, height: int) -> None:
    """Nine tanks and the heading in the smallest window; at least two rows of what is forecast."""
    layout = arrange_tiles(width, height, LayoutOptions(DashboardView.INVENTORY))
    edges = 3 if layout.frame is TileFrame.FULL else 2
    rows = {name: place.height - edges for name, place in layout.places.items()}
    forecasts = (rows[TileId.STOCK_OUTLOOK], rows[TileId.BATCHES_LEFT])
    assert rows[TileId.TANK_TABLE] >= 9
    assert rows[TileId.TANK_TABLE] > max(forecasts)
    assert min(forecasts) >= 2


def test_every_tile_is_on_some_screen_of_every_size() -> None:
    for size in ((120, 40), (100, 30)):
        assert {
            name for view in DashboardView for name in arrange_tiles(*size, LayoutOptions(view)).places
        } == set(TileId) - {TileId.STATION_LIGHTS}
    small = {name for view in DashboardView for name in arrange_tiles(80, 24, LayoutOptions(view)).places}
    assert small == set(TileId) - {TileId.STATION_LIGHTS}


@pytest.mark.parametrize("size", [(79, 24), (80, 23), (20, 5), (1, 1)])
def test_a_window_that_is_too_small_has_no_tiles(size: tuple[int, int]) -> None:
    assert arrange_tiles(*size).is_too_small
    assert not arrange_tiles(*size).places


@given(WIDTHS, HEIGHTS, st.sampled_from(TileId))
def test_a_zoomed_tile_has_all_the_room(width: int, height: int, name: TileId) -> None:
    layout = arrange_tiles(width, height, LayoutOptions(zoomed_tile=name))
    assert layout.places == {name: TileRect(0, 0, width, height - 2 - layout.banner_rows)}


@given(WIDTHS, HEIGHTS, VIEWS, st.sampled_from(Direction))
def test_the_focus_moves_towards_the_arrow_or_stays(
    width: int, height: int, options: LayoutOptions, towards: Direction
) -> None:
    places = arrange_tiles(width, height, options).places
    for name, here in places.items():
        there = places[find_neighbour(places, name, towards)]
        moved = {
            Direction.LEFT: there.x < here.x,
            Direction.RIGHT: there.x > here.x,
            Direction.UP: there.y < here.y,
            Direction.DOWN: there.y > here.y,
        }[towards]
        assert moved or there == here


@given(WIDTHS, HEIGHTS, VIEWS)
def test_every_tile_can_be_reached_by_arrows(width: int, height: int, options: LayoutOptions) -> None:
    places = arrange_tiles(width, height, options).places
    first = next(iter(places))
    reached, edge = {first}, [first]
    while edge:
        name = edge.pop()
        for towards in Direction:
            found = find_neighbour(places, name, towards)
            if found not in reached:
                reached.add(found)
                edge.append(found)
    assert reached == set(places)
