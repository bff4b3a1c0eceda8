"""Names of stations on screens and in lists: the short name of the settings, else the station's id."""

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from dosing_tui.domain.labels.name_labels import MAX_BARE_WIDTH, are_labels_clear, fit_labels
from dosing_tui.domain.messages.text_sanitizer import ELLIPSIS, clean_text, count_cells

COMPACT_WIDTH = 8
"""Cells of a compact label, at most, where the last words do not tell the stations apart."""


def name_stations(devices: Iterable[str], short_names: Mapping[str, str]) -> dict[str, str]:
    """Station -> its short name, or its id where it has none or another station shown is called so."""
    ids = set(devices)
    names = {device: short_names.get(device, "") for device in sorted(ids)}
    return {
        device: name if name == device or (name and name not in ids) else clean_text(device)
        for device, name in names.items()
    }


def label_stations(devices: Iterable[str], short_names: Mapping[str, str], width: int) -> dict[str, str]:
    """Station -> its name in at most ``width`` cells, distinct as in ``fit_labels``."""
    names = name_stations(devices, short_names)
    labels = fit_labels(names.values(), width)
    return {device: labels[name] for device, name in names.items()}


def label_stations_compactly(devices: Iterable[str], short_names: Mapping[str, str]) -> dict[str, str]:
    """Station -> its shortest clear name, to stand before a chemical's: the last word, where that is enough.

    >>> label_stations_compactly(["dosing_system_01", "dosing_system_02"], {})
    {'dosing_system_01': '01', 'dosing_system_02': '02'}
    >>> label_stations_compactly(["dosing_system_01"], {"dosing_system_01": "Hall 2"})
    {'dosing_system_01': 'Hall 2'}
    """
    return dict(_label_compactly(tuple(devices), tuple(short_names.items())))


def fit_station_names(names: Iterable[str], width: int) -> dict[str, str]:
    """Name -> itself if all have room in ``width`` cells, else its last word, where that is enough.

    Where it is not, the names are cut as by ``fit_labels``.

    >>> fit_station_names(["plant", "dosing_system_01"], 7)
    {'dosing_system_01': '01', 'plant': 'plant'}
    """
    return dict(_fit_station_names(tuple(sorted(set(names))), width))


@lru_cache(maxsize=64)
def _fit_station_names(names: tuple[str, ...], width: int) -> tuple[tuple[str, str], ...]:
    if all(count_cells(name) <= width for name in names):
        return tuple((name, name) for name in names)
    short_names = {name for name in names if count_cells(name) <= min(width, COMPACT_WIDTH)}
    words = _find_last_words([name for name in names if name not in short_names])
    shown = set(words.values())
    if not shown or shown & short_names or max(map(count_cells, shown)) > width:
        return tuple(fit_labels(names, width).items())
    return tuple((name, words.get(name, name)) for name in names)


@lru_cache(maxsize=64)  # every frame asks for the same stations
def _label_compactly(
    devices: tuple[str, ...], own_names: tuple[tuple[str, str], ...]
) -> tuple[tuple[str, str], ...]:
    short_names = dict(own_names)
    names = name_stations(devices, short_names)
    given = {name for device, name in names.items() if short_names.get(device) == name}
    labels = _find_last_words([name for name in names.values() if name not in given])
    is_clear = len(labels) == len(set(names.values()) - given) and not given & set(labels.values())
    if not is_clear or max(map(count_cells, names.values()), default=0) <= COMPACT_WIDTH:
        width = max(COMPACT_WIDTH, *map(count_cells, given), 0)
        return tuple(label_stations(devices, short_names, width).items())
    return tuple((device, labels.get(name, name)) for device, name in names.items())


def _find_last_words(names: Sequence[str]) -> dict[str, str]:
    """Name -> its last word, in the least width in which those of all are whole; none where they are not."""
    for width in range(MAX_BARE_WIDTH, COMPACT_WIDTH - 1):
        labels = fit_labels(names, width)
        if are_labels_clear(names, width) and all(ELLIPSIS not in label for label in labels.values()):
            return labels
    return {}
