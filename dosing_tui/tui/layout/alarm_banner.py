"""The rows below the status: alarms by their urgency, and beside them what is no alarm. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dosing_tui.domain.alarms.models import UNACKNOWLEDGED_STATES, AlarmStateName
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot, AlarmView
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.layout.system_notices import LINK_KEYS, SystemNotice
from dosing_tui.tui.rendering.canvas import Canvas, Rows, split_cells
from dosing_tui.tui.rendering.palette import DIM, STRONG, CellStyle
from dosing_tui.tui.rendering.priority_style import PRIORITY_MARKS, choose_mark_style, format_mark

MIN_WIDE_WIDTH = 100


@dataclass(frozen=True, slots=True)
class BannerLine:
    """``loud``: it waits for somebody. A notice is never acknowledged, so that it goes with its condition."""

    mark: str
    mark_style: CellStyle
    at: datetime | None
    text: str
    text_style: CellStyle
    needs_attention: bool
    rank: tuple[bool, int, bool, bool]


@dataclass(frozen=True, slots=True)
class AlarmBanner:
    """What the rows say. ``idle_text`` is said when there is no line."""

    lines: tuple[BannerLine, ...] = ()
    idle_text: str = ""
    alarm_count: int = 0
    unacknowledged_count: int = 0
    raise_count: int = 0
    is_flood: bool = False
    silence_key: str = ""
    """The key that silences the bell, '' while it is silent."""
    pending_count: int = 0
    """What operators did that waits on this machine for the journal."""


def build_banner(
    alarms: AlarmSnapshot | None, notices: Sequence[SystemNotice], *, idle_text: str, silence_key: str
) -> AlarmBanner:
    """Unacknowledged before acknowledged, then the most urgent, then links, which put the rest in doubt."""
    listed = alarms.annunciated_alarms if alarms else ()
    lines = [*(_notice_to_line(notice) for notice in notices), *(_alarm_to_line(view) for view in listed)]
    return AlarmBanner(
        # stable: alarms of one rank stay as their picture has them, the newest first
        lines=tuple(sorted(lines, key=lambda line: line.rank)),
        idle_text=idle_text,
        alarm_count=len(listed),
        unacknowledged_count=alarms.unacknowledged_count if alarms else 0,
        raise_count=alarms.recent_raise_count if alarms else 0,
        is_flood=alarms is not None and alarms.is_flood,
        silence_key=silence_key,
        pending_count=alarms.pending_command_count if alarms else 0,
    )


def _notice_to_line(notice: SystemNotice) -> BannerLine:
    tone = PRIORITY_MARKS[notice.priority].colour
    rank = (False, notice.priority.rank, notice.key not in LINK_KEYS, False)
    return BannerLine(
        format_mark(notice.priority, is_unacknowledged=False),
        CellStyle(tone, bold=True),
        notice.at,
        notice.text,
        CellStyle(tone),
        needs_attention=True,
        rank=rank,
    )


def _alarm_to_line(view: AlarmView) -> BannerLine:
    state = view.state
    loud = state.state_name in UNACKNOWLEDGED_STATES
    returned = "returned · " if state.state_name is AlarmStateName.RTN_UNACK else ""
    text = f"{returned}{clean_line(view.message)}"
    pen = choose_mark_style(state) if loud else DIM
    words = DIM if not loud else CellStyle(PRIORITY_MARKS[state.priority].colour, bold=not returned)
    rank = (not loud, state.priority.rank, True, True)
    return BannerLine(
        format_mark(state.priority, is_unacknowledged=loud),
        pen,
        state.raised_at,
        text,
        words,
        needs_attention=loud,
        rank=rank,
    )


def render_banner(
    banner: AlarmBanner, format_time: Callable[[datetime], str], width: int, height: int
) -> Rows:
    """Each line with its time; always ``height`` rows, so that nothing below ever jumps."""
    canvas = Canvas(width, height)
    if not banner.lines:
        canvas.write_text(1, 0, banner.idle_text, DIM)
    for y, line in enumerate(banner.lines[:height]):
        right = _format_right_side(banner, width, y, height)
        room = width - len(split_cells(right)) - (2 if right else 1)
        canvas.write_text(0, y, f" {line.mark} ", line.mark_style)
        canvas.write_text(6, y, format_time(line.at) if line.at else "", line.text_style)
        canvas.write_text(15, y, line.text, line.text_style, width=max(0, room - 15))
        canvas.write_right(width - 1, y, right, STRONG if banner.is_flood and y == 0 else DIM)
    return canvas.rows


def _format_right_side(banner: AlarmBanner, width: int, y: int, height: int) -> str:
    """Counts at the end of the first row, what is not shown at the end of the last."""
    parts: list[str] = []
    if y == 0:
        parts += _list_counts(banner, is_wide=width >= MIN_WIDE_WIDTH)
    hidden = len(banner.lines) - height
    if y == height - 1 and hidden > 0 and (width >= MIN_WIDE_WIDTH or not parts):
        parts.insert(0, f"{hidden} more")
    return " · ".join(parts)


def _list_counts(banner: AlarmBanner, *, is_wide: bool) -> list[str]:
    parts: list[str] = []
    if banner.is_flood:
        parts.append(f"FLOOD {banner.raise_count} in 10 min" if is_wide else f"FLOOD {banner.raise_count}")
    if banner.unacknowledged_count:
        waiting, every = banner.unacknowledged_count, banner.alarm_count
        parts.append(f"{waiting} of {every} unacknowledged" if is_wide else f"{waiting}/{every} unack")
    elif banner.alarm_count:
        parts.append(f"{banner.alarm_count} acknowledged" if is_wide else f"{banner.alarm_count} ackn")
    if banner.pending_count:
        parts.append(f"{banner.pending_count} kept here" if is_wide else f"{banner.pending_count} kept")
    if banner.silence_key:
        parts.append(f"{banner.silence_key} silences" if is_wide else f"{banner.silence_key} silence")
    return parts
