"""The tank levels as gauges: from messages, so that they stay current without the database."""

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from operator import attrgetter

from msgspec import Struct

from dosing_tui.domain.labels.station_labels import label_stations_compactly
from dosing_tui.domain.messages.tank_level import LevelBand
from dosing_tui.domain.quantities.value_age import ValueKind
from dosing_tui.tui.charts.primitives.bars import draw_gauge, draw_thin_gauge
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, paint_cells, split_cells
from dosing_tui.tui.rendering.palette import DIM, LABEL, TEXT, CellStyle, ColourRole
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.shared.tank_levels import (
    NO_LEVEL_TEXT,
    choose_tank_unit,
    find_newest_level,
    format_percent_full,
)
from dosing_tui.tui.tiles.shared.tile_content import TileContent, build_live_content
from dosing_tui.tui.tiles.tanks.last_gauges import LastGauges, TankGauge
from dosing_tui.tui.tiles.tanks.tank_names import choose_tank_names

_PERCENT_WIDTH, _LEAST_BAR, _GOOD_BAR = 8, 4, 12
_BAND_WORDS = (
    (LevelBand.LOW, "●", "low"), (LevelBand.WARN, "○", "reorder"), (LevelBand.UNKNOWN, "?", "no level"),
    (LevelBand.NORMAL, " ", "normal"),
)  # fmt: skip


class TankGauges(Struct, frozen=True):
    tanks: tuple[TankGauge, ...]
    """The most urgent first."""
    mass_unit: number_format.MassUnit
    list_key: str
    """Key of the screen with the table of tanks."""
    is_cut: bool = False
    """There are more tanks than these, which are those with the newest levels."""


def build_inventory(context: RenderContext) -> TileContent[TankGauges]:
    levels, settings = context.levels, context.settings
    devices = dict.fromkeys(map(attrgetter("device_id"), levels))
    names = label_stations_compactly(devices, settings.short_names)
    tanks, limits = _LAST_GAUGES.build_gauges(context, levels, names), context.limits.stock
    gauges = TankGauges(
        tanks, choose_tank_unit(levels), context.format_key("inventory"), context.snapshot.has_more_tanks
    )
    return build_live_content(
        context, "Inventory", gauges, paint_inventory,
        f"limits {limits.low:g} / {limits.warn:g} %", newest=find_newest_level(levels), kind=ValueKind.LEVEL,
        empty_text=NO_LEVEL_TEXT,
    )  # fmt: skip


_LAST_GAUGES = LastGauges()
"""Of the console, whose screens are drawn by one thread."""


@paint_cells
def paint_inventory(canvas: Canvas, data: TankGauges, first: int = 0) -> None:
    """Three, two or one row for each tank, from number ``first`` on; how many there are beside them."""
    count = len(data.tanks)
    rows_each = max(1, min(3, canvas.height // max(1, count)))
    visible = count_visible_tanks(count, canvas.height)
    first = max(0, min(first, count - visible))
    shown = data.tanks[first : first + visible]
    pairs = tuple(sorted([(tank.station, tank.chemical) for tank in data.tanks]))
    room, names = choose_tank_names(pairs, canvas.width, is_one_row=rows_each == 1)
    if not names and shown:
        _draw_counts(canvas, data)
        return
    if visible < count:
        _draw_rest(canvas, data, first, visible)
    named = [(names[tank.station, tank.chemical], tank) for tank in shown]
    masses = rows_each > 1 and all(_has_room_for_mass(canvas.width, name, tank, data) for name, tank in named)
    side_texts, bar_width = _list_side_texts(canvas.width, shown, data, room)
    for number, (name, tank) in enumerate(named):
        y = number * rows_each
        if rows_each == 1:
            row = _draw_one_row(canvas.width, name, tank, side_texts[number], bar_width, room)
            canvas.paste_rows(0, y, row)
        else:
            _draw_tall_gauge(canvas, y, name, tank, data, rows_each, show_mass=masses)


def count_visible_tanks(count: int, height: int) -> int:
    """Tanks in a tile of this height; if there is no room for all, its last row names the others."""
    return count if count <= height else max(1, height - 1)


def _draw_counts(canvas: Canvas, data: TankGauges) -> None:
    """How many tanks there are of each band, and where their names are."""
    counts = Counter(tank.band for tank in data.tanks)
    more = " and more" if data.is_cut else ""
    lines = [f"{number_format.count_noun(len(data.tanks), 'tank')}{more}"]
    lines += [
        f"{shape} {number_format.format_count(counts[band])} {word}"
        for band, shape, word in _BAND_WORDS if counts[band]
    ]  # fmt: skip
    lines = [*lines[: max(1, canvas.height - 1)], f"{data.list_key} lists them"]
    for y, line in enumerate(lines):
        canvas.write_text(2, y, line, DIM if y == len(lines) - 1 else TEXT)


def _draw_rest(canvas: Canvas, data: TankGauges, first: int, visible: int) -> None:
    """How many tanks are below and above, and what they are."""
    hidden = [tank.band for tank in (*data.tanks[:first], *data.tanks[first + visible :])]
    count = number_format.format_count
    # in the order of urgency: what is worst among them
    words = next(
        (f"{count(number)} {word}" for band, _, word in _BAND_WORDS[:-1] if (number := hidden.count(band))),
        "all normal",
    )
    below = len(data.tanks) - first - visible
    place = f" · {count(first)} above" if first and below else " above" if first else ""
    rest = f"{'over ' if data.is_cut else ''}{count(below if below else first)}"
    texts = (f"+ {rest} more{place}, {words}", f"+ {rest} more{place}", f"+ {rest} more", f"+{rest}")
    text = next((text for text in texts if len(text) <= canvas.width - 2), "")
    canvas.write_text(2, canvas.height - 1, text, DIM)


def _choose_styles(tank: TankGauge) -> tuple[CellStyle, CellStyle]:
    """For the name and for the percentage; an alarm keeps its colour in its mark."""
    if tank.is_old:
        return DIM, DIM
    is_low = tank.band in (LevelBand.LOW, LevelBand.WARN)
    return LABEL if is_low else TEXT, tank.mark.style


def _choose_bar_colour(tank: TankGauge) -> ColourRole:
    return ColourRole.STALE if tank.is_old else tank.mark.bar


def _draw_band_mark(canvas: Canvas, y: int, tank: TankGauge) -> None:
    canvas.set_cell(0, y, tank.mark.shape, tank.mark.style)


def _has_room_for_mass(width: int, name: str, tank: TankGauge, data: TankGauges) -> bool:
    """The name has precedence over the mass: bar and percentage show the level."""
    mass, percent = data.mass_unit.format_mass(tank.remaining_g), f"{format_percent_full(tank.percent):>7} %"
    return 2 + len(split_cells(name)) + 1 + len(mass) + len(percent) <= width


def _draw_tall_gauge(
    canvas: Canvas, y: int, name: str, tank: TankGauge, data: TankGauges, rows: int, *, show_mass: bool
) -> None:
    name_style, number = _choose_styles(tank)
    _draw_band_mark(canvas, y, tank)
    left = canvas.write_right(canvas.width, y, f"{format_percent_full(tank.percent):>7} %", number)
    if tank.is_old and rows < 3:
        # the name has precedence: a dim row says that the level is old
        ages = (tank.age, tank.age.removesuffix(" ago"))
        fitting = (age for age in ages if 2 + len(split_cells(name)) + 1 + len(age) <= left)
        left = canvas.write_right(left + 1, y, f" {next(fitting, '')}", DIM)
    elif show_mass:
        left = canvas.write_right(
            left, y, data.mass_unit.format_mass(tank.remaining_g), DIM if rows == 3 else TEXT
        )
    canvas.write_text(2, y, name, name_style, width=left - 3)
    bar = draw_gauge(tank.percent, canvas.width - 2, colour=tank.mark.bar, limits=tank.limits)
    canvas.paste_rows(2, y + 1, bar)
    if rows == 3:
        x = canvas.write_text(2, y + 2, f"of {data.mass_unit.format_mass(tank.capacity_g)}", DIM)
        if tank.mark.word:
            x = canvas.write_text(x, y + 2, f" · {tank.mark.word}", DIM)
        ages = (tank.age, tank.age.removesuffix(" ago"))
        canvas.write_right(
            canvas.width, y + 2, next((age for age in ages if x + 1 + len(age) <= canvas.width), ""), DIM
        )


def _list_side_texts(
    width: int, tanks: Sequence[TankGauge], data: TankGauges, name_width: int
) -> tuple[list[str], int]:
    """Right of the bars of one row each, and the cells of a bar: all bars have one scale.

    The age of an old level, else the mass where there is room for it. Where an age would leave too little of
    the bars, it is in place of its own.
    """
    room = width - _PERCENT_WIDTH - 3 - name_width
    has_masses = width >= 36 + name_width
    for dropped in ("", " ago"):
        texts = [
            f" {tank.age.removesuffix(dropped)}" if tank.is_old
            else f" {data.mass_unit.format_mass(tank.remaining_g):>9}" if has_masses else ""
            for tank in tanks
        ]  # fmt: skip
        most = max(map(len, texts), default=0)
        if room - most >= _GOOD_BAR or not most:
            return [text.rjust(most) for text in texts], room - most
    texts = [f" {tank.age}" if tank.is_old else "" for tank in tanks]
    texts = [text if len(text) <= room else text.removesuffix(" ago") for text in texts]
    return [text if len(text) <= room else "" for text in texts], room


@lru_cache(maxsize=256)
def _draw_one_row(
    width: int, name: str, tank: TankGauge, side_text: str, bar_width: int, name_width: int
) -> Rows:
    canvas = Canvas(width, 1)
    name_style, number = _choose_styles(tank)
    _draw_band_mark(canvas, 0, tank)
    canvas.write_text(2, 0, name, name_style, width=name_width)
    end = canvas.write_right(width, 0, f"{format_percent_full(tank.percent):>6} %", number)
    end = canvas.write_right(end, 0, side_text, DIM)
    start = 2 + name_width + 1
    if end - start >= bar_width >= _LEAST_BAR:
        colour = _choose_bar_colour(tank)
        bar = draw_thin_gauge(tank.percent, bar_width, colour=colour, limits=tank.limits)
        canvas.paste_rows(start, 0, bar)
    return canvas.rows
