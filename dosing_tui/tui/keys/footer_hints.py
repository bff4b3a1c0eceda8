"""Which keys each footer names, and in which words."""

from collections.abc import Mapping
from enum import StrEnum

from textual.binding import Binding

from dosing_tui.tui.keys.bindings import (
    ALL_KEYS,
    APP_KEYS,
    SCOPE_KEYS,
    STOCK_KEYS,
    TILE_KEYS,
    VIEW_KEYS,
    keys_of,
)
from dosing_tui.tui.layout.status_and_footer import KeyHint

_SHORT = {
    "overview": "All", "inventory": "Tanks", "consumption": "Used", "quality": "Qual", "production": "Prod",
    "alarm-ack": "Ackn", "alarm-comment": "Note", "alarm-back": "Back", "batch-approve": "Appr",
    "batch-deviation": "Dev", "batch-reject": "Rej", "batch-comment": "Note", "batch-exception": "Exc",
    "batch-unreviewed": "Unrev", "batch-exceptions": "Exc", "batch-question": "Ask", "batch-messages": "Raw",
}  # fmt: skip
"""For footers of narrow windows."""


class Mode(StrEnum):
    """What the keys of the moment are about."""

    SCREEN = "screen"
    STOCK = "stock"
    """The screen of the tanks."""
    CHART = "chart"
    TABLE = "table"
    TILE = "tile"
    """A large one, in which nothing moves."""
    ALARMS = "alarms"
    ALARM = "alarm"
    """One of them, whole."""
    JOURNAL = "journal"
    BATCHES = "batches"
    BATCH = "batch"
    """One of them, whole."""


_COMMON = ("range", "filters", "export", "help")
_FOOTERS: Mapping[Mode, tuple[str, ...]] = {
    Mode.CHART: ("back", "cursor-left", "cursor-right", "next", "range-wider", "note", *_COMMON),
    Mode.TABLE: ("back", "row-down", "sort", "reverse", "find", "next", *_COMMON),
    Mode.TILE: ("back", "next", *_COMMON),
    Mode.JOURNAL: (
        "zoom",
        "range",
        "range-back",
        "range-forward",
        "filters",
        "export",
        "first",
        "next",
        "back",
        "help",
    ),
    Mode.ALARM: (
        "alarm-ack",
        "alarm-comment",
        "alarm-shelve",
        "alarm-remove",
        "alarm-back",
        "alarm-reset",
    ),
    Mode.BATCHES: (
        "zoom",
        "batch-next",
        "batch-exception",
        "batch-unreviewed",
        "batch-exceptions",
        "batch-all",
        "back",
        "range",
        "filters",
        "batch-comment",
        "help",
    ),
    Mode.BATCH: (
        "batch-approve",
        "batch-deviation",
        "batch-reject",
        "batch-question",
        "batch-comment",
        "batch-undo",
        "batch-next",
        "batch-exception",
        "batch-messages",
        "back",
        "help",
    ),
    Mode.ALARMS: (
        "alarm-ack",
        "alarm-comment",
        "alarm-all",
        "alarm-shelve",
        "alarm-remove",
        "alarm-back",
        "alarm-reset",
        "next",
        "back",
        "zoom",
        "help",
    ),
}


_SAID: Mapping[Mode, Mapping[str, str]] = {Mode.JOURNAL: {"zoom": "Entry", "first": "Newest"}}


def hints(keymap: Mapping[str, str]) -> dict[Mode, list[KeyHint]]:
    """What the footer says; the first key of each binding is enough there."""
    on_screen = (*VIEW_KEYS, *TILE_KEYS, *SCOPE_KEYS, *APP_KEYS)
    found = {Mode.SCREEN: [_hint(binding, keymap) for binding in on_screen if binding.show]}
    refill = [_hint(binding, keymap) for binding in STOCK_KEYS]
    found[Mode.STOCK] = [
        *found[Mode.SCREEN][: len(VIEW_KEYS)],
        *refill,
        *found[Mode.SCREEN][len(VIEW_KEYS) :],
    ]
    named = {str(binding.id): binding for binding in ALL_KEYS}
    for mode, ids in _FOOTERS.items():
        said = _SAID.get(mode, {})
        found[mode] = [_hint(named[name], keymap, said.get(name, "")) for name in ids]
    return found


def _hint(binding: Binding, keymap: Mapping[str, str], said: str = "") -> KeyHint:
    """``said``: what the key does here, where that is not its usual name."""
    key = keys_of(binding, keymap).split(" ")[0]
    return KeyHint(key, said or binding.description, _SHORT.get(binding.id or "", ""))
