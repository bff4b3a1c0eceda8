"""Places of the overview's tiles: fixed for three sizes, growing in between. Pure."""

from dosing_tui.tui.layout.geometry import TileId, TileRect, stack_tiles

MAX_LIGHTS_IN_ROW = 10
"""Stations side by side at 120 columns."""


def arrange_large(width: int, height: int, tank_count: int) -> dict[str, TileRect]:
    """From 120x40 on."""
    spare = width - 120
    top = height - 11 - (height - 36) * 2 // 5
    split = top * 14 // 25
    totals = min(6, top - split - 5)
    return _arrange_columns(
        width, height, (33 + spare // 5, 32 + spare // 5), (top, split, totals), tank_count
    )


def arrange_with_lights(width: int, height: int, tank_count: int, station_count: int) -> dict[str, TileRect]:
    """Several stations, from 120x40 on: a row of lights above the other tiles; two rows for many."""
    rows = 1 if station_count <= MAX_LIGHTS_IN_ROW * width // 120 else 2
    top = rows + 2
    below = arrange_large(width, height - top, tank_count)
    return {
        TileId.STATION_LIGHTS: TileRect(0, 0, width, top),
        **{name: place._replace(y=place.y + top) for name, place in below.items()},
    }


def arrange_medium(width: int, height: int, tank_count: int) -> dict[str, TileRect]:
    """From 100x30 on."""
    spare = width - 100
    top = height - 9 - (height - 27) // 3
    rows = (top, top * 10 // 18, 6)
    return _arrange_columns(width, height, (29 + spare // 5, 32 + spare // 10), rows, tank_count)


def _arrange_columns(
    width: int, height: int, columns: tuple[int, int], rows: tuple[int, int, int], tank_count: int
) -> dict[str, TileRect]:
    """``columns``: widths of the left and of the right one.

    ``rows``: heights of the tiles above the doses together, of the upper charts, and of the chemical totals.
    """
    (left, right), (top, split, totals) = columns, rows
    middle = width - left - right
    inventory = top - totals - 5
    places = {
        **stack_tiles(
            0, 0, left, {TileId.INVENTORY: inventory, TileId.CHEMICAL_TOTALS: totals, TileId.BATCH_TOTALS: 5}
        ),
        **stack_tiles(left, 0, middle, {TileId.CONSUMPTION: split, TileId.SPARKLINES: top - split}),
        **stack_tiles(left + middle, 0, right, {TileId.ACCURACY: split, TileId.ERROR_RATE: top - split}),
        TileId.DOSES: TileRect(0, top, left + middle, height - top),
        TileId.PRODUCTION: TileRect(left + middle, top, right, height - top),
    }
    if tank_count <= inventory - 2:
        return places
    # more tanks than rows: the inventory takes the room of the two tiles below it
    below = (TileId.CHEMICAL_TOTALS, TileId.BATCH_TOTALS)
    kept = {name: place for name, place in places.items() if name not in below}
    return kept | {TileId.INVENTORY: TileRect(0, 0, left, top)}


def arrange_small(width: int, height: int, tank_count: int) -> dict[str, TileRect]:
    left = width // 2
    right = width - left
    if tank_count > 5:
        top = min(13, max(6, tank_count + 1), height - 6)
        beside = {TileId.SPARKLINES: 6, TileId.PRODUCTION: 7} if top == 13 else {TileId.SPARKLINES: top}
        return {
            TileId.INVENTORY: TileRect(0, 0, left, top),
            **stack_tiles(left, 0, right, beside),
            TileId.DOSES: TileRect(0, top, width, height - top),
        }
    top = 6
    charts = 7 + (height - 21) // 3
    return {
        TileId.INVENTORY: TileRect(0, 0, left, top),
        TileId.SPARKLINES: TileRect(left, 0, right, top),
        TileId.CONSUMPTION: TileRect(0, top, left, charts),
        TileId.PRODUCTION: TileRect(left, top, right, charts),
        TileId.DOSES: TileRect(0, top + charts, width, height - top - charts),
    }
