"""Many series, one under the other: each in a strip of its own with its own scale, name and numbers."""

from collections.abc import Sequence
from heapq import nlargest

from msgspec import Struct

from dosing_tui.tui.charts.plot import draw_markers, paste_lines
from dosing_tui.tui.charts.primitives.axes import place_time_ticks, write_tick_labels
from dosing_tui.tui.charts.primitives.braille import draw_lines, get_series_marker, get_series_style
from dosing_tui.tui.charts.primitives.columns import draw_sparkline
from dosing_tui.tui.charts.primitives.value_axis import ValueAxis, trim_outliers
from dosing_tui.tui.charts.series import AxisMode, ChartData, split_at_gaps
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, fit_names, split_cells
from dosing_tui.tui.rendering.palette import DIM, STRONG, TEXT, CellStyle, ColourRole

_MARKER_WIDTH = 2
_MIN_VALUES_OF_BAND = 8
"""Values of which the middle is the usual range."""
_USUAL_SHARE = 0.8
"""Share of the values in the usual range."""
_BAND = CellStyle(ColourRole.TRACK, ColourRole.TRACK)
_CURSOR = CellStyle(ColourRole.FOCUS)


_MIN_ROWS_TITLED = 2
"""Up to it a row is better used for a series."""
_MAX_ROWS_WITHOUT_GAP = 2
"""Rows of a strip that stands directly upon the next."""


class StripNumbers(Struct, frozen=True):
    """The numbers at the right of each strip, under their titles; column ``emphasized`` stands out."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    emphasized: int = 0
    has_markers: bool = True
    """Lines have the markers of their series, as in a plot that they share; bars have none."""

    @property
    def marker_width(self) -> int:
        return _MARKER_WIDTH if self.has_markers else 0

    def measure_columns(self) -> list[int]:
        """Cells of each column, with the gap on its left."""
        columns = (
            zip(self.titles, *self.rows, strict=True) if self.rows else ((title,) for title in self.titles)
        )
        return [max(len(text) for text in column) + 2 for column in columns]


class StripLayout(Struct, frozen=True):
    """``strip_count`` series have ``rows_each`` rows each below ``top`` rows of heading."""

    strip_count: int
    rows_each: int
    top: int
    name_width: int
    columns: int
    first_column: int

    @property
    def strip_rows(self) -> int:
        """Rows of a strip; where there is room, a blank one parts it from the next."""
        return self.rows_each - (self.rows_each > _MAX_ROWS_WITHOUT_GAP)


def choose_layout(data: ChartData, numbers: StripNumbers, width: int, height: int) -> StripLayout:
    """The time axis goes first when rows are short, then the last series.

    Where some have gone no row below is left for the titles of the numbers: then they stay above.
    """
    count = len(data.curves)
    is_cut = data.omitted_count > 0 or count >= height
    top = (
        1 if height >= count + 2 or (is_cut and len(numbers.titles) > 1 and height > _MIN_ROWS_TITLED) else 0
    )
    below = 1 if height - top > count or data.omitted_count else 0
    room = height - top - below
    shown = count if count <= height - top - (1 if data.omitted_count else 0) else max(1, height - top - 1)
    rows_each = max(1, room // max(1, shown))
    numbers_width = sum(numbers.measure_columns())
    longest = max((len(split_cells(curve.name)) for curve in data.curves), default=0)
    name_width = min(longest, max(4, width // 3 - numbers.marker_width))
    left = numbers.marker_width + name_width + 1
    return StripLayout(shown, rows_each, top, name_width, max(1, width - left - numbers_width), left)


def fit_strip_bins(data: ChartData, layout: StripLayout) -> ChartData:
    """The data as they are drawn in strips."""
    return data.fit_bins(layout.columns)


def choose_strips(data: ChartData, count: int) -> list[int]:
    """Numbers of the largest series, in their order: by amount, or by the doses that the values are of."""
    if count >= len(data.curves):
        return list(range(len(data.curves)))
    sizes = [sum(curve.weights) or sum(value or 0.0 for value in curve.values) for curve in data.curves]
    return sorted(nlargest(count, range(len(sizes)), key=sizes.__getitem__))


def draw_strips(
    canvas: Canvas, data: ChartData, numbers: StripNumbers, *, heading: str = "", cursor: int | None = None
) -> None:
    """``cursor`` is a bucket of the data as they are drawn."""
    layout = choose_layout(data, numbers, canvas.width, canvas.height)
    drawn = fit_strip_bins(data, layout)
    cells = layout.columns // drawn.window.bucket_count if data.is_additive else 0
    columns = cells * drawn.window.bucket_count or layout.columns
    left = layout.first_column + layout.columns - columns
    shown = choose_strips(data, layout.strip_count)
    names = fit_names([data.curves[number].name for number in shown], layout.name_width)
    if layout.top:
        _write_numbers(canvas, 0, numbers.titles, numbers, DIM)
        canvas.write_text(0, 0, heading, DIM, width=layout.first_column + layout.columns)
    for place, number in enumerate(shown):
        y = layout.top + place * layout.rows_each
        base = y + (layout.strip_rows - 1 if data.is_additive else layout.strip_rows // 2)
        if numbers.has_markers:
            canvas.write_text(0, base, get_series_marker(number), get_series_style(number))
        canvas.write_text(numbers.marker_width, base, names[place], TEXT)
        strip = Canvas(columns, layout.strip_rows)
        _draw_strip(strip, drawn, number, cursor, has_band=layout.strip_rows < layout.rows_each)
        canvas.paste_rows(left, y, strip.rows)
        _write_numbers(canvas, base, numbers.rows[number], numbers, TEXT)
    below = layout.top + layout.strip_count * layout.rows_each
    start = 0
    if rest := data.omitted_count + len(data.curves) - layout.strip_count:
        words = number_format.format_rest(rest)
        start = canvas.write_text(numbers.marker_width, below, words, DIM) + 1
    ticks = place_time_ticks(drawn.window, columns, data.zone)
    write_tick_labels(canvas, below, ticks, left=left, start=start)
    if not layout.top and below < canvas.height:
        _write_numbers(canvas, below, numbers.titles, numbers, DIM)


def _write_numbers(
    canvas: Canvas, y: int, texts: Sequence[str], numbers: StripNumbers, style: CellStyle
) -> None:
    end = canvas.width
    widths = numbers.measure_columns()
    for column in range(len(texts) - 1, -1, -1):
        is_strong = column == numbers.emphasized and style is not DIM
        canvas.write_right(end, y, texts[column], STRONG if is_strong else style)
        end -= widths[column]


def _draw_strip(strip: Canvas, data: ChartData, number: int, cursor: int | None, *, has_band: bool) -> None:
    """``has_band``: the strip is parted from its neighbours, so that bands do not merge."""
    curve = data.curves[number]
    if data.starts_at_zero and data.is_additive:
        top = curve.usual_top if data.axis_mode is AxisMode.AUTO else curve.largest
        strip.paste_rows(
            0, 0,
            draw_sparkline(curve.values, strip.width, strip.height, top=top, newest=data.partial_bucket),
        )  # fmt: skip
    else:
        _draw_line_strip(strip, data, number, has_band=has_band)
    if cursor is not None:
        _draw_strip_cursor(strip, cursor, data.window.bucket_count)


def _draw_line_strip(strip: Canvas, data: ChartData, number: int, *, has_band: bool) -> None:
    """A line on a scale of its own, with the normal band behind it."""
    single = data.keep_curve(number)
    axis = single.build_axis()
    band = find_normal_band(single, axis) if has_band else None
    if band is not None:
        for y in range(axis.to_row(band[1], strip.height), axis.to_row(band[0], strip.height) + 1):
            strip.write_text(0, y, "░" * strip.width, _BAND)
    curve = data.curves[number]
    lines = draw_lines([split_at_gaps(curve.values, axis)], strip.width, strip.height)
    style = get_series_style(number)
    paste_lines(strip, [[(cell, style) for cell, _ in row] for row in lines])
    draw_markers(strip, data, number, axis)


def find_normal_band(data: ChartData, axis: ValueAxis) -> tuple[float, float] | None:
    """The normal side of the limit; without a limit the usual range, the middle of enough values."""
    if data.limit is not None:
        return (data.limit, axis.top) if data.is_low_limit else (axis.bottom, data.limit)
    values = [value for value in data.curves[0].values if value is not None]
    if len(values) < _MIN_VALUES_OF_BAND:
        return None
    usual = trim_outliers(values, kept_share=_USUAL_SHARE)
    return usual[0], usual[-1]


def _draw_strip_cursor(strip: Canvas, bucket: int, count: int) -> None:
    """The cursor's bucket in the strip: bars light up, a dotted line runs through the rest."""
    x = min(strip.width - 1, int((bucket + 0.5) * strip.width / max(1, count)))
    for y in range(strip.height):
        cell, style = strip.rows[y][x]
        if cell in " ░":
            strip.set_cell(x, y, "┊", _CURSOR._replace(bg=style.bg))
        elif style.fg is ColourRole.SPARKLINE:
            strip.set_cell(x, y, cell, style._replace(fg=ColourRole.STRONG))
