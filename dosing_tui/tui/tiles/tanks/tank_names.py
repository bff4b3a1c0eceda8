"""The names of tanks beside their gauges: station and chemical, or one of them that tells them apart."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

from dosing_tui.domain.labels.name_labels import are_labels_clear, fit_labels
from dosing_tui.tui.rendering.canvas import pad_cells, split_cells

TankPair: TypeAlias = tuple[str, str]
"""The compact label of a station, '' where there is only one, and a chemical."""
TankNames: TypeAlias = Mapping[TankPair, str]
_PERCENT_CELLS = 12
"""Of a tank's mark and percentage, beside its name."""


@lru_cache(maxsize=64)  # every picture asks for the same tanks
def choose_tank_names(pairs: tuple[TankPair, ...], width: int, *, is_one_row: bool) -> tuple[int, TankNames]:
    """Cells of the names, and the names; none where a tile of ``width`` cells has no room for clear ones.

    Where the bar in the same row would leave too little room, the names have its room, too.
    """
    longest = max(map(_measure_pair, pairs), default=0)
    most = width - _PERCENT_CELLS
    usual = min(longest, most, max(10, width // 2 - 4))
    rooms = (usual, min(longest, most)) if is_one_row else (most,)
    for room in rooms:
        for names in _list_names(pairs, room):
            return max((len(split_cells(name)) for name in names.values()), default=0), names
    return 0, {}


def _list_names(pairs: Sequence[TankPair], width: int) -> Iterator[TankNames]:
    """Clear names in at most ``width`` cells: station and chemical, or one of them that tells them apart."""
    station_width = max((len(split_cells(station)) for station, _ in pairs), default=0)
    room = width - (station_width + 1 if station_width else 0)
    stations, chemicals = [station for station, _ in pairs], [chemical for _, chemical in pairs]
    if are_labels_clear(chemicals, room):
        labels = fit_labels(chemicals, room)
        yield {pair: _join_names(pair[0], labels[pair[1]], station_width) for pair in pairs}
    for names in (chemicals, stations):
        if len(set(names)) == len(pairs) and are_labels_clear(names, width):
            labels = fit_labels(names, width)
            yield {pair: labels[name] for pair, name in zip(pairs, names, strict=True)}


def _measure_pair(pair: TankPair) -> int:
    station, chemical = pair
    return len(split_cells(station)) + bool(station) + len(split_cells(chemical))


def _join_names(station: str, chemical: str, station_width: int) -> str:
    return f"{pad_cells(station, station_width)} {chemical}".lstrip(" ") if station_width else chemical
