"""Where the overview's tiles are: made to measure for three sizes, growing in between. Pure."""

from dosing_tui.tui.layout.geometry import TileId, TileRect, stack_tiles


def arrange_large(width: int, height: int, tank_count: int) -> dict[TileId, TileRect]:
    spare = width - 120
    left, right = 33 + spare // 5, 32 + spare // 5
    middle = width - left - right
    bottom = 11 + (height - 36) * 2 // 5
    top = height - bottom
    split = top * 14 // 25
    today = 6 if top - split - 5 >= 6 else top - split - 5
    inventory = top - today - 5
    places = {
        **stack_tiles(
            0, 0, left, {TileId.INVENTORY: inventory, TileId.CHEMICAL_TOTALS: today, TileId.BATCH_TOTALS: 5}
        ),
        **stack_tiles(left, 0, middle, {TileId.CONSUMPTION: split, TileId.SPARKLINES: top - split}),
        **stack_tiles(left + middle, 0, right, {TileId.ACCURACY: split, TileId.ERROR_RATE: top - split}),
        TileId.DOSES: TileRect(0, top, left + middle, bottom),
        TileId.PRODUCTION: TileRect(left + middle, top, right, bottom),
    }
    return _enlarge_inventory(places, left, top) if tank_count > inventory - 2 else places


def arrange_medium(width: int, height: int, tank_count: int) -> dict[TileId, TileRect]:
    spare = width - 100
    left, right = 29 + spare // 5, 32 + spare // 10
    middle = width - left - right
    bottom = 9 + (height - 27) // 3
    top = height - bottom
    split = top * 10 // 18
    places = {
        **stack_tiles(
            0, 0, left, {TileId.INVENTORY: top - 11, TileId.CHEMICAL_TOTALS: 6, TileId.BATCH_TOTALS: 5}
        ),
        **stack_tiles(left, 0, middle, {TileId.CONSUMPTION: split, TileId.SPARKLINES: top - split}),
        **stack_tiles(left + middle, 0, right, {TileId.ACCURACY: split, TileId.ERROR_RATE: top - split}),
        TileId.DOSES: TileRect(0, top, left + middle, bottom),
        TileId.PRODUCTION: TileRect(left + middle, top, right, bottom),
    }
    return _enlarge_inventory(places, left, top) if tank_count > top - 13 else places


def _enlarge_inventory(places: dict[TileId, TileRect], width: int, height: int) -> dict[TileId, TileRect]:
    """More tanks than rows: stock is worth more than the two tiles below it."""
    return {
        **{
            name: place
            for name, place in places.items()
            if name not in (TileId.CHEMICAL_TOTALS, TileId.BATCH_TOTALS)
        },
        TileId.INVENTORY: TileRect(0, 0, width, height),
    }


def arrange_small(width: int, height: int, tank_count: int) -> dict[TileId, TileRect]:
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
