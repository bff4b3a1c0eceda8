"""How errors are spread: the histogram with its numbers; large, with a cursor that reads each bin."""

from dataclasses import dataclass

from dosing_tui.domain.panels.panel_catalog import ErrorBin, ErrorSummary
from dosing_tui.tui.charts.histogram import histogram, shape_for
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import DIM, HOT, LABEL, Pen, Tone

RATE_LIMIT = 5.0
"""Percent of doses out of tolerance that still counts as normal."""


@dataclass(frozen=True, slots=True)
class Spread:
    bins: tuple[ErrorBin, ...]
    summary: ErrorSummary | None
    tolerance_g: float


def paint_spread(data: Spread, width: int, height: int, *, cursor: int | None = None) -> Rows:
    canvas = Canvas(width, height)
    above = 0 if cursor is None else 2
    stats = 1 if height >= 5 else 0
    canvas.paste(0, above, histogram(data.bins, width, height - stats - above, limit=data.tolerance_g))
    if stats and data.summary is not None:
        _statistics(canvas, height - 1, data.summary)
    if cursor is not None and 0 <= cursor < len(data.bins):
        _reading(canvas, data, cursor)
    return canvas.rows


def edges(bin_: ErrorBin) -> str:
    """What a bin holds, in words: its edges, or that it has no end."""
    if bin_.lower_g is None:
        return f"below {bin_.upper_g:+.1f} g"
    if bin_.upper_g is None:
        return f"{bin_.lower_g:+.1f} g and more"
    return f"{bin_.lower_g:+.1f} g up to {bin_.upper_g:+.1f} g"


def _reading(canvas: Canvas, data: Spread, cursor: int) -> None:
    """The bin under the cursor: its edges, its doses, their share; a mark above its column."""
    bin_ = data.bins[cursor]
    whole = sum(one.doses for one in data.bins)
    x = canvas.text(0, 0, edges(bin_), LABEL)
    x = canvas.text(x + 3, 0, number_format.count(bin_.doses), HOT)
    canvas.text(x + 1, 0, f"doses · {100 * bin_.doses / whole:.1f} %" if whole else "doses", DIM)
    shape = shape_for(canvas.width)
    left = max(0, (canvas.width - shape.width) // 2)
    lower, upper = bin_.lower_g, bin_.upper_g
    start = 0 if lower is None else max(0, shape.column(lower))
    end = shape.width if upper is None else min(shape.width, shape.column(upper))
    if lower is None or upper is None:
        start, end = (0, shape.end_cells) if lower is None else (shape.width - shape.end_cells, shape.width)
    canvas.text(left + start, 1, "▼" * max(1, end - start), Pen(Tone.FOCUS))


def _statistics(canvas: Canvas, y: int, summary: ErrorSummary) -> None:
    out = summary.out_percent
    pen = Pen(Tone.WARN) if out is not None and out > RATE_LIMIT else HOT
    shares = [
        ("mean", number_format.signed(summary.mean_g), HOT),
        ("sd", number_format.NOTHING if summary.sd_g is None else f"{summary.sd_g:.2f}", HOT),
        (
            "out",
            number_format.NOTHING if out is None else f"{out:.1f} %" if out < 10 else f"{out:.0f} %",
            pen,
        ),
    ]
    written = sum(len(name) + 1 + len(value) for name, value, _ in shares)
    gap = max(1, (canvas.width - written) // 2)
    x = 0
    for number, (name, value, ink) in enumerate(shares):
        if number == 2:
            x = max(x, canvas.width - len(name) - 1 - len(value))
        x = canvas.text(x, y, f"{name} ", DIM)
        x = canvas.text(x, y, value, ink) + gap
