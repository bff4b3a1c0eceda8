"""A tank's level as a bar, with the limits cut through it."""

from collections.abc import Sequence

from dosing_tui.tui.charts.primitives.block_characters import RIGHTWARD, eighths
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import Pen, Tone


def gauge(percent: float | None, width: int, *, tone: Tone, limits: Sequence[float]) -> Rows:
    """A full cell high. Outside 0..100 the bar is clipped; None is an empty track."""
    canvas = Canvas(width, 1, Pen(Tone.TRACK, Tone.TRACK))
    full, rest = divmod(eighths(percent or 0.0, 100.0, width), 8)
    canvas.text(0, 0, "█" * full, Pen(tone, Tone.TRACK))
    if rest:
        canvas.put(full, 0, RIGHTWARD[rest], Pen(tone, Tone.TRACK))
    for x in _cuts(width, limits):
        if x < full:
            canvas.put(x, 0, "▏", Pen(Tone.GROUND, tone))
        elif x > full or not rest:
            canvas.put(x, 0, "▏", Pen(Tone.LINE, Tone.TRACK))
    return canvas.rows


def thin_gauge(percent: float | None, width: int, *, tone: Tone, limits: Sequence[float]) -> Rows:
    """Half a cell high, for one row per tank."""
    canvas = Canvas(width, 1, Pen(Tone.TRACK))
    canvas.text(0, 0, "▁" * width, Pen(Tone.LINE))
    halves = round(eighths(percent or 0.0, 100.0, width) / 4)
    for x in _cuts(width, limits):
        canvas.put(x, 0, "┊", Pen(Tone.LINE))
    canvas.text(0, 0, "▄" * (halves // 2), Pen(tone))
    if halves % 2:
        canvas.put(halves // 2, 0, "▖", Pen(tone))
    return canvas.rows


def _cuts(width: int, limits: Sequence[float]) -> list[int]:
    return [x for limit in limits if 0 < (x := round(limit / 100 * width)) < width]
