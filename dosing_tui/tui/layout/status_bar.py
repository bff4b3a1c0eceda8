"""The status bar: plant, screen, links, what fails, who is signed on, the time. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

from msgspec import Struct

from dosing_tui.domain.quantities.quantity_text import format_rate
from dosing_tui.live_snapshot import DatabaseFault, DatabasePart, LinkState, LinkStatus, LiveSnapshot, Role
from dosing_tui.tui.layout.bar_parts import BAR_STYLE, DIM_STYLE, STRONG_STYLE, BarParts, measure_parts
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, fit_cells
from dosing_tui.tui.rendering.palette import DEVIATION_BLOCK
from dosing_tui.tui.rendering.priority_style import choose_rule_block


class StatusBarState(Struct, frozen=True):
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
    """Entries that were not stored, until somebody has seen it."""
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


class _BarForm(Struct, frozen=True):
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


class _Link(Struct, frozen=True):
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
    """One row: plant and screen on the left, faults and connections on the right."""
    canvas = Canvas(width, 1, BAR_STYLE)
    for form in _BAR_FORMS:
        left = _list_left(status, form, form.plant_cells or max(4, width // 4))
        right = _list_right(status, form)
        if measure_parts((*left, *right)) <= width - 2:
            break
    x = 0
    for text, style in left:
        x = canvas.write_text(x, 0, text, style)
    x = width - 1
    for text, style in right:
        x = canvas.write_right(x, 0, text, style)
    return canvas.rows


def _list_left(status: StatusBarState, form: _BarForm, plant_cells: int) -> BarParts:
    """From left to right."""
    screen = status.screen if form.has_words else status.screen.rsplit(" › ", 1)[-1]
    texts = [
        *([("DOSING", STRONG_STYLE)] if form.has_product else []),
        ("".join(fit_cells(status.plant, plant_cells)), BAR_STYLE),
        *([("›", DIM_STYLE), (screen, DIM_STYLE)] if form.has_screen else []),
    ]
    parts = [part for text in texts for part in ((" ", BAR_STYLE), text)]
    if status.frozen_at:
        at = status.frozen_at if form.has_words else status.frozen_at[:5]
        parts += [("  ", BAR_STYLE), (f" FROZEN {at} ", DEVIATION_BLOCK)]
    return parts


def _list_right(status: StatusBarState, form: _BarForm) -> BarParts:
    """From right to left."""
    is_connected = status.broker.status in (LinkStatus.UP, LinkStatus.PARTIAL)
    number = format_rate(status.rate).removesuffix("/s")
    spooled = f" {number_format.format_count(status.spooled_count)} spooled" if status.spooled_count else ""
    parts_failing = [_PART_NAMES[fault.part] for fault in status.database_faults]
    threads = [_name_thread(name) for name in status.failed_threads]
    return [
        ("●" if status.heartbeat else "○", DIM_STYLE),
        (" ", BAR_STYLE),
        (_choose_clock(status.clock, form), STRONG_STYLE),
        ("   " if form.has_words else " ", BAR_STYLE),
        (spooled, BAR_STYLE),
        *_format_link(_DATABASE, status.database, form, _join_names(parts_failing, form)),
        ("  " if form.has_words else " ", BAR_STYLE),
        (f" {number}/s" if form.has_rate and is_connected else "", DIM_STYLE),
        *_format_link(_BROKER, status.broker, form, ""),
        ("  " if form.has_words else " ", BAR_STYLE),
        *_format_failed_threads(_join_names(threads, form), form),
        (status.role.value if form.has_role and status.role is not Role.UNDECIDED else "", DIM_STYLE),
        ("  " if form.has_role and status.role is not Role.UNDECIDED else "", BAR_STYLE),
        *_format_operator(status.operator, status.pending_operator, form),
        *_format_failure_count(status.failure_count, status.failure_key, form),
        (" ", BAR_STYLE),
    ]


def _format_operator(operator: str, pending: str, form: _BarForm) -> BarParts:
    """Always there: whose name the next key enters."""
    if not operator:
        text = "".join(fit_cells(pending, form.operator_form.cells)) if pending else form.operator_form.nobody
        return [(text, STRONG_STYLE if pending else DIM_STYLE)]
    name = "".join(fit_cells(operator, form.operator_form.cells))
    label = "operator " if form.operator_form is OperatorForm.FULL else ""
    return [(name, STRONG_STYLE), (label, DIM_STYLE)]


def _format_failure_count(count: int, key: str, form: _BarForm) -> BarParts:
    if not count:
        return []
    text = f"{number_format.format_count(count)}{' not done' if form.has_words else ''} {key}"
    return [(" ", BAR_STYLE), (f" ▲ {text} ", DEVIATION_BLOCK)]


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
    return [(" ", BAR_STYLE), (f" ▲ {names}{' failed' if form.has_words else ''} ", DEVIATION_BLOCK)]


def _format_link(link: _Link, state: LinkState, form: _BarForm, parts_failing: str) -> BarParts:
    """Shape and word, from right to left; in colour what has an alarm, in that of the alarm."""
    name = link.name
    match state.status:
        case LinkStatus.UP:
            return [(f" {name}", BAR_STYLE), ("●", BAR_STYLE)]
        case LinkStatus.STARTING:
            return [(f" {name} …", DIM_STYLE), ("○", DIM_STYLE)]
        case LinkStatus.PARTIAL:
            what = parts_failing or ("partly" if form.has_words else "")
            return [(f" ▲ {name} {what}".rstrip() + " ", choose_rule_block(link.partial_rule))]
        case LinkStatus.DOWN:
            return [(f" ■ {name}{' down' if form.has_words else ''} ", choose_rule_block(link.down_rule))]
