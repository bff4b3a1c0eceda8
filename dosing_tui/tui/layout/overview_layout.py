"""Where the overview's tiles are: made to measure for three sizes, growing in between. Pure."""

from dosing_tui.tui.layout.geometry import Place, TileId, stacked


def large(width: int, height: int, tanks: int) -> dict[TileId, Place]:
    spare = width - 120
    left, right = 33 + spare // 5, 32 + spare // 5
    middle = width - left - right
    bottom = 11 + (height - 36) * 2 // 5
    top = height - bottom
    split = top * 14 // 25
    today = 6 if top - split - 5 >= 6 else top - split - 5
    inventory = top - today - 5
    places = {
        **stacked(0, 0, left, {TileId.INVENTORY: inventory, TileId.TODAY: today, TileId.BATCHES: 5}),
        **stacked(left, 0, middle, {TileId.CONSUMPTION: split, TileId.CHEMICALS: top - split}),
        **stacked(left + middle, 0, right, {TileId.ACCURACY: split, TileId.ERRORS: top - split}),
        TileId.DOSES: Place(0, top, left + middle, bottom),
        TileId.PRODUCTION: Place(left + middle, top, right, bottom),
    }
    return _crowded(places, left, top) if tanks > inventory - 2 else places


def medium(width: int, height: int, tanks: int) -> dict[TileId, Place]:
    spare = width - 100
    left, right = 29 + spare // 5, 32 + spare // 10
    middle = width - left - right
    bottom = 9 + (height - 27) // 3
    top = height - bottom
    split = top * 10 // 18
    places = {
        **stacked(0, 0, left, {TileId.INVENTORY: top - 11, TileId.TODAY: 6, TileId.BATCHES: 5}),
        **stacked(left, 0, middle, {TileId.CONSUMPTION: split, TileId.CHEMICALS: top - split}),
        **stacked(left + middle, 0, right, {TileId.ACCURACY: split, TileId.ERRORS: top - split}),
        TileId.DOSES: Place(0, top, left + middle, bottom),
        TileId.PRODUCTION: Place(left + middle, top, right, bottom),
    }
    return _crowded(places, left, top) if tanks > top - 13 else places


def _crowded(places: dict[TileId, Place], width: int, height: int) -> dict[TileId, Place]:
    """More tanks than rows: stock is worth more than the two tiles below it."""
    return {
        **{name: place for name, place in places.items() if name not in (TileId.TODAY, TileId.BATCHES)},
        TileId.INVENTORY: Place(0, 0, width, height),
    }


def small(width: int, height: int, tanks: int) -> dict[TileId, Place]:
    left = width // 2
    right = width - left
    if tanks > 5:
        top = min(13, max(6, tanks + 1), height - 6)
        beside = {TileId.CHEMICALS: 6, TileId.PRODUCTION: 7} if top == 13 else {TileId.CHEMICALS: top}
        return {
            TileId.INVENTORY: Place(0, 0, left, top),
            **stacked(left, 0, right, beside),
            TileId.DOSES: Place(0, top, width, height - top),
        }
    top = 6
    charts = 7 + (height - 21) // 3
    return {
        TileId.INVENTORY: Place(0, 0, left, top),
        TileId.CHEMICALS: Place(left, 0, right, top),
        TileId.CONSUMPTION: Place(0, top, left, charts),
        TileId.PRODUCTION: Place(left, top, right, charts),
        TileId.DOSES: Place(0, top + charts, width, height - top - charts),
    }
