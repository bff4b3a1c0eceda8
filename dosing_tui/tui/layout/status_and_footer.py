"""The rows around the tiles: status bar, range and filters, footer. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from dosing_tui.live_state import LinkState, LinkStatus, LiveSnapshot, Role
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, split_cells
from dosing_tui.tui.rendering.palette import CellStyle, ColourRole

_BAR_STYLE = CellStyle(ColourRole.TEXT, ColourRole.BAR_BACKGROUND)
_DIM_STYLE = CellStyle(ColourRole.DIM, ColourRole.BAR_BACKGROUND)
_STRONG_STYLE = CellStyle(ColourRole.STRONG, ColourRole.BAR_BACKGROUND, bold=True)


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


def count_spooled(recent_counts: Sequence[int], snapshot: LiveSnapshot) -> int:
    """Readings that wait for the database, from the counts of the latest ticks.

    Every reading passes the spool. While the database is available, up to a second of messages counts as 0.
    """
    if not recent_counts or snapshot.database.status is LinkStatus.DOWN:
        return snapshot.message_counts.spooled
    least = min(recent_counts)
    return least if least > snapshot.message_rate else 0


def render_status_bar(status: StatusBarState, width: int) -> Rows:
    """One row: plant and screen on the left, state of the connections on the right."""
    canvas = Canvas(width, 1, _BAR_STYLE)
    left = canvas.write_text(1, 0, "DOSING", _STRONG_STYLE)
    left = canvas.write_text(left + 1, 0, status.plant, _BAR_STYLE, width=max(4, width // 4))
    left = canvas.write_text(left + 1, 0, "›", _DIM_STYLE)
    left = canvas.write_text(left + 1, 0, status.screen, _DIM_STYLE)
    if status.frozen_at:
        frozen = f" FROZEN {status.frozen_at} "
        left = canvas.write_text(
            left + 2, 0, frozen, CellStyle(ColourRole.BACKGROUND, ColourRole.WARN, bold=True)
        )
    _draw_right_side(canvas, status, left)
    return canvas.rows


def _draw_right_side(canvas: Canvas, status: StatusBarState, left: int) -> None:
    """From column ``left`` on. If there is no room, the role is left out first, then the rate."""
    role = "" if status.role is Role.UNDECIDED else status.role.value
    number = f"{status.rate:.1f}" if status.rate < 10 else number_format.format_count(round(status.rate))
    is_connected = status.broker.status in (LinkStatus.UP, LinkStatus.PARTIAL)
    rate = f" {number}/s" if is_connected else ""
    for parts in (
        _list_parts(status, rate, role),
        _list_parts(status, rate, ""),
        _list_parts(status, "", ""),
    ):
        if left + sum(len(text) for text, _ in parts) < canvas.width - 1:
            break
    x = canvas.width - 1
    for text, pen in parts:
        x = canvas.write_right(x, 0, text, pen)


def _list_parts(status: StatusBarState, rate: str, role: str) -> list[tuple[str, CellStyle]]:
    """From right to left."""
    parts: list[tuple[str, CellStyle]] = [("●" if status.heartbeat else "○", _DIM_STYLE), (" ", _BAR_STYLE)]
    parts += [(status.clock, _STRONG_STYLE), ("   ", _BAR_STYLE)]
    if status.spooled_count:
        parts.append((f" {number_format.format_count(status.spooled_count)} spooled", _BAR_STYLE))
    parts += [*_format_link("DB", status.database), ("  ", _BAR_STYLE), (rate, _DIM_STYLE)]
    return [*parts, *_format_link("MQTT", status.broker), ("  ", _BAR_STYLE), (role, _DIM_STYLE)]


def _format_link(name: str, state: LinkState) -> list[tuple[str, CellStyle]]:
    """Shape, word and colour, from right to left."""
    match state.status:
        case LinkStatus.UP:
            return [(f" {name}", _BAR_STYLE), ("●", CellStyle(ColourRole.OK, ColourRole.BAR_BACKGROUND))]
        case LinkStatus.STARTING:
            return [(f" {name} …", _DIM_STYLE), ("○", _DIM_STYLE)]
        case LinkStatus.PARTIAL:
            return [(f" ▲ {name} partly ", CellStyle(ColourRole.BACKGROUND, ColourRole.WARN, bold=True))]
        case LinkStatus.DOWN:
            return [(f" ■ {name} down ", CellStyle(ColourRole.BACKGROUND, ColourRole.ERROR, bold=True))]


@dataclass(frozen=True, slots=True)
class ScopeSummary:
    """The selected range and filters in words; ``is_live``: new readings belong to the range."""

    range: str = ""
    is_live: bool = True
    filters: str = ""
    keys: tuple[str, str] = (".", "/")
    """Keys for the live range and for the filters."""


def render_scope_bar(summary: ScopeSummary, width: int) -> Rows:
    """Range and filters on the left, keys on the right."""
    canvas = Canvas(width, 1, _BAR_STYLE)
    x = 1
    if summary.range:
        x = canvas.write_text(x, 0, "Range ", _DIM_STYLE)
        x = canvas.write_text(x, 0, summary.range, _STRONG_STYLE)
        x = canvas.write_text(x + 1, 0, "(live)" if summary.is_live else "(historical)", _DIM_STYLE) + 3
    hints = [(summary.keys[1], "filter")]
    if summary.range:
        hints.insert(0, (summary.keys[0], "back to live"))
    end = canvas.width - 1
    for key, label in reversed(hints):
        end = canvas.write_right(end, 0, f" {label}", _DIM_STYLE)
        end = (
            canvas.write_right(
                end, 0, key, CellStyle(ColourRole.ACCENT, ColourRole.BAR_BACKGROUND, bold=True)
            )
            - 2
        )
    if summary.filters:
        x = canvas.write_text(x, 0, "Only ", _DIM_STYLE)
        canvas.write_text(x, 0, summary.filters, _STRONG_STYLE, width=max(0, end - x - 1))
    return canvas.rows


@dataclass(frozen=True, slots=True)
class KeyHint:
    keys: str
    label: str
    short_label: str = ""
    """For a narrow window, if it differs."""


def render_footer(hints: Sequence[KeyHint], width: int) -> Rows:
    """The keys that fit, with short labels if there is no room for the long ones; the last (help) always."""
    canvas = Canvas(width, 1, _BAR_STYLE)
    shown = list(hints)
    if _measure_hints(shown, 1) > width - 2:
        shown = [KeyHint(hint.keys, hint.short_label or hint.label) for hint in hints]
    gap = 2 if _measure_hints(shown, 2) <= width - 2 else 1
    while len(shown) > 1 and _measure_hints(shown, gap) > width - 2:
        del shown[-2]
    x = 1
    for hint in shown:
        x = canvas.write_text(
            x, 0, hint.keys, CellStyle(ColourRole.ACCENT, ColourRole.BAR_BACKGROUND, bold=True)
        )
        x = canvas.write_text(x + 1, 0, hint.label, _BAR_STYLE) + gap
    return canvas.rows


def render_message(text: str, width: int) -> Rows:
    """The result of an action, in place of the keys."""
    canvas = Canvas(width, 1, _BAR_STYLE)
    canvas.write_text(1, 0, text, _STRONG_STYLE, width=width - 2)
    return canvas.rows


def _measure_hints(hints: Sequence[KeyHint], gap: int) -> int:
    return sum(len(split_cells(hint.keys)) + 1 + len(hint.label) + gap for hint in hints) - gap
