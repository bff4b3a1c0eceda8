"""All key bindings. Footers and help pages are built from them."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from difflib import get_close_matches

from textual.binding import Binding

from dosing_tui.errors import ConfigError
from dosing_tui.tui.keys.help_pages import HelpGroup

_KEY_NAMES = {
    "question_mark": "?", "escape": "esc", "pageup": "pgup", "pagedown": "pgdn", "up": "↑",
    "down": "↓", "left": "←", "right": "→", "left_square_bracket": "[", "right_square_bracket": "]",
    "minus": "-", "plus": "+", "equals_sign": "=", "full_stop": ".", "slash": "/", "colon": ":",
    "exclamation_mark": "!",
    **{f"f{number}": f"F{number}" for number in range(1, 13)},
}  # fmt: skip

VIEW_KEYS = (
    Binding("1", "view('overview')", "Overview", id="overview", tooltip="All at a glance"),
    Binding("2", "view('inventory')", "Inventory", id="inventory", tooltip="Tanks and levels"),
    Binding("3", "view('consumption')", "Consumption", id="consumption", tooltip="Consumption by chemical"),
    Binding("4", "view('quality')", "Quality", id="quality", tooltip="Accuracy, error rate, duration"),
    Binding("5", "view('production')", "Production", id="production", tooltip="Batches and days"),
    Binding("6", "view('doses')", "Doses", id="doses", tooltip="Table of the newest doses"),
    Binding("7", "view('books')", "Data", id="books", tooltip="Data integrity, role, connections"),
    Binding(
        "8", "view('panels')", "Panels", id="panels", show=False, tooltip="Those without a tile of their own"
    ),
    Binding(
        "9", "view('stations')", "Stations", id="stations", show=False, tooltip="A line for each station"
    ),
    Binding(
        "0", "view('pumps')", "Pumps", id="pumps", show=False, tooltip="Pumps: Cpk, bias and control chart"
    ),
)
TILE_KEYS = (
    Binding("enter", "zoom", "Zoom", id="zoom", tooltip="Enlarge the focused tile"),
    Binding("escape", "back", "Back", id="back", show=False, tooltip="Back to the screen"),
    Binding("tab", "next_tile(1)", "Next", id="next", show=False, tooltip="Next tile"),
    Binding("shift+tab", "next_tile(-1)", "Previous", id="previous", show=False, tooltip="Previous tile"),
    Binding("left", "move('left')", "Left", id="left", show=False, tooltip="Tile to the left"),
    Binding("right", "move('right')", "Right", id="right", show=False, tooltip="Tile to the right"),
    Binding("up", "move('up')", "Up", id="up", show=False, tooltip="Tile above"),
    Binding("down", "move('down')", "Down", id="down", show=False, tooltip="Tile below"),
)
TANK_KEYS = (
    Binding(
        "R",
        "app.ask_material",
        "Material",
        id="refill",
        show=False,
        tooltip="Enter a refill, delivery, loss or count of a tank",
    ),
)
PUMP_KEYS = (
    Binding("w", "app.ask_service", "Work", id="service", show=False,
            tooltip="Enter work at a pump or a scale"),
)  # fmt: skip
SCOPE_KEYS = (
    Binding("g", "ask_range", "Range", id="range", tooltip="Choose a range of time"),
    Binding(
        "left_square_bracket",
        "move_range('back')",
        "Back",
        id="range-back",
        show=False,
        tooltip="The range before",
    ),
    Binding(
        "right_square_bracket",
        "move_range('forward')",
        "Forward",
        id="range-forward",
        show=False,
        tooltip="The range after",
    ),
    Binding("minus", "move_range('wider')", "Wider", id="range-wider", show=False, tooltip="Twice the range"),
    Binding(
        "plus,equals_sign",
        "move_range('narrower')",
        "Narrower",
        id="range-narrower",
        show=False,
        tooltip="Half the range",
    ),
    Binding("full_stop", "live_again", "Live", id="live", show=False, tooltip="Back to live"),
    Binding(
        "slash", "ask_filters", "Filter", id="filters", tooltip="Filter by station, chemical, recipe, mode"
    ),
)
APP_KEYS = (
    Binding("a", "alarms", "Alarms", id="alarms", tooltip="Alarm lists and journal"),
    Binding("b", "batches", "Batches", id="batches", tooltip="Batches and their review"),
    Binding("x", "silence", "Silence", id="silence", show=False, tooltip="Silence the audible alarm"),
    Binding("exclamation_mark", "failures", "Not done", id="failures", show=False,
            tooltip="What was not stored or not done"),
    Binding("L", "sign_on", "Sign on", id="sign-on", show=False, tooltip="Sign on or off as the operator"),
    Binding("n", "ask_note", "Note", id="note", show=False, tooltip="Add an operator note"),
    Binding("e", "export", "Export", id="export", tooltip="Export the rows as CSV and JSON"),
    Binding("s", "picture", "Picture", id="picture", show=False, tooltip="Screen as SVG and text"),
    Binding("S", "shift_report", "Shift", id="shift-report", show=False, tooltip="Shift report"),
    Binding("T", "lots", "Lots", id="lots", show=False,
            tooltip="Lots in the tanks, of this batch; where a lot went"),
    Binding("D", "doctor", "Doctor", id="doctor", show=False,
            tooltip="Check broker, database, spool, stations: what to do"),
    Binding("M", "maintenance", "Maintenance", id="maintenance", show=False,
            tooltip="Sizes, retention, jobs of the database"),
    Binding("f", "freeze", "Freeze", id="freeze", tooltip="Freeze the view, resume"),
    Binding("r", "refresh_now", "Refresh", id="refresh", tooltip="Reload all panels"),
    Binding("t", "switch_theme", "Theme", id="theme", tooltip="The next theme"),
    Binding("q", "ask_quit", "Quit", id="quit", tooltip="Quit after confirmation"),
    Binding("ctrl+q", "quit", "Quit now", id="quit-now", show=False, priority=True, tooltip="Quit at once"),
    Binding("colon,ctrl+p", "palette", "Commands", id="palette",
            tooltip="Find a command, screen, range, station …"),
    Binding("f1,question_mark", "help", "Help", id="help", tooltip="The help page"),
)  # fmt: skip
TABLE_KEYS = (
    Binding("down,j", "step(1)", "Down", id="row-down", show=False, tooltip="The next row"),
    Binding("up,k", "step(-1)", "Up", id="row-up", show=False, tooltip="The row above"),
    Binding("pagedown", "page(1)", "Page down", id="page-down", show=False, tooltip="A page down"),
    Binding("pageup", "page(-1)", "Page up", id="page-up", show=False, tooltip="A page up"),
    Binding("home", "end(False)", "First", id="first", show=False, tooltip="First row, follow the newest"),
    Binding("end", "end(True)", "Last", id="last", show=False, tooltip="The last row"),
    Binding("o", "order", "Sort", id="sort", show=False, tooltip="Sort by the next column"),
    Binding("O", "reverse", "Reverse", id="reverse", show=False, tooltip="Reverse the sort order"),
    Binding("ctrl+f", "find", "Find", id="find", show=False, tooltip="Find rows that contain a text"),
)
CHART_KEYS = (
    Binding("left", "cursor(-1)", "Earlier", id="cursor-left", show=False, tooltip="Cursor to the left"),
    Binding("right", "cursor(1)", "Later", id="cursor-right", show=False, tooltip="Cursor to the right"),
    Binding("y", "axis", "Axis", id="axis", show=False, tooltip="Scale: fitted, without outliers, from 0"),
    Binding(
        "ctrl+left", "cursor(-10)", "Ten earlier", id="cursor-left-10", show=False, tooltip="Cursor ten left"
    ),
    Binding(
        "ctrl+right", "cursor(10)", "Ten later", id="cursor-right-10", show=False, tooltip="Cursor ten right"
    ),
    Binding(
        "home", "cursor_end(False)", "Oldest", id="cursor-home", show=False, tooltip="Cursor to the oldest"
    ),
    Binding("end", "cursor_end(True)", "Newest", id="cursor-end", show=False, tooltip="Cursor to the newest"),
)
ALARM_KEYS = (
    Binding("space", "wish('acknowledge')", "Acknowledge", id="alarm-ack", tooltip="Acknowledge alarm"),
    Binding("c", "wish('comment')", "Comment", id="alarm-comment", tooltip="Acknowledge with a comment"),
    Binding("A", "wish('all')", "All", id="alarm-all", tooltip="Acknowledge all in view"),
    Binding("h", "wish('shelve')", "Shelve", id="alarm-shelve", tooltip="Shelve for a limited time"),
    Binding(
        "o", "wish('remove')", "Out of service", id="alarm-remove", tooltip="Remove the alarm from service"
    ),
    Binding("u", "wish('back')", "Return", id="alarm-back", tooltip="Unshelve, return to service"),
    Binding("R", "wish('reset')", "Reset", id="alarm-reset", tooltip="End a latched alarm"),
)
"""Actions on the alarm at the cursor."""
ALARM_LIST_KEYS = (
    Binding(
        "O", "sort_alarms", "Sort", id="alarm-sort", show=False, tooltip="Sort the alarms by the next order"
    ),
)
"""Of the alarm lists, not of one alarm."""
BATCH_KEYS = (
    Binding("space", "review('approved')", "Approve", id="batch-approve",
            tooltip="Approve, or confirm as the second person"),
    Binding("d", "review('approved with deviation')", "Deviation", id="batch-deviation",
            tooltip="Approve with a deviation"),
    Binding("R", "review('rejected')", "Reject", id="batch-reject", tooltip="Reject, with a reason"),
    Binding("i", "review('needs information')", "Ask", id="batch-question", tooltip="Ask for information"),
    Binding("c", "review('comment')", "Comment", id="batch-comment", tooltip="Add a comment"),
    Binding("u", "review('withdrawn')", "Withdraw", id="batch-undo", tooltip="Withdraw the last review"),
    Binding("A", "all_clean", "All clean", id="batch-all", tooltip="Approve all without exceptions"),
    Binding("n", "next_unreviewed", "Next", id="batch-next", tooltip="The next batch to review"),
    Binding("N", "next_exception", "Exception", id="batch-exception", tooltip="The next with exceptions"),
    Binding("m", "messages", "Messages", id="batch-messages", tooltip="The stored messages"),
    Binding("o", "only('unreviewed')", "To review", id="batch-unreviewed", tooltip="Only unreviewed batches"),
    Binding("w", "only('with_findings')", "With exc.", id="batch-exceptions",
            tooltip="Only batches with exceptions"),
    Binding("C", "only('clean')", "Clean", id="batch-clean", tooltip="Only clean batches"),
)  # fmt: skip
"""Actions on the batch at the cursor, and on the list."""
REPORT_KEYS = (
    Binding("left_square_bracket", "leaf(-1)", "Shift before", id="report-back", tooltip="The shift before"),
    Binding("right_square_bracket", "leaf(1)", "After", id="report-forward", tooltip="The shift after"),
    Binding("down,j", "step(1)", "Down", id="report-down", show=False, tooltip="A line down"),
    Binding("up,k", "step(-1)", "Up", id="report-up", show=False, tooltip="A line up"),
    Binding("pagedown,space", "page(1)", "Page down", id="report-page-down", tooltip="A page down"),
    Binding("pageup", "page(-1)", "Page up", id="report-page-up", tooltip="A page up"),
    Binding("home", "end(False)", "First", id="report-first", show=False, tooltip="The first line"),
    Binding("end", "end(True)", "Last", id="report-last", show=False, tooltip="The last line"),
    Binding("enter", "details", "Details", id="report-details", tooltip="Details, and back to the page"),
    Binding("h", "sign('handover')", "Hand over", id="report-leave", tooltip="Hand over this shift: sign"),
    Binding("t", "sign('takeover')", "Take over", id="report-take", tooltip="Take over this shift: confirm"),
    Binding("e", "save", "Save", id="report-save", tooltip="Save the report as text and HTML"),
    Binding("r", "again", "Refresh", id="report-refresh", tooltip="Make the report again"),
    Binding("escape,S", "dismiss", "Back", id="report-close", tooltip="Close the report"),
)
"""Keys of the shift report: those with ``show`` are listed at its foot."""
SCROLL_KEYS = tuple(
    binding
    for binding in REPORT_KEYS
    if binding.id in ("report-down", "report-up", "report-page-down", "report-page-up", "report-first",
                      "report-last")
)  # fmt: skip
"""Of the shift report, for pages that are read like it."""
DOCTOR_KEYS = (
    Binding("r", "again", "Check again", id="doctor-refresh", tooltip="Check everything again"),
    Binding("escape,D", "dismiss", "Back", id="doctor-close", tooltip="Close the doctor's page"),
)
"""Keys of the doctor's page, beside those that scroll."""
MAINTENANCE_KEYS = (
    Binding("r", "again", "Read again", id="maintenance-refresh", tooltip="Read sizes and jobs again"),
    Binding("escape,M", "dismiss", "Back", id="maintenance-close", tooltip="Close the maintenance page"),
)
"""Keys of the maintenance page, beside those that scroll."""
LOT_PAGE_KEYS = (
    Binding("w", "small", "Below 1 %", id="lots-small", tooltip="Show or hide shares below 1 %"),
    Binding("r", "again", "Read again", id="lots-refresh", tooltip="Read the lots again"),
    Binding("T", "dismiss", "Close", id="lots-close", tooltip="Close the lots page"),
)
"""Keys of the lots page, beside those that move in its lists."""
PUMP_CHART_KEYS = (
    *(binding for binding in CHART_KEYS if binding.id != "axis"),
    *(binding for binding in TILE_KEYS if binding.id == "back"),
)
"""Keys of a pump's control chart."""
MODAL_KEYS = tuple(
    replace(binding, action=f"app.{binding.action}")
    for binding in APP_KEYS
    if binding.id in ("help", "failures")
)
"""A modal screen has no key of the app but those it names."""
_PAGE_KEY_IDS = frozenset(
    {"zoom", "back", "next", "previous", "left", "right", "row-down", "row-up", "page-down", "page-up",
     "first", "last"}
)  # fmt: skip
PAGE_KEYS = tuple(binding for binding in (*TILE_KEYS, *TABLE_KEYS) if binding.id in _PAGE_KEY_IDS)
"""Navigation on the alarm and batch screens."""
LOT_KEYS = (
    *(binding for binding in TILE_KEYS if binding.id in ("zoom", "back")),
    *(binding for binding in TABLE_KEYS if binding.id not in ("reverse", "find")),
    *LOT_PAGE_KEYS,
)
_NAVIGATION_KEYS = (*VIEW_KEYS, *TILE_KEYS, *TANK_KEYS, *PUMP_KEYS, *TABLE_KEYS, *CHART_KEYS)
_PAGES_KEYS = (*REPORT_KEYS, *DOCTOR_KEYS, *MAINTENANCE_KEYS, *LOT_PAGE_KEYS)
_SCREEN_KEYS = (*ALARM_KEYS, *ALARM_LIST_KEYS, *BATCH_KEYS, *_PAGES_KEYS)
ALL_KEYS = (*_NAVIGATION_KEYS, *SCOPE_KEYS, *APP_KEYS, *_SCREEN_KEYS)
_BY_ID = {str(binding.id): binding for binding in ALL_KEYS}
HELP_MAIN: tuple[HelpGroup, ...] = (
    ("Screens", (
        ("All at a glance", ("overview",)), ("Tanks and levels", ("inventory",)),
        ("Consumption; quality", ("consumption", "quality")),
        ("Batches and days", ("production",)), ("Doses; other panels", ("doses", "panels")),
        ("Data; stations; pumps", ("books", "stations", "pumps")),
        ("Next tile, tile before", ("next", "previous")),
        ("Tile in that direction", ("left", "right", "up", "down")), ("Large, and back", ("zoom", "back")),
    )),
    ("Tables", (
        ("Row down, row up", ("row-down", "row-up")), ("By pages", ("page-down", "page-up")),
        ("First row, last row", ("first", "last")), ("Sort, other way round", ("sort", "reverse")),
        ("Find a text", ("find",)),
    )),
    ("Charts, when large", (
        ("Cursor", ("cursor-left", "cursor-right")),
        ("By ten", ("cursor-left-10", "cursor-right-10")), ("To the ends", ("cursor-home", "cursor-end")),
        ("Scale of values", ("axis",)),
    )),
    ("Alarms", (
        ("The lists; silence bell", ("alarms", "silence")),
        ("Ackn. one, comment, all", ("alarm-ack", "alarm-comment", "alarm-all")),
        ("Shelve, out of service", ("alarm-shelve", "alarm-remove")),
        ("Return, reset latched", ("alarm-back", "alarm-reset")),
        ("Sort, filter the list", ("alarm-sort", "filters")),
        ("Stock; lots; pump work", ("refill", "lots", "service")),
    )),
    ("Range and filters", (
        ("Choose a range; live", ("range", "live")),
        ("Range before, after", ("range-back", "range-forward")),
        ("Wider, narrower", ("range-wider", "range-narrower")),
        ("Choose what is shown", ("filters",)),
    )),
    ("Console", (
        ("Freeze; reload panels", ("freeze", "refresh")), ("Sign on, off; not done", ("sign-on", "failures")),
        ("A note; shift report", ("note", "shift-report")),
        ("Save rows, the picture", ("export", "picture")),
        ("Next theme; this page", ("theme", "help")), ("Find a command", ("palette",)),
        ("Doctor; maintenance", ("doctor", "maintenance")),
        ("Quit; quit at once", ("quit", "quit-now")),
    )),
)  # fmt: skip
"""The first help page: the effect of each key or pair of keys, by the bindings' ids."""


def validate_keymap(keymap: Mapping[str, str]) -> Mapping[str, str]:
    """Raises: ConfigError, for an unknown name or a name without a key."""
    names = [str(binding.id) for binding in ALL_KEYS]
    for name, keys in keymap.items():
        if name not in names:
            near = get_close_matches(name, names, n=1)
            hint = f" Did you mean {near[0]}?" if near else f" The names: {', '.join(names)}."
            raise ConfigError(f"console.keys: {name!r} is not the name of a key.{hint}")
        if not all(key.strip() for key in keys.split(",")):
            raise ConfigError(f"console.keys: {name} has no key.")
    return keymap


def format_keys(ids: Iterable[str], keymap: Mapping[str, str]) -> str:
    """The keys of these bindings; of several bindings the first key of each."""
    keys = [format_binding(_BY_ID[name], keymap) for name in ids]
    return keys[0] if len(keys) == 1 else " ".join(key.split(" ")[0] for key in keys)


def format_binding(binding: Binding, keymap: Mapping[str, str]) -> str:
    """The keys of a binding, by the key map of the site."""
    keys = keymap.get(binding.id or "", binding.key)
    return " ".join(_format_key(key) for key in keys.split(","))


def _format_key(key: str) -> str:
    """The name on the keyboard: ctrl+← for ctrl+left."""
    modifiers, _, last = key.rpartition("+")
    return f"{modifiers}+{_KEY_NAMES.get(last, last)}" if modifiers else _KEY_NAMES.get(last, last)
