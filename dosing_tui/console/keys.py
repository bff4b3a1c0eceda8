"""Every key, in one place: bindings, the footer's hints and the help page are made from these."""

from collections.abc import Iterable, Mapping

from textual.binding import Binding

from dosing_tui.console.bars import KeyHint

_NAMES = {
    "question_mark": "?", "escape": "esc", "pageup": "page up", "pagedown": "page down", "up": "↑",
    "down": "↓", "left": "←", "right": "→",
}  # fmt: skip

VIEW_KEYS = (
    Binding("1", "view('overview')", "Overview", id="overview", tooltip="All at a glance"),
    Binding("2", "view('inventory')", "Inventory", id="inventory", tooltip="Tanks and levels"),
    Binding("3", "view('consumption')", "Consumption", id="consumption", tooltip="What was dosed"),
    Binding("4", "view('quality')", "Quality", id="quality", tooltip="How exactly, how fast"),
    Binding("5", "view('production')", "Production", id="production", tooltip="Batches and days"),
    Binding("6", "view('doses')", "Doses", id="doses", tooltip="Table of the newest doses"),
    Binding("7", "view('books')", "Books", id="books", tooltip="Readings, role, links"),
)
TILE_KEYS = (
    Binding("enter", "zoom", "Zoom", id="zoom", tooltip="The focused tile, large"),
    Binding("escape", "back", "Back", id="back", show=False, tooltip="Back to the screen"),
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
SHEET_KEYS = (
    Binding("down,j", "step(1)", "Down", id="row-down", show=False, tooltip="The next row"),
    Binding("up,k", "step(-1)", "Up", id="row-up", show=False, tooltip="The row above"),
    Binding("pagedown", "page(1)", "Page down", id="page-down", show=False, tooltip="A page down"),
    Binding("pageup", "page(-1)", "Page up", id="page-up", show=False, tooltip="A page up"),
    Binding("home", "end(False)", "First", id="first", show=False, tooltip="First row, follow the newest"),
    Binding("end", "end(True)", "Last", id="last", show=False, tooltip="The last row"),
    Binding("o", "order", "Sort", id="sort", show=False, tooltip="Sort by the next column"),
    Binding("O", "reverse", "Reverse", id="reverse", show=False, tooltip="The other way round"),
    Binding("ctrl+f", "find", "Find", id="find", show=False, tooltip="Rows that hold a text"),
)
CHART_KEYS = (
    Binding("left", "cursor(-1)", "Earlier", id="cursor-left", show=False, tooltip="Cursor to the left"),
    Binding("right", "cursor(1)", "Later", id="cursor-right", show=False, tooltip="Cursor to the right"),
    Binding("ctrl+left", "cursor(-10)", "Ten earlier", id="cursor-left-10", show=False, tooltip="By ten"),
    Binding("ctrl+right", "cursor(10)", "Ten later", id="cursor-right-10", show=False, tooltip="By ten"),
    Binding("home", "cursor_end(False)", "Oldest", id="cursor-home", show=False, tooltip="To the oldest"),
    Binding("end", "cursor_end(True)", "Newest", id="cursor-end", show=False, tooltip="To the newest"),
)
GROUPS = (
    ("Views", VIEW_KEYS),
    ("Tiles", TILE_KEYS),
    ("Tables", SHEET_KEYS),
    ("Charts, when large", CHART_KEYS),
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
