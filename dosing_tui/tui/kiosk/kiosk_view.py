"""Draws a page of the wall mode: heading and clock, figures as large as they fit, troubles. Pure."""

from collections.abc import Sequence

from msgspec import Struct

from dosing_tui.domain.alarms.snapshot import AlarmView
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.kiosk.big_text import choose_size, is_drawable, measure_big_text, render_big_text
from dosing_tui.tui.kiosk.kiosk_pages import KioskFigure, KioskTrouble
from dosing_tui.tui.rendering.canvas import Canvas, Rows, wrap_text
from dosing_tui.tui.rendering.palette import DIM, LABEL, STRONG, TEXT, CellStyle
from dosing_tui.tui.rendering.priority_style import choose_mark_style, choose_priority_style

UNLOCK_HINT = "Wall mode · ctrl+u, then q ends it"
_GAP = 2


class KioskView(Struct, frozen=True):
    """``alarms``: those that hold the page, instead of the figures."""

    title: str
    clock: str
    plant: str = ""
    role: str = ""
    figures: tuple[KioskFigure, ...] = ()
    rest: str = ""
    """How many more there are; '' for none."""
    troubles: tuple[KioskTrouble, ...] = ()
    alarms: tuple[AlarmView, ...] = ()
    message: str = UNLOCK_HINT


def render_kiosk(view: KioskView, width: int, height: int) -> Rows:
    canvas = Canvas(width, height)
    top = _draw_heading(canvas, view)
    foot = height - 1
    texts = (view.rest, view.plant, view.role)
    canvas.write_text(1, foot, " · ".join(filter(None, texts)), DIM, width=width // 2)
    canvas.write_right(width - 1, foot, view.message, DIM if view.message == UNLOCK_HINT else LABEL)
    bottom = _draw_troubles(canvas, view.troubles, foot, height // 5)
    if view.alarms:
        _draw_alarms(canvas, view.alarms, top, bottom)
    elif view.figures:
        _draw_figures(canvas, view.figures, top, bottom)
    else:
        text = render_big_text("NO DATA", choose_size(["NO DATA"], width - 4, bottom - top), DIM)
        if not view.troubles:
            canvas.paste_rows(2, top, text)
    return canvas.rows


def _draw_heading(canvas: Canvas, view: KioskView) -> int:
    """The row below it."""
    texts = [f"{view.title}  {view.clock}"]
    size = choose_size(texts, canvas.width - 4, max(1, canvas.height // 6))
    canvas.paste_rows(2, 0, render_big_text(view.title, size, TEXT))
    clock = render_big_text(view.clock, size, STRONG)
    canvas.paste_rows(canvas.width - 2 - len(clock[0]), 0, clock)
    return len(clock) + 1


def _draw_troubles(canvas: Canvas, troubles: Sequence[KioskTrouble], foot: int, max_rows: int) -> int:
    """In bands above the foot; the first row of them."""
    for trouble in troubles:
        size = choose_size([trouble.text], canvas.width - 6, max(1, max_rows - 2))
        rows = render_big_text(trouble.text, size, trouble.style)
        top = foot - len(rows) - 2
        for y in range(top, foot):
            canvas.fill_row(y, trouble.style)
        canvas.paste_rows((canvas.width - len(rows[0])) // 2, top + 1, rows)
        foot = top
    return foot


class _Grid(Struct, frozen=True):
    columns: int
    cell_width: int
    cell_height: int
    size: int
    """Of the values."""
    name_size: int


def _choose_grid(figures: Sequence[KioskFigure], width: int, height: int) -> _Grid:
    """The one with the largest values; names in block letters where there is room."""
    grids = []
    for columns in range(1, min(3, len(figures)) + 1):
        rows = -(-len(figures) // columns)
        cell_width, cell_height = width // columns, height // rows
        for name_size in (2, 1, 0):
            names = [_format_name(figure) for figure in figures]
            name_rows = measure_big_text("0", name_size)[1] if name_size else 1
            if name_size and not choose_size(names, cell_width // name_size - _GAP, 3) >= 1:
                continue
            room = cell_height - name_rows - 1 - (rows > 1)
            size = choose_size([figure.value for figure in figures], cell_width - 2 * _GAP, room)
            if size > name_size or name_size == 0:
                grids.append(_Grid(columns, cell_width, cell_height, size, name_size))
    return max(grids, key=lambda grid: (min(grid.size, 4), grid.name_size > 0, grid.size, -grid.columns))


def _format_name(figure: KioskFigure) -> str:
    return f"{figure.name} {figure.unit}".strip()


def _draw_figures(canvas: Canvas, figures: Sequence[KioskFigure], top: int, bottom: int) -> None:
    grid = _choose_grid(figures, canvas.width, max(1, bottom - top))
    for number, figure in enumerate(figures):
        row, column = divmod(number, grid.columns)
        x, y = column * grid.cell_width + _GAP, top + row * grid.cell_height
        name = render_big_text(_format_name(figure), grid.name_size, DIM if grid.name_size else LABEL)
        if figure.mark:
            canvas.write_text(x - 2, y, figure.mark, figure.style)
        canvas.paste_rows(x, y, [cells[: grid.cell_width - _GAP] for cells in name])
        value = render_big_text(figure.value, grid.size, figure.style)
        canvas.paste_rows(x, y + len(name) + 1, [cells[: grid.cell_width - _GAP] for cells in value])


def _draw_alarms(canvas: Canvas, alarms: Sequence[AlarmView], top: int, bottom: int) -> None:
    """The newest of the worst first: its title and item in block letters, its message in a line."""
    first, state = alarms[0], alarms[0].state
    band = choose_mark_style(state)
    heading = f"HIGH ALARM {len(alarms)}" if len(alarms) > 1 else "HIGH ALARM"
    size = choose_size([heading], canvas.width - 6, max(3, (bottom - top) // 4))
    rows = render_big_text(heading, size, band)
    for y in range(top, top + len(rows) + 2):
        canvas.fill_row(y, band)
    canvas.paste_rows((canvas.width - len(rows[0])) // 2, top + 1, rows)
    y = top + len(rows) + 3
    message = wrap_text(clean_line(first.message), max(1, canvas.width - 4))
    room = bottom - y - 1 - len(message)
    title = first.rule.title if first.rule is not None else state.key.rule
    where = " ".join(part for part in (state.key.item, state.key.device) if part)
    style = choose_priority_style(state.priority)
    for text, share in ((title, room // 2), (where, room - room // 2)):
        y += _paste_wrapped(canvas, y, clean_line(text), share, style)
    for y, line in enumerate(message, start=bottom - len(message)):
        canvas.write_text(2, y, line, STRONG)


def _paste_wrapped(canvas: Canvas, y: int, text: str, height: int, style: CellStyle) -> int:
    """In lines of words as large as fit; returns the rows taken."""
    if not is_drawable(text):
        canvas.write_text(2, y, text, style, width=canvas.width - 4)
        return 2
    for size in range(6, 0, -1):
        line_rows = measure_big_text("0", size)[1] + 1
        lines = wrap_text(text, max(1, (canvas.width - 4) // (4 * size)))
        fits = all(measure_big_text(line, size)[0] <= canvas.width - 4 for line in lines)
        if (
            fits
            and len(lines) * line_rows <= height
            and "".join(lines).replace(" ", "") == text.replace(" ", "")
        ):
            for number, line in enumerate(lines):
                canvas.paste_rows(2, y + number * line_rows, render_big_text(line, size, style))
            return len(lines) * line_rows
    canvas.write_text(2, y, text, style, width=canvas.width - 4)
    return 2
