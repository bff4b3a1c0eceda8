"""Histogram of the errors with its statistics; at full screen with a cursor on the bins."""

from dataclasses import dataclass

from dosing_tui.domain.panels.panel_catalog import ErrorBin, ErrorSummary
from dosing_tui.tui.charts.histogram import choose_geometry, draw_histogram
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import DIM, LABEL, STRONG, CellStyle, ColourRole


@dataclass(frozen=True, slots=True)
class ErrorHistogram:
    bins: tuple[ErrorBin, ...]
    summary: ErrorSummary | None
    tolerance_g: float
    max_out_percent: float
    """Abnormal is a larger share of doses out of tolerance."""


def paint_error_histogram(
    data: ErrorHistogram, width: int, height: int, *, cursor: int | None = None
) -> Rows:
    canvas = Canvas(width, height)
    above = 0 if cursor is None else 2
    stats = 1 if height >= 5 else 0
    canvas.paste_rows(
        0, above, draw_histogram(data.bins, width, height - stats - above, limit=data.tolerance_g)
    )
    if stats and data.summary is not None:
        _draw_statistics(canvas, height - 1, data.summary, data.max_out_percent)
    if cursor is not None and 0 <= cursor < len(data.bins):
        _draw_cursor_bin(canvas, data, cursor)
    return canvas.rows


def format_bin_edges(bin_: ErrorBin) -> str:
    """The edges of a bin in words."""
    if bin_.lower_g is None:
        return f"below {bin_.upper_g:+.1f} g"
    if bin_.upper_g is None:
        return f"{bin_.lower_g:+.1f} g and more"
    return f"{bin_.lower_g:+.1f} g up to {bin_.upper_g:+.1f} g"


def _draw_cursor_bin(canvas: Canvas, data: ErrorHistogram, cursor: int) -> None:
    """The bin under the cursor: its edges, its doses, their share; a mark above its column."""
    bin_ = data.bins[cursor]
    whole = sum(one.doses for one in data.bins)
    x = canvas.write_text(0, 0, format_bin_edges(bin_), LABEL)
    x = canvas.write_text(x + 3, 0, number_format.format_count(bin_.doses), STRONG)
    canvas.write_text(x + 1, 0, f"doses · {100 * bin_.doses / whole:.1f} %" if whole else "doses", DIM)
    shape = choose_geometry(canvas.width)
    left = max(0, (canvas.width - shape.width) // 2)
    lower, upper = bin_.lower_g, bin_.upper_g
    start = 0 if lower is None else max(0, shape.error_to_column(lower))
    end = shape.width if upper is None else min(shape.width, shape.error_to_column(upper))
    if lower is None or upper is None:
        start, end = (0, shape.end_cells) if lower is None else (shape.width - shape.end_cells, shape.width)
    canvas.write_text(left + start, 1, "▼" * max(1, end - start), CellStyle(ColourRole.FOCUS))


def _draw_statistics(canvas: Canvas, y: int, summary: ErrorSummary, max_out_percent: float) -> None:
    out = summary.out_percent
    is_abnormal = out is not None and out > max_out_percent
    shares = [
        ("mean", number_format.format_signed(summary.mean_g), STRONG),
        ("sd", number_format.format_decimal(summary.sd_g, 2), STRONG),
        (
            "out",
            number_format.format_decimal(out, 1 if out is not None and out < 10 else 0, " %"),
            CellStyle(ColourRole.WARN) if is_abnormal else STRONG,
        ),
    ]
    written = sum(len(name) + 1 + len(value) for name, value, _ in shares)
    gap = max(1, (canvas.width - written) // 2)
    x = 0
    for number, (name, value, ink) in enumerate(shares):
        if number == 2:
            x = max(x, canvas.width - len(name) - 1 - len(value))
        x = canvas.write_text(x, y, f"{name} ", DIM)
        x = canvas.write_text(x, y, value, ink) + gap
