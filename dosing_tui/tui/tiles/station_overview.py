"""The stations: a table with a line for each, and a row of lights for the overview."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct

from dosing_tui.domain.alarms.models import UNACKNOWLEDGED_STATES, AlarmKey, AlarmState, Priority
from dosing_tui.domain.labels.name_labels import are_labels_clear
from dosing_tui.domain.labels.station_labels import label_stations_compactly, name_stations
from dosing_tui.domain.messages.tank_level import StockLimits
from dosing_tui.domain.panels.station_health import StationHealth
from dosing_tui.domain.quantities.value_age import ValueKind
from dosing_tui.domain.running_batches import RunningBatches
from dosing_tui.domain.station_status import (
    StationActivity,
    StationReadings,
    StationStatus,
    list_station_statuses,
)
from dosing_tui.tui.charts.primitives.bars import draw_thin_gauge
from dosing_tui.tui.rendering import data_table, number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, fit_names, paint_cells, sanitize_text, split_cells
from dosing_tui.tui.rendering.data_table import StyledRuns, TableColumn, TableData
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, LABEL, STRONG, TEXT, CellStyle, ColourRole
from dosing_tui.tui.rendering.priority_style import PRIORITY_MARKS
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.shared.station_health_text import (
    format_firmware,
    format_heap,
    format_lost,
    format_signal,
    format_uptime,
    index_health,
    list_health_texts,
)
from dosing_tui.tui.tiles.shared.tank_levels import format_percent_full
from dosing_tui.tui.tiles.shared.tank_mark import choose_tank_mark, index_alarms
from dosing_tui.tui.tiles.shared.tile_content import TileContent, build_live_content

TITLE = "Stations"
EMPTY_TEXT = "no station has reported yet"
_STATE_MARKS = {
    StationActivity.RUNNING: "●", StationActivity.IDLE: "○", StationActivity.STALLED: "◆",
    StationActivity.OFFLINE: "×", StationActivity.NEVER_REPORTED: "×", StationActivity.RETIRED: "-",
}  # fmt: skip
_RUNNING_BATCHES = RunningBatches()
"""Of the console, whose screens are drawn by one thread."""
_MIN_LIGHT_WIDTH = 10
"""Cells of a light: its mark, a name and its progress."""


class StationTableContext(Struct, frozen=True):
    now: datetime
    names: Mapping[str, str]
    """Station -> its name in full."""
    titles: Mapping[str, str]
    limits: StockLimits
    alarms: Mapping[AlarmKey, AlarmState]
    health: Mapping[str, StationHealth]
    """Station -> its own report."""


def build_station_table(context: RenderContext) -> TileContent[TableData[StationStatus]]:
    """Every station, whatever the filters: it is where one is chosen."""
    statuses = list_statuses(context)
    names = name_stations([status.device for status in statuses], context.settings.short_names)
    table_context = StationTableContext(
        context.now.replace(microsecond=0), names,
        {station.id: station.title for station in context.settings.stations},
        context.limits.stock, index_alarms(context.snapshot.alarms), index_health(context),
    )  # fmt: skip
    titles = TITLE_COLUMNS if any(table_context.titles.values()) else ()
    columns = (*COLUMNS, *(HEALTH_COLUMNS if table_context.health else ()), *titles)
    return build_live_content(
        context, TITLE, TableData(
            tuple(statuses), columns, table_context, _describe_health,
            is_cut=context.snapshot.has_more_stations,
        ),
        data_table.paint_table, newest=_find_newest(statuses), kind=ValueKind.STATION, empty_text=EMPTY_TEXT,
    )  # fmt: skip


def list_statuses(context: RenderContext) -> list[StationStatus]:
    """Of every station of the plant, by name."""
    snapshot = context.snapshot
    return list_station_statuses(
        StationReadings(
            snapshot.device_last_seen, snapshot.levels, snapshot.doses, snapshot.events, snapshot.presences
        ),
        snapshot.alarms, expected=context.limits.expected_stations, now=context.now,
        offline_after=context.limits.offline_after, running_batches=_RUNNING_BATCHES,
    )  # fmt: skip


def _find_newest(statuses: Sequence[StationStatus]) -> datetime | None:
    return max((each.last_message_at for each in statuses if each.last_message_at), default=None)


def format_progress(status: StationStatus) -> str:
    """Doses of the running batch, of those it has: 3/4; '' without a batch."""
    if status.batch is None:
        return ""
    expected = status.batch.pumps
    return f"{len(status.batch.doses)}/{expected or '?'}"


def format_alarm_counts(status: StationStatus) -> StyledRuns:
    """Open alarms by priority, each in its shape; bold while one of them is unacknowledged."""
    runs = []
    for priority, number in status.alarm_counts.items():
        is_unacknowledged = any(
            view.state.priority is priority and view.state.state_name in UNACKNOWLEDGED_STATES
            for view in status.alarms
        )
        mark = PRIORITY_MARKS[priority]
        style = CellStyle(mark.colour, bold=is_unacknowledged)
        runs.append((f"{mark.shape}{number}{'*' if is_unacknowledged else ''} ", style))
    return runs or [(number_format.NO_VALUE, DIM)]


def _choose_state_style(status: StationStatus) -> CellStyle:
    """In an alarm's colour only while an alarm says so."""
    rules = {"DEVICE_OFFLINE", "BATCH_STALLED"}
    raised = [view.state.priority for view in status.alarms if view.state.key.rule in rules]
    if raised and status.state in (
        StationActivity.OFFLINE,
        StationActivity.STALLED,
        StationActivity.NEVER_REPORTED,
    ):
        return CellStyle(PRIORITY_MARKS[min(raised, key=lambda one: one.rank)].colour, bold=True)
    return DIM if status.state in (StationActivity.IDLE, StationActivity.RETIRED) else TEXT


def _format_state(status: StationStatus, context: StationTableContext) -> StyledRuns:
    style = _choose_state_style(status)
    return [(f"{_STATE_MARKS[status.state]} {status.state}", style)]


def _format_last(status: StationStatus, now: datetime) -> str:
    if status.last_message_at is None:
        return number_format.NO_VALUE
    return number_format.format_age((now - status.last_message_at).total_seconds())


def _format_recipe(status: StationStatus, context: StationTableContext) -> str:
    return sanitize_text(status.batch.recipe) if status.batch else number_format.NO_VALUE


def _draw_progress(
    status: StationStatus, context: StationTableContext, width: int, ground: ColourRole
) -> Rows:
    canvas = Canvas(width, 1, CellStyle(bg=ground))
    end = canvas.write_text(0, 0, format_progress(status), STRONG._replace(bg=ground))
    expected = status.batch.pumps if status.batch else None
    if status.batch and expected and width - end >= 4:
        share = min(100.0, 100.0 * len(status.batch.doses) / expected)
        bar = draw_thin_gauge(share, width - end - 1, colour=ColourRole.BAR, limits=())
        canvas.paste_rows(end + 1, 0, [[(cell, style._replace(bg=ground)) for cell, style in bar[0]]])
    return canvas.rows


def _format_tank(status: StationStatus, context: StationTableContext) -> StyledRuns:
    tank = status.worst_tank
    if tank is None:
        return [(number_format.NO_VALUE, DIM)]
    band = context.limits.find_band(tank)
    mark = choose_tank_mark(tank, band, context.alarms)
    return [(f"{mark.shape}{format_percent_full(tank.percent_full):>5} %", mark.style)]


def _describe_tank(status: StationStatus, context: StationTableContext) -> str:
    return "" if status.worst_tank is None else sanitize_text(status.worst_tank.chemical)


def _describe_health(status: StationStatus, context: StationTableContext) -> str:
    """What the columns of a narrow table leave out."""
    health = context.health.get(status.device)
    if health is None:
        return ""
    uptime = () if health.uptime_s is None else (f"up {format_uptime(health)}",)
    return " · ".join((sanitize_text(context.names[status.device]), *list_health_texts(health), *uptime))


def _format_lost(status: StationStatus, context: StationTableContext) -> StyledRuns:
    health = context.health.get(status.device)
    style = DEVIATION if health is not None and health.messages_lost else DIM
    return [(format_lost(health), style)]


COLUMNS: tuple[TableColumn[StationStatus], ...] = (
    TableColumn("Station", 10, 100, lambda s, f: f.names[s.device], style=STRONG, max_growth=10,
                is_name=True, is_station=True),
    TableColumn("State", 9, 98, lambda s, f: s.state.value, format_runs=_format_state),
    TableColumn("Last", 6, 90, lambda s, f: _format_last(s, f.now), lambda s, f: s.last_message_at, style=DIM,
                align_right=True),
    TableColumn("Batch", 11, 80, _format_recipe, max_growth=20, is_name=True),
    TableColumn("Doses", 5, 85, lambda s, f: format_progress(s), draw_cell=_draw_progress, max_growth=10),
    TableColumn("Emptiest", 8, 96, lambda s, f: "".join(text for text, _ in _format_tank(s, f)),
                lambda s, f: s.worst_tank.percent_full if s.worst_tank else None, unit="%",
                format_runs=_format_tank),
    TableColumn("Tank", 11, 95, _describe_tank, max_growth=18, is_name=True),
    TableColumn("Alarms", 9, 99, lambda s, f: "".join(text for text, _ in format_alarm_counts(s)),
                lambda s, f: -s.urgency[0], format_runs=lambda s, f: format_alarm_counts(s), max_growth=4),
)  # fmt: skip
HEALTH_COLUMNS: tuple[TableColumn[StationStatus], ...] = (
    TableColumn("Lost", 5, 79, lambda s, f: format_lost(f.health.get(s.device)),
                lambda s, f: f.health[s.device].messages_lost if s.device in f.health else None,
                format_runs=lambda s, f: _format_lost(s, f), align_right=True),
    TableColumn("dBm", 5, 75, lambda s, f: format_signal(f.health.get(s.device)), style=DIM,
                align_right=True),
    TableColumn("Heap free", 9, 65, lambda s, f: format_heap(f.health.get(s.device)), style=DIM,
                align_right=True),
    TableColumn("Firmware", 9, 70, lambda s, f: format_firmware(f.health.get(s.device)), style=DIM,
                max_growth=11),
    TableColumn("Uptime", 11, 60, lambda s, f: format_uptime(f.health.get(s.device)), style=DIM,
                align_right=True),
)  # fmt: skip
"""Of plants where a station has a status topic or sequence numbers."""
TITLE_COLUMNS: tuple[TableColumn[StationStatus], ...] = (
    TableColumn("Title", 12, 20, lambda s, f: f.titles.get(s.device, ""), style=DIM, max_growth=40),
)


class StationLight(Struct, frozen=True):
    name: str
    mark: str
    style: CellStyle
    progress: str
    urgency: tuple[int, bool, str]
    has_alarm: bool = False


class StationLights(Struct, frozen=True):
    lights: tuple[StationLight, ...]
    list_key: str
    """Key of the screen with the table of stations."""


def build_station_lights(context: RenderContext) -> TileContent[StationLights]:
    """A light for each station: the shape of its highest alarm, or of its state."""
    statuses = list_statuses(context)
    labels = label_stations_compactly([status.device for status in statuses], context.settings.short_names)
    lights = _LAST_LIGHTS.build_lights(statuses, labels, context.now)
    key = context.format_key("stations")
    return build_live_content(
        context, TITLE, StationLights(lights, key), paint_station_lights, f"{key} opens",
        newest=_find_newest(statuses), kind=ValueKind.STATION, empty_text=EMPTY_TEXT,
    )  # fmt: skip


class LastLights:
    """The lights of the last picture: those of stations without news are not built again. For one thread."""

    def __init__(self) -> None:
        self._lights: dict[str, tuple[StationStatus, tuple[str, str], StationLight]] = {}

    def build_lights(
        self, statuses: Sequence[StationStatus], labels: Mapping[str, str], now: datetime
    ) -> tuple[StationLight, ...]:
        known, self._lights = self._lights, {}
        for status in statuses:
            age = _format_last(status, now) if _is_silent(status) else ""
            texts, last = (labels[status.device], age), known.get(status.device)
            if last is None or (status, texts) != last[:2]:
                last = status, texts, _build_light(status, *texts)
            self._lights[status.device] = last
        return tuple(light for _, _, light in self._lights.values())


_LAST_LIGHTS = LastLights()
"""Of the console, whose screens are drawn by one thread."""


def _is_silent(status: StationStatus) -> bool:
    """Its light shows how long it has sent nothing."""
    return status.state in (StationActivity.OFFLINE, StationActivity.NEVER_REPORTED)


def _build_light(status: StationStatus, name: str, age: str) -> StationLight:
    """``age``: how long the station has been silent; '' if it is not."""
    mark, style = _STATE_MARKS[status.state], _choose_state_style(status)
    if counts := status.alarm_counts:
        highest: Priority = next(iter(counts))
        look = PRIORITY_MARKS[highest]
        mark, style = (
            f"{look.shape}{len(status.alarms)}",
            CellStyle(look.colour, bold=status.has_unacknowledged),
        )
    progress = age or format_progress(status) or status.state.value
    return StationLight(sanitize_text(name), mark, style, progress, status.urgency, bool(counts))


@paint_cells
def paint_station_lights(canvas: Canvas, data: StationLights) -> None:
    """Side by side, in their order; without room for all the most urgent ones, and how many more."""
    lights = data.lights
    capacity = max(1, (canvas.width + 1) // (_MIN_LIGHT_WIDTH + 1)) * canvas.height
    shown, rest = list(lights), ""
    if len(lights) > capacity:
        chosen = sorted(range(len(lights)), key=lambda number: lights[number].urgency)[: capacity - 1]
        shown = [lights[number] for number in sorted(chosen)]
        rest = number_format.format_count(len(lights) - len(shown))
    columns = -(-(len(shown) + bool(rest)) // canvas.height)
    width = canvas.width // columns
    if shown and not are_labels_clear([light.name for light in lights], max(2, width - 4)):
        _draw_counts(canvas, data)
        return
    names = fit_names([light.name for light in shown], max(2, width - 4))
    for number, (light, name) in enumerate(zip(shown, names, strict=True)):
        x, y = number % columns * width, number // columns
        end = canvas.write_text(x, y, light.mark, light.style)
        end = canvas.write_text(end + 1, y, name, LABEL, width=width - 4)
        room = x + width - 1 - end - 1
        if len(split_cells(light.progress)) <= room:
            canvas.write_text(end + 1, y, light.progress, DIM)
    if rest:
        x, y = len(shown) % columns * width, len(shown) // columns
        text = f"+ {rest} more" if len(rest) + 7 <= canvas.width - x else f"+{rest}"
        canvas.write_text(x, y, text, DIM)


def _draw_counts(canvas: Canvas, data: StationLights) -> None:
    """How many stations there are, and with an alarm, where their names have no room."""
    stations = number_format.count_noun(len(data.lights), "station")
    alarmed = number_format.format_count(sum(light.has_alarm for light in data.lights))
    texts = (f"{stations}, {alarmed} with alarms: {data.list_key} lists them", f"{stations}: {data.list_key}")
    canvas.write_text(0, 0, next((text for text in texts if len(text) <= canvas.width), ""), TEXT)
