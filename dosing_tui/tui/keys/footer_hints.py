"""The keys that each footer shows, and their labels."""

from collections.abc import Mapping
from enum import StrEnum

from textual.binding import Binding

from dosing_tui.tui.keys.bindings import (
    ALL_KEYS,
    APP_KEYS,
    SCOPE_KEYS,
    TANK_KEYS,
    TILE_KEYS,
    VIEW_KEYS,
    format_binding,
)
from dosing_tui.tui.layout.status_and_footer import KeyHint

_SHORT_LABELS = {
    "overview": "All", "inventory": "Tanks", "consumption": "Used", "quality": "Qual", "production": "Prod",
    "alarm-ack": "Ackn", "alarm-comment": "Note", "alarm-back": "RTS",
    "alarm-remove": "OOS", "batch-approve": "Appr",
    "batch-deviation": "Dev", "batch-reject": "Rej", "batch-comment": "Note", "batch-exception": "Exc",
    "batch-undo": "Undo", "batch-exceptions": "Exc", "batch-question": "Ask", "batch-messages": "Raw",
}  # fmt: skip
"""For footers of narrow windows."""


class FooterMode(StrEnum):
    """What the keys apply to."""

    SCREEN = "screen"
    TANKS = "stock"
    """The inventory screen."""
    STATIONS = "stations"
    """The table of stations."""
    CHART = "chart"
    TABLE = "table"
    TILE = "tile"
    """At full screen, without a cursor."""
    ALARM_LIST = "alarms"
    ALARM_DETAIL = "alarm"
    """A single alarm."""
    JOURNAL = "journal"
    BATCH_LIST = "batches"
    BATCH_DETAIL = "batch"
    """A single batch."""


_COMMON_KEYS = ("range", "filters", "export", "help")
_FOOTER_KEYS: Mapping[FooterMode, tuple[str, ...]] = {
    FooterMode.CHART: (
        "back",
        "cursor-left",
        "cursor-right",
        "axis",
        "next",
        "range-wider",
        "note",
        *_COMMON_KEYS,
    ),
    FooterMode.TABLE: ("back", "row-down", "sort", "reverse", "find", "next", *_COMMON_KEYS),
    FooterMode.TILE: ("back", "next", *_COMMON_KEYS),
    FooterMode.STATIONS: (
        "zoom",
        "overview",
        "inventory",
        "alarms",
        "batches",
        "sort",
        "reverse",
        "find",
        "export",
        "help",
    ),
    FooterMode.JOURNAL: (
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
    FooterMode.ALARM_DETAIL: (
        "alarm-ack",
        "alarm-comment",
        "alarm-shelve",
        "alarm-remove",
        "alarm-back",
        "alarm-reset",
    ),
    FooterMode.BATCH_LIST: (
        "zoom",
        "batch-next",
        "batch-exception",
        "batch-unreviewed",
        "batch-exceptions",
        "batch-clean",
        "batch-all",
        "back",
        "range",
        "filters",
        "batch-comment",
        "help",
    ),
    FooterMode.BATCH_DETAIL: (
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
    FooterMode.ALARM_LIST: (
        "alarm-ack",
        "alarm-comment",
        "alarm-all",
        "alarm-shelve",
        "alarm-remove",
        "alarm-back",
        "alarm-reset",
        "alarm-sort",
        "filters",
        "next",
        "back",
        "zoom",
        "help",
    ),
}


_LABEL_OVERRIDES: Mapping[FooterMode, Mapping[str, str]] = {
    FooterMode.JOURNAL: {"zoom": "Entry", "first": "Newest"},
    FooterMode.STATIONS: {"zoom": "Open station"},
}


def build_hints(
    keymap: Mapping[str, str], *, has_other_panels: bool = False
) -> dict[FooterMode, list[KeyHint]]:
    """The keys of each footer: of a binding with several keys, the first."""
    views = [
        binding for binding in VIEW_KEYS if binding.show or (has_other_panels and binding.id == "panels")
    ]
    others = [binding for binding in (*TILE_KEYS, *SCOPE_KEYS, *APP_KEYS) if binding.show]
    hints = {
        FooterMode.SCREEN: [build_hint(binding, keymap) for binding in (*views, *others)],
        FooterMode.TANKS: [build_hint(binding, keymap) for binding in (*views, *TANK_KEYS, *others)],
    }
    bindings = {str(binding.id): binding for binding in ALL_KEYS}
    for mode, ids in _FOOTER_KEYS.items():
        labels = _LABEL_OVERRIDES.get(mode, {})
        hints[mode] = [build_hint(bindings[name], keymap, labels.get(name, "")) for name in ids]
    return hints


def build_hint(binding: Binding, keymap: Mapping[str, str], label: str = "") -> KeyHint:
    """``label`` replaces the label of the binding."""
    key = format_binding(binding, keymap).split(" ")[0]
    return KeyHint(key, label or binding.description, _SHORT_LABELS.get(binding.id or "", ""))
