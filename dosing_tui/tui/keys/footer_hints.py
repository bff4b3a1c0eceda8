"""The keys that each footer shows, and their labels."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec.structs import replace
from textual.binding import Binding

from dosing_tui.tui.keys.bindings import (
    ALL_KEYS,
    TANK_KEYS,
    VIEW_KEYS,
    format_binding,
)
from dosing_tui.tui.layout.footer import KeyHint

_SHORT_LABELS = {
    "overview": "All", "inventory": "Tanks", "consumption": "Used", "quality": "Qual", "production": "Prod",
    "alarm-ack": "Ackn", "alarm-comment": "Note", "alarm-back": "RTS",
    "alarm-remove": "OOS", "batch-approve": "Appr",
    "batch-deviation": "Dev", "batch-reject": "Rej", "batch-comment": "Note", "batch-exception": "Exc",
    "report-back": "Before",
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
    PUMPS = "pumps"
    """The table of pumps."""
    PUMP_CHART = "pump chart"
    CHART = "chart"
    TABLE = "table"
    DOSES = "doses"
    """A table whose rows lead to a batch."""
    TILE = "tile"
    """At full screen, without a cursor."""
    ALARM_LIST = "alarms"
    ALARM_DETAIL = "alarm"
    """A single alarm."""
    JOURNAL = "journal"
    BATCH_LIST = "batches"
    SHIFT_REPORT = "report"
    DOCTOR = "doctor"
    MAINTENANCE = "maintenance"
    LOTS = "lots"
    BATCH_DETAIL = "batch"
    """A single batch."""


_COMMON_KEYS = ("range", "filters", "export", "palette", "help")
_ESSENTIAL_KEYS: Mapping[FooterMode, frozenset[str]] = {
    **dict.fromkeys(FooterMode, frozenset({"back", "zoom", "palette", "help"})),
    FooterMode.SCREEN: frozenset({"alarms", "batches", "range", "filters", "palette", "help"}),
    FooterMode.TANKS: frozenset({"refill", "alarms", "batches", "range", "filters", "palette", "help"}),
    FooterMode.STATIONS: frozenset({"zoom", "alarms", "batches", "palette", "help"}),
    FooterMode.ALARM_LIST: frozenset({"alarm-ack", "alarm-shelve", "back", "palette", "help"}),
    FooterMode.SHIFT_REPORT: frozenset(
        {"report-details", "report-leave", "report-take", "report-back", "report-close", "help"}
    ),
    FooterMode.PUMP_CHART: frozenset({"back", "cursor-left", "cursor-right", "help"}),
    FooterMode.DOCTOR: frozenset({"doctor-close", "doctor-refresh", "help"}),
    FooterMode.MAINTENANCE: frozenset({"maintenance-close", "maintenance-refresh", "help"}),
    FooterMode.LOTS: frozenset({"zoom", "back", "lots-small", "help"}),
    FooterMode.BATCH_DETAIL: frozenset(
        {"batch-approve", "batch-deviation", "batch-reject", "back", "palette", "help"}
    ),
}
"""What each footer shows at any size, beside the keys of the screens."""
_SCREEN_KEYS = ("zoom", "alarms", "batches", "range", "filters", "freeze", "export", "refresh", "theme",
                "quit", "palette", "help")  # fmt: skip
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
    FooterMode.DOSES: (
        "zoom",
        "back",
        "row-down",
        "batches",
        "alarms",
        "sort",
        "reverse",
        "find",
        *_COMMON_KEYS,
    ),
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
        "palette",
        "help",
    ),
    FooterMode.PUMPS: ("zoom", "service", "back", "row-down", "sort", "reverse", "find", *_COMMON_KEYS),
    FooterMode.PUMP_CHART: (
        "back",
        "cursor-left",
        "cursor-right",
        "cursor-left-10",
        "cursor-right-10",
        "cursor-home",
        "cursor-end",
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
        "palette",
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
        "palette",
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
        "lots",
        "back",
        "palette",
        "help",
    ),
    FooterMode.DOCTOR: ("doctor-close", "report-page-down", "report-page-up", "doctor-refresh", "help"),
    FooterMode.MAINTENANCE: (
        "maintenance-close",
        "report-page-down",
        "report-page-up",
        "maintenance-refresh",
        "help",
    ),
    FooterMode.LOTS: ("zoom", "back", "row-down", "sort", "lots-small", "lots-refresh", "lots-close", "help"),
    FooterMode.SHIFT_REPORT: (
        "report-details",
        "report-leave",
        "report-take",
        "report-close",
        "report-back",
        "report-forward",
        "report-page-down",
        "report-save",
        "report-refresh",
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
        "palette",
        "help",
    ),
}


_LABEL_OVERRIDES: Mapping[FooterMode, Mapping[str, str]] = {
    FooterMode.JOURNAL: {"zoom": "Entry", "first": "Newest"},
    FooterMode.STATIONS: {"zoom": "Open station"},
    FooterMode.PUMPS: {"zoom": "Control chart"},
    FooterMode.LOTS: {"zoom": "Trace"},
    FooterMode.DOSES: {"zoom": "Batch"},
}


def build_hints(
    keymap: Mapping[str, str], *, has_other_panels: bool = False
) -> dict[FooterMode, list[KeyHint]]:
    """The keys of each footer: of a binding with several keys, the first.

    ``has_other_panels``: screen 8 has a hint where there is room; it takes none from the other screens.
    """
    bindings = {str(binding.id): binding for binding in ALL_KEYS}
    views = [str(binding.id) for binding in VIEW_KEYS if binding.show]
    others = ("panels",) if has_other_panels else ()
    footers = {
        FooterMode.SCREEN: (*views, *others, *_SCREEN_KEYS),
        FooterMode.TANKS: (*views, *others, *(str(binding.id) for binding in TANK_KEYS), *_SCREEN_KEYS),
        **_FOOTER_KEYS,
    }
    return {
        mode: [
            replace(
                build_hint(bindings[name], keymap, _LABEL_OVERRIDES.get(mode, {}).get(name, "")),
                is_essential=name in _ESSENTIAL_KEYS[mode] or name in views,
                group="views" if name in views else "",
            )
            for name in ids
        ]
        for mode, ids in footers.items()
    }


def build_hint(binding: Binding, keymap: Mapping[str, str], label: str = "") -> KeyHint:
    """``label`` replaces the label of the binding."""
    key = format_binding(binding, keymap).split(" ")[0]
    return KeyHint(key, label or binding.description, _SHORT_LABELS.get(binding.id or "", ""))
