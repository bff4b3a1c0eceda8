"""The rows below the status: alarms by their urgency, and beside them what is no alarm. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dosing_tui.domain.alarms.models import UNACKNOWLEDGED, Shown
from dosing_tui.domain.alarms.snapshot import AlarmPicture, AlarmView
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.layout.system_notices import LINKS, Notice
from dosing_tui.tui.rendering.canvas import Canvas, Rows, cells
from dosing_tui.tui.rendering.palette import DIM, HOT, Pen
from dosing_tui.tui.rendering.priority_style import MARKS, mark, mark_pen

WIDE = 100


@dataclass(frozen=True, slots=True)
class Line:
    """``loud``: it waits for somebody. A notice is never acknowledged, so that it goes with its condition."""

    mark: str
    pen: Pen
    at: datetime | None
    text: str
    words: Pen
    loud: bool
    rank: tuple[bool, int, bool, bool]


@dataclass(frozen=True, slots=True)
class Banner:
    """What the rows say. ``quiet`` is said when there is no line."""

    lines: tuple[Line, ...] = ()
    quiet: str = ""
    alarms: int = 0
    unacknowledged: int = 0
    raised: int = 0
    flood: bool = False
    silence: str = ""
    """The key that silences the bell, '' while it is silent."""
    pending: int = 0
    """What operators did that waits on this machine for the journal."""


def banner(alarms: AlarmPicture | None, notices: Sequence[Notice], *, quiet: str, silence: str) -> Banner:
    """Unacknowledged before acknowledged, then the most urgent, then links, which put the rest in doubt."""
    listed = alarms.listed if alarms else ()
    lines = [*(_noticed(notice) for notice in notices), *(_alarmed(view) for view in listed)]
    return Banner(
        # stable: alarms of one rank stay as their picture has them, the newest first
        lines=tuple(sorted(lines, key=lambda line: line.rank)),
        quiet=quiet,
        alarms=len(listed),
        unacknowledged=alarms.unacknowledged if alarms else 0,
        raised=alarms.raised if alarms else 0,
        flood=alarms is not None and alarms.flood,
        silence=silence,
        pending=alarms.pending if alarms else 0,
    )


def _noticed(notice: Notice) -> Line:
    tone = MARKS[notice.priority].tone
    rank = (False, notice.priority.rank, notice.key not in LINKS, False)
    return Line(
        mark(notice.priority, loud=False), Pen(tone, bold=True), notice.at, notice.text, Pen(tone),
        loud=True, rank=rank,
    )  # fmt: skip


def _alarmed(view: AlarmView) -> Line:
    state = view.state
    loud = state.shown in UNACKNOWLEDGED
    returned = "returned · " if state.shown is Shown.RTN_UNACK else ""
    text = f"{returned}{clean_line(view.message)}"
    pen = mark_pen(state) if loud else DIM
    words = DIM if not loud else Pen(MARKS[state.priority].tone, bold=not returned)
    rank = (not loud, state.priority.rank, True, True)
    return Line(mark(state.priority, loud=loud), pen, state.raised_at, text, words, loud=loud, rank=rank)


def banner_rows(told: Banner, stamp: Callable[[datetime], str], width: int, height: int) -> Rows:
    """Each line with its time; always ``height`` rows, so that nothing below ever jumps."""
    canvas = Canvas(width, height)
    if not told.lines:
        canvas.text(1, 0, told.quiet, DIM)
    for y, line in enumerate(told.lines[:height]):
        right = _right(told, width, y, height)
        room = width - len(cells(right)) - (2 if right else 1)
        canvas.text(0, y, f" {line.mark} ", line.pen)
        canvas.text(6, y, stamp(line.at) if line.at else "", line.words)
        canvas.text(15, y, line.text, line.words, width=max(0, room - 15))
        canvas.right(width - 1, y, right, HOT if told.flood and y == 0 else DIM)
    return canvas.rows


def _right(told: Banner, width: int, y: int, height: int) -> str:
    """Counts at the end of the first row, what is not shown at the end of the last."""
    parts: list[str] = []
    if y == 0:
        parts += _counts(told, wide=width >= WIDE)
    hidden = len(told.lines) - height
    if y == height - 1 and hidden > 0 and (width >= WIDE or not parts):
        parts.insert(0, f"{hidden} more")
    return " · ".join(parts)


def _counts(told: Banner, *, wide: bool) -> list[str]:
    parts: list[str] = []
    if told.flood:
        parts.append(f"FLOOD {told.raised} in 10 min" if wide else f"FLOOD {told.raised}")
    if told.unacknowledged:
        waiting, every = told.unacknowledged, told.alarms
        parts.append(f"{waiting} of {every} unacknowledged" if wide else f"{waiting}/{every} unack")
    elif told.alarms:
        parts.append(f"{told.alarms} acknowledged" if wide else f"{told.alarms} ackn")
    if told.pending:
        parts.append(f"{told.pending} kept here" if wide else f"{told.pending} kept")
    if told.silence:
        parts.append(f"{told.silence} silences" if wide else f"{told.silence} silence")
    return parts
