"""The rows around the tiles: status bar, range and filters, footer. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from itertools import product

from dosing_tui.domain.quantities.quantity_text import format_rate
from dosing_tui.live_snapshot import DatabaseFault, DatabasePart, LinkState, LinkStatus, LiveSnapshot, Role
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, fit_cells, split_cells
from dosing_tui.tui.rendering.palette import DEVIATION_BLOCK, CellStyle, ColourRole
from dosing_tui.tui.rendering.priority_style import choose_rule_block

ROWS_ABOVE_PAGE = 2
"""Rows of the screen below a page that stay visible: status bar and alarm banner."""
_BAR_STYLE = CellStyle(ColourRole.TEXT, ColourRole.BAR_BACKGROUND)
_DIM_STYLE = CellStyle(ColourRole.DIM, ColourRole.BAR_BACKGROUND)
_STRONG_STYLE = CellStyle(ColourRole.STRONG, ColourRole.BAR_BACKGROUND, bold=True)
_KEY_STYLE = CellStyle(ColourRole.KEY, ColourRole.BAR_BACKGROUND, bold=True)


@dataclass(frozen=True, slots=True)
class StatusBarState:
    plant: str
    screen: str
    role: Role
    broker: LinkState
    database: LinkState
    rate: float
    spooled_count: int
    clock: str
    heartbeat: bool
    frozen_at: str = ""
    """Time of the frozen view; '' while it is live."""
    database_faults: tuple[DatabaseFault, ...] = ()
    failed_threads: tuple[str, ...] = ()
    operator: str = ""
    """Who is signed on; '' for nobody."""
    pending_operator: str = ""
    """Shown in place of ``operator`` while a PIN is checked, e.g. 'checking PIN of Ada'; '' otherwise."""
    failure_count: int = 0
    """Entries that were not stored, and nobody has seen it."""
    failure_key: str = ""
    """Shows them."""


class OperatorForm(Enum):
    """How the status bar names who is signed on: the text for nobody, and most cells of a name."""

    FULL = ("nobody signed on", 30)
    SHORT = ("no operator", 16)
    TINY = ("nobody", 8)

    @property
    def nobody(self) -> str:
        return self.value[0]

    @property
    def cells(self) -> int:
        return self.value[1]


@dataclass(frozen=True, slots=True)
class _BarForm:
    """What of the status bar is written; links, faults, plant and operator always are."""

    operator_form: OperatorForm = OperatorForm.TINY
    has_role: bool = False
    has_rate: bool = False
    has_product: bool = False
    has_words: bool = False
    """"down" beside the shape of a link, seconds, and the view of an enlarged tile."""
    has_screen: bool = True
    has_clock: bool = True
    max_names: int = 9
    """Parts that fail: so many by name, the others by number."""
    plant_cells: int = 0
    """Width of the plant's name; 0: a quarter of the bar."""


_BAR_FORMS = (
    _BarForm(OperatorForm.FULL, has_role=True, has_rate=True, has_product=True, has_words=True),
    _BarForm(OperatorForm.SHORT, has_role=True, has_rate=True, has_product=True, has_words=True),
    _BarForm(OperatorForm.SHORT, has_role=True, has_product=True, has_words=True),
    _BarForm(OperatorForm.SHORT, has_role=True, has_words=True),
    _BarForm(OperatorForm.SHORT, has_rate=True, has_product=True, has_words=True),
    _BarForm(OperatorForm.SHORT, has_product=True, has_words=True),
    _BarForm(OperatorForm.SHORT, has_words=True),
    _BarForm(has_words=True),
    _BarForm(),
    _BarForm(max_names=1),
    _BarForm(max_names=1, plant_cells=8),
    _BarForm(max_names=1, plant_cells=8, has_screen=False),
    _BarForm(max_names=1, plant_cells=8, has_screen=False, has_clock=False),
    _BarForm(max_names=0, plant_cells=8, has_screen=False, has_clock=False),
)
"""The first that has room is taken."""


@dataclass(frozen=True, slots=True)
class _Link:
    """A connection and the rules of the alarms it raises."""

    name: str
    down_rule: str
    partial_rule: str


_DATABASE = _Link("DB", "DB_DOWN", "DB_PARTIAL")
_BROKER = _Link("MQTT", "BROKER_DOWN", "TOPIC_REFUSED")
_PART_NAMES: Mapping[DatabasePart, str] = {
    DatabasePart.JOURNAL: "journal",
    DatabasePart.JOURNAL_READING: "journal",
    DatabasePart.NOTIFICATIONS: "notifications",
    DatabasePart.BATCHES: "batches",
    DatabasePart.REVIEWS: "reviews",
    DatabasePart.MAINTENANCE: "maintenance",
    DatabasePart.LOCKS: "locks",
    DatabasePart.QUERIES: "queries",
    DatabasePart.COLLECTOR: "no collector",
}
_THREAD_NAMES: Mapping[str, str] = {
    "alarm-": "alarms", "collector-batches": "batches", "collector-intake": "intake",
    "collector-writer": "storing", "collector": "collector", "doctor-": "doctor", "journal-": "alarm actions",
    "leader-": "leadership", "lock-": "locks", "maintenance-": "maintenance page",
    "mqtt-": "MQTT", "notify-": "notifications", "panels-": "panels", "reviews-": "reviews",
    "state-publisher": "display", "station-status": "stations", "viewer": "display",
}  # fmt: skip
"""What a thread does, by the start of its name."""


def count_spooled(recent_counts: Sequence[int], snapshot: LiveSnapshot) -> int:
    """Readings that wait for the database, from the counts of the latest ticks.

    Every reading passes the spool. While the database is available, up to a second of messages counts as 0.
    """
    if not recent_counts or snapshot.database.status is LinkStatus.DOWN:
        return snapshot.message_counts.spooled
    least = min(recent_counts)
    return least if least > snapshot.message_rate else 0


def render_status_bar(status: StatusBarState, width: int) -> Rows:
    """One row: plant and screen on the left, what is out of order and the connections on the right."""
    canvas = Canvas(width, 1, _BAR_STYLE)
    for form in _BAR_FORMS:
        left = _list_left(status, form, form.plant_cells or max(4, width // 4))
        right = _list_right(status, form)
        if _measure_parts((*left, *right)) <= width - 2:
            break
    x = 0
    for text, style in left:
        x = canvas.write_text(x, 0, text, style)
    x = width - 1
    for text, style in right:
        x = canvas.write_right(x, 0, text, style)
    return canvas.rows


BarParts = Sequence[tuple[str, CellStyle]]


def _measure_parts(parts: BarParts) -> int:
    return sum(len(split_cells(text)) for text, _ in parts)


def _list_left(status: StatusBarState, form: _BarForm, plant_cells: int) -> BarParts:
    """From left to right."""
    screen = status.screen if form.has_words else status.screen.rsplit(" › ", 1)[-1]
    texts = [
        *([("DOSING", _STRONG_STYLE)] if form.has_product else []),
        ("".join(fit_cells(status.plant, plant_cells)), _BAR_STYLE),
        *([("›", _DIM_STYLE), (screen, _DIM_STYLE)] if form.has_screen else []),
    ]
    parts = [part for text in texts for part in ((" ", _BAR_STYLE), text)]
    if status.frozen_at:
        at = status.frozen_at if form.has_words else status.frozen_at[:5]
        parts += [("  ", _BAR_STYLE), (f" FROZEN {at} ", DEVIATION_BLOCK)]
    return parts


def _list_right(status: StatusBarState, form: _BarForm) -> BarParts:
    """From right to left."""
    is_connected = status.broker.status in (LinkStatus.UP, LinkStatus.PARTIAL)
    number = format_rate(status.rate).removesuffix("/s")
    spooled = f" {number_format.format_count(status.spooled_count)} spooled" if status.spooled_count else ""
    parts_failing = [_PART_NAMES[fault.part] for fault in status.database_faults]
    threads = [_name_thread(name) for name in status.failed_threads]
    return [
        ("●" if status.heartbeat else "○", _DIM_STYLE),
        (" ", _BAR_STYLE),
        (_choose_clock(status.clock, form), _STRONG_STYLE),
        ("   " if form.has_words else " ", _BAR_STYLE),
        (spooled, _BAR_STYLE),
        *_format_link(_DATABASE, status.database, form, _join_names(parts_failing, form)),
        ("  " if form.has_words else " ", _BAR_STYLE),
        (f" {number}/s" if form.has_rate and is_connected else "", _DIM_STYLE),
        *_format_link(_BROKER, status.broker, form, ""),
        ("  " if form.has_words else " ", _BAR_STYLE),
        *_format_failed_threads(_join_names(threads, form), form),
        (status.role.value if form.has_role and status.role is not Role.UNDECIDED else "", _DIM_STYLE),
        ("  " if form.has_role and status.role is not Role.UNDECIDED else "", _BAR_STYLE),
        *_format_operator(status.operator, status.pending_operator, form),
        *_format_failure_count(status.failure_count, status.failure_key, form),
        (" ", _BAR_STYLE),
    ]


def _format_operator(operator: str, pending: str, form: _BarForm) -> BarParts:
    """Always there: whose name the next key enters."""
    if not operator:
        text = "".join(fit_cells(pending, form.operator_form.cells)) if pending else form.operator_form.nobody
        return [(text, _STRONG_STYLE if pending else _DIM_STYLE)]
    name = "".join(fit_cells(operator, form.operator_form.cells))
    label = "operator " if form.operator_form is OperatorForm.FULL else ""
    return [(name, _STRONG_STYLE), (label, _DIM_STYLE)]


def _format_failure_count(count: int, key: str, form: _BarForm) -> BarParts:
    if not count:
        return []
    text = f"{number_format.format_count(count)}{' not done' if form.has_words else ''} {key}"
    return [(" ", _BAR_STYLE), (f" ▲ {text} ", DEVIATION_BLOCK)]


def _choose_clock(clock: str, form: _BarForm) -> str:
    """With seconds, without, or none."""
    return (clock if form.has_words else clock[:5]) if form.has_clock else ""


def _name_thread(name: str) -> str:
    return next((label for start, label in _THREAD_NAMES.items() if name.startswith(start)), name)


def _join_names(names: Iterable[str], form: _BarForm) -> str:
    """Each once; those beyond ``max_names`` by their number."""
    unique = list(dict.fromkeys(names))
    if len(unique) <= form.max_names:
        return ", ".join(unique)
    named, others = unique[: form.max_names], len(unique) - form.max_names
    return f"{', '.join(named)} +{others}" if named else str(others)


def _format_failed_threads(names: str, form: _BarForm) -> BarParts:
    if not names:
        return []
    return [(" ", _BAR_STYLE), (f" ▲ {names}{' failed' if form.has_words else ''} ", DEVIATION_BLOCK)]


def _format_link(link: _Link, state: LinkState, form: _BarForm, parts_failing: str) -> BarParts:
    """Shape and word, from right to left; in colour what has an alarm, in that of the alarm."""
    name = link.name
    match state.status:
        case LinkStatus.UP:
            return [(f" {name}", _BAR_STYLE), ("●", _BAR_STYLE)]
        case LinkStatus.STARTING:
            return [(f" {name} …", _DIM_STYLE), ("○", _DIM_STYLE)]
        case LinkStatus.PARTIAL:
            what = parts_failing or ("partly" if form.has_words else "")
            return [(f" ▲ {name} {what}".rstrip() + " ", choose_rule_block(link.partial_rule))]
        case LinkStatus.DOWN:
            return [(f" ■ {name}{' down' if form.has_words else ''} ", choose_rule_block(link.down_rule))]


@dataclass(frozen=True, slots=True)
class ScopeSummary:
    """The selected range and filters in words; ``is_live``: new readings belong to the range."""

    range: str = ""
    is_live: bool = True
    filters: str = ""
    keys: tuple[str, str] = (".", "/")
    """Keys for the live range and for the filters."""


def render_scope_bar(summary: ScopeSummary, width: int) -> Rows:
    """Range and filters on the left, keys on the right as far as there is room: no word is cut for a key."""
    canvas = Canvas(width, 1, _BAR_STYLE)
    left = _list_scope(summary, has_history=True)
    if _measure_parts(left) > width - 2:
        left = _list_scope(summary, has_history=False)
    keys = [KeyHint(summary.keys[0], "back to live", "live"), KeyHint(summary.keys[1], "filter")]
    keys = keys if summary.range else keys[1:]
    room = width - 2 - _measure_parts(left)
    fitting = (form for form in (keys, [_shorten(hint) for hint in keys], keys[:1], [_shorten(keys[0])])
               if _measure_hints(form, 2) <= room)  # fmt: skip
    hints = next(fitting, [])
    end = width - 1 - (_measure_hints(hints, 2) if hints else 0)
    x = 1
    for text, style in left:
        x = canvas.write_text(x, 0, text, style, width=max(0, end - x - 1))
    for hint in hints:
        end = canvas.write_text(end, 0, hint.keys, _KEY_STYLE)
        end = canvas.write_text(end, 0, f" {hint.label}", _DIM_STYLE) + 2
    return canvas.rows


def _list_scope(summary: ScopeSummary, *, has_history: bool) -> BarParts:
    """``has_history``: a range of the past says so."""
    live = " (live)" if summary.is_live else " (historical)" if has_history else ""
    parts = [("Range ", _DIM_STYLE), (summary.range, _STRONG_STYLE), (f"{live}   ", _DIM_STYLE)]
    filters = [("Only ", _DIM_STYLE), (summary.filters, _STRONG_STYLE)]
    return [*(parts if summary.range else []), *(filters if summary.filters else [])]


@dataclass(frozen=True, slots=True)
class KeyHint:
    keys: str
    label: str
    short_label: str = ""
    """For a narrow window, if it differs."""
    is_essential: bool = False
    """Others give way to it."""
    group: str = ""
    """Where there is no room for all hints of a group, ``GROUP_HINTS`` has one in their place."""


GROUP_HINTS: Mapping[str, str] = {"views": "Screens"}


def arrange_footer(hints: Sequence[KeyHint], width: int) -> list[tuple[int, KeyHint]]:
    """The hints that fit, whole, each with its first column.

    The first of these forms with room for the essential hints is filled with the others, the first ones
    first: long labels, short labels, one hint for each group; then the same with narrow gaps.
    """
    short = [_shorten(hint) for hint in hints]
    forms = [short, _merge_groups(hints), _merge_groups(short)]
    if _measure_hints(hints, 1) <= width - 2:
        forms.insert(0, list(hints))
    for gap, form in product((2, 1), forms):
        essential = [hint for hint in form if hint.is_essential] or form
        if _measure_hints(essential, gap) <= width - 2:
            return _place_hints(form, width, gap)
    return _place_hints(forms[-1], width, 1)


def _shorten(hint: KeyHint) -> KeyHint:
    return replace(hint, label=hint.short_label or hint.label)


def _merge_groups(hints: Sequence[KeyHint]) -> list[KeyHint]:
    """``1-7 Screens`` in place of seven hints."""
    members = {name: [hint.keys for hint in hints if hint.group == name] for name in GROUP_HINTS}
    merged = [
        replace(
            hint, keys=f"{members[hint.group][0]}-{members[hint.group][-1]}", label=GROUP_HINTS[hint.group]
        )
        if hint.group
        else hint
        for hint in hints
    ]
    return list(dict.fromkeys(replace(hint, short_label="") for hint in merged))


def _place_hints(hints: Sequence[KeyHint], width: int, gap: int) -> list[tuple[int, KeyHint]]:
    """In their order; a hint without room is left out, the last one (help) never for another."""
    taken: list[KeyHint] = []
    for hint in sorted(hints, key=lambda hint: (hint is not hints[-1], not hint.is_essential)):
        if _measure_hints([*taken, hint], gap) <= width - 2:
            taken.append(hint)
    placed, x = [], 1
    for hint in hints:
        if hint in taken:
            placed.append((x, hint))
            x += _measure_hints([hint], gap) + gap
    return placed


def count_page_rows(screen_height: int) -> int:
    """Rows between the alarm banner and the keys, for a page over the dashboard; at least 1."""
    return max(1, screen_height - ROWS_ABOVE_PAGE - 1)


def render_footer(hints: Sequence[KeyHint], width: int) -> Rows:
    """The keys that fit; none is cut."""
    canvas = Canvas(width, 1, _BAR_STYLE)
    for x, hint in arrange_footer(hints, width):
        x = canvas.write_text(x, 0, hint.keys, _KEY_STYLE)
        canvas.write_text(x + 1, 0, hint.label, _BAR_STYLE)
    return canvas.rows


def _measure_hints(hints: Sequence[KeyHint], gap: int) -> int:
    return sum(len(split_cells(f"{hint.keys} {hint.label}")) + gap for hint in hints) - gap
