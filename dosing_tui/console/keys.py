"""Every key, in one place: bindings, the footer's hints and the help page are made from these."""

from collections.abc import Iterable, Mapping

from textual.binding import Binding

from dosing_tui.console.bars import KeyHint

_NAMES = {
    "question_mark": "?", "escape": "esc", "pageup": "page up", "pagedown": "page down", "up": "↑",
    "down": "↓", "left": "←", "right": "→",
}  # fmt: skip

VIEW_KEYS = (
    Binding("1", "view('overview')", "Overview", id="overview", tooltip="All tiles"),
    Binding("2", "view('doses')", "Doses", id="doses", tooltip="Table of the newest doses"),
    Binding("3,b", "view('books')", "Books", id="books",
            tooltip="Readings, role, links"),
)  # fmt: skip
TILE_KEYS = (
    Binding("enter", "zoom", "Zoom", id="zoom", tooltip="The focused tile, large"),
    Binding("escape", "back", "Back", id="back", show=False, tooltip="Back to the overview"),
    Binding("tab", "next_tile(1)", "Next", id="next", show=False, tooltip="Next tile"),
    Binding("shift+tab", "next_tile(-1)", "Previous", id="previous", show=False, tooltip="Previous tile"),
    Binding("left", "move('left')", "Left", id="left", show=False, tooltip="Tile to the left"),
    Binding("right", "move('right')", "Right", id="right", show=False, tooltip="Tile to the right"),
    Binding("up", "move('up')", "Up", id="up", show=False, tooltip="Tile above"),
    Binding("down", "move('down')", "Down", id="down", show=False, tooltip="Tile below"),
)
APP_KEYS = (
    Binding("f", "freeze", "Freeze", id="freeze", tooltip="Hold still, or live again"),
    Binding("r", "refresh_now", "Refresh", id="refresh", tooltip="Ask the database now"),
    Binding("t", "switch_theme", "Theme", id="theme", tooltip="Dark or light"),
    Binding("q", "ask_quit", "Quit", id="quit", tooltip="Quit, after a question"),
    Binding("ctrl+q", "quit", "Quit now", id="quit-now", show=False, priority=True, tooltip="Quit at once"),
    Binding("question_mark", "help", "Help", id="help", tooltip="This page"),
)
DOSES_KEYS = (
    Binding("down,j", "step(1)", "Older", id="dose-down", show=False, tooltip="An older dose"),
    Binding("up,k", "step(-1)", "Newer", id="dose-up", show=False, tooltip="A newer dose"),
    Binding("pagedown", "page(1)", "Page down", id="dose-page-down", show=False, tooltip="A page down"),
    Binding("pageup", "page(-1)", "Page up", id="dose-page-up", show=False, tooltip="A page up"),
    Binding("home", "end(False)", "Newest", id="dose-newest", show=False, tooltip="Newest, follow new doses"),
    Binding("end", "end(True)", "Oldest", id="dose-oldest", show=False, tooltip="The oldest that is kept"),
)
GROUPS = (
    ("Views", VIEW_KEYS),
    ("Tiles", TILE_KEYS),
    ("Doses, when focused", DOSES_KEYS),
    ("Console", APP_KEYS),
)


def keys_of(binding: Binding, keymap: Mapping[str, str]) -> str:
    """The keys as they are now, after the site's own key map."""
    keys = keymap.get(binding.id or "", binding.key)
    return " ".join(_NAMES.get(key, key) for key in keys.split(","))


def hints(keymap: Mapping[str, str]) -> list[KeyHint]:
    """What the footer says; the first key of each binding is enough there."""
    shown: Iterable[Binding] = (b for b in (*VIEW_KEYS, *TILE_KEYS, *APP_KEYS) if b.show)
    return [KeyHint(keys_of(binding, keymap).split(" ")[0], binding.description) for binding in shown]
