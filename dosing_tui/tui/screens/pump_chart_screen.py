"""The control chart of one pump at one target, with advice."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from operator import attrgetter
from zoneinfo import ZoneInfo

from textual import events, on
from textual.app import ComposeResult
from textual.message import Message
from textual.screen import ModalScreen

from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.capability.individuals_chart import ControlLimits
from dosing_tui.domain.capability.pump_history import MAX_CHART_DOSES, PumpChartData
from dosing_tui.domain.capability.run_rules import RunFinding, find_runs
from dosing_tui.domain.capability.service_log import ServiceKind
from dosing_tui.domain.capability.service_state import (
    PlantServiceLimits,
    ServiceWork,
    get_service_state,
    list_service_dues,
)
from dosing_tui.domain.capability.shift_cause import ShiftCause
from dosing_tui.domain.labels.station_labels import name_stations
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.panels.panel_catalog import DoseRow
from dosing_tui.domain.panels.pump_capability import PumpCapability
from dosing_tui.errors import DosingError
from dosing_tui.tui.charts.control_chart import EVENT_LETTER, ControlChart, paint_control_chart
from dosing_tui.tui.keys.bindings import MODAL_KEYS, PUMP_CHART_KEYS
from dosing_tui.tui.layout.footer import KeyHint, render_footer
from dosing_tui.tui.layout.geometry import count_page_rows
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, split_cells, wrap_text
from dosing_tui.tui.rendering.line_widget import LineWidget, WheelTurned
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, LABEL, STRONG, TEXT, CellStyle
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.tiles.pumps.pump_table import describe_finding, is_incapable
from dosing_tui.tui.widgets.closable_screen import ClosableScreen

EVENT_LETTERS: Mapping[str, str] = {
    ServiceKind.TUBE: "T", ServiceKind.CALIBRATION: "C", ServiceKind.CHECK: "W", ServiceKind.TARE: "0",
}  # fmt: skip
"""Of what was done, on the chart."""
MAX_ADVICE = 4
"""Lines for which the chart makes room, however low it is."""
MIN_CHART_ROWS = 9
"""What it keeps where the advice is longer."""


@dataclass
class PumpHistoryLoaded(Message):
    """``history`` is None if it could not be read; ``error`` says why."""

    history: PumpChartData | None
    error: str = ""


class PumpChartScreen(ModalScreen[None], ClosableScreen[None]):
    """``read_history`` runs in a worker thread, by ``submit``, for the range of the row's table."""

    BINDINGS = [*PUMP_CHART_KEYS, *MODAL_KEYS]
    page_title = "Control chart"

    def __init__(
        self, theme: TerminalTheme, hints: Sequence[KeyHint], row: PumpCapability, *,
        settings: Settings, limits: AlarmLimits, read_history: Callable[[], PumpChartData],
        submit: Callable[[Callable[[], object]], None], clock: Callable[[], datetime],
    ) -> None:  # fmt: skip
        super().__init__()
        self._page = LineWidget(theme, id="report")
        self._hints, self._row = hints, row
        self._station = name_stations([row.device_id], settings.short_names)[row.device_id]
        self._cpk_low, self._limits = limits.cpk_low, limits.service
        self._zone = ZoneInfo(settings.plant.timezone)
        self._read_history, self._submit = read_history, submit
        self._history = PumpChartData(())
        self._first_counted = 0
        self._clock = clock
        self._runs: Sequence[RunFinding] = ()
        self._message = "Reading the doses …"
        self._cursor = 0

    def compose(self) -> ComposeResult:
        yield self._page

    def on_mount(self) -> None:
        self.draw_page()
        self._submit(self._load_history)

    def on_resize(self, event: events.Resize) -> None:
        self.draw_page()

    def _load_history(self) -> None:
        """In a worker thread."""
        if self.is_closed:
            return
        result = PumpHistoryLoaded(None, "Unexpected error, see the log file.")
        try:
            result = PumpHistoryLoaded(self._read_history())
        except DosingError as error:
            result = PumpHistoryLoaded(None, str(error))
        finally:
            self.post_message(result)

    @on(PumpHistoryLoaded)
    def show_history(self, loaded: PumpHistoryLoaded) -> None:
        if loaded.history is None:
            self._message = clean_line(loaded.error)
        else:
            self._history, limits = loaded.history, self._get_limits()
            self._message = "" if len(self._doses) > 1 else "Fewer than two doses in this range."
            since = self._row.figures_since
            self._first_counted = bisect_left(self._doses, since, key=attrgetter("time")) if since else 0
            errors = [dose.error_g or 0.0 for dose in self._doses[self._first_counted :]]
            self._runs = find_runs(errors, limits) if limits else ()
            self._cursor = max(0, len(self._doses) - 1)
        self.draw_page()

    def draw_page(self) -> None:
        width, height = self.app.size.width, max(6, count_page_rows(self.app.size.height))
        canvas = Canvas(width, height)
        top = self._draw_head(canvas) + 1
        limits = self._get_limits()
        if self._message or limits is None:
            text = (
                self._message or "Fewer than ten doses, or below what the scale can weigh: no control limits."
            )
            canvas.write_text(1, top, text, TEXT)
        else:
            self._draw_chart(canvas, top, self._doses, limits)
        rows = canvas.rows + render_footer(self._hints, width)
        self._page.styles.width, self._page.styles.height = width, len(rows)
        self._page.show_rows(rows)

    @property
    def _doses(self) -> Sequence[DoseRow]:
        return self._history.doses

    def _get_limits(self) -> ControlLimits | None:
        """The figures of the table, so that both say the same."""
        if self._row.mean_error_g is None or self._row.sigma_g is None:
            return None
        return ControlLimits(self._row.mean_error_g, self._row.sigma_g)

    def _draw_head(self, canvas: Canvas) -> int:
        """Returns the first row below it."""
        row = self._row
        title = f"{self._station} · pump {row.pump} · {clean_line(row.chemical, 40)} · {row.target_g:g} g"
        end = canvas.write_text(1, 1, title, LABEL)
        finding = describe_finding(row, self._cpk_low)
        if is_incapable(row, self._cpk_low):
            canvas.write_text(end + 2, 1, f"■ not capable · {finding}", DEVIATION)
        elif finding:
            canvas.write_text(end + 2, 1, f"▲ {finding}", DEVIATION)
        allowed = number_format.format_decimal(row.allowance_g, 3)
        numbers = (
            f"Cpk {number_format.format_decimal(row.cpk, 2)}",
            f"bias {number_format.format_signed(row.mean_error_g)} g (allowed ±{allowed} g)",
            f"σ {number_format.format_decimal(row.sigma_g, 3)} g",
            self._count_doses(),
            f"{number_format.format_signed(row.sum_error_g, 1)} g in all",
            f"{number_format.format_decimal(row.rate_g_per_s, 3)} g/s",
        )
        y = write_runs(canvas, 2, [(number, TEXT) for number in numbers])
        return write_runs(canvas, y, list_service_facts(row, self._limits, self._clock(), self._zone))

    def _count_doses(self) -> str:
        """How many the figures are of; and how many of them the chart has, where there are too many."""
        figures, drawn = number_format.count_noun(self._row.doses, "dose"), len(self._doses)
        is_cut = drawn >= MAX_CHART_DOSES and self._row.doses > drawn
        return f"{figures}, the newest {number_format.format_count(drawn)} drawn" if is_cut else figures

    def _draw_chart(self, canvas: Canvas, top: int, doses: Sequence[DoseRow], limits: ControlLimits) -> None:
        errors = [dose.error_g or 0.0 for dose in doses]
        most = max(MAX_ADVICE, canvas.height - top - 2 - MIN_CHART_ROWS)
        advice = fit_advice(self._row, self._runs, canvas.width - 2, most)
        first = self._first_counted
        marked = frozenset(first + run.last for run in self._runs if run.rule.number == 1)
        marks = self._history.list_marks()
        chart = ControlChart(
            errors, limits, self._row.tolerance_g, self._cursor, marked,
            [(index, EVENT_LETTERS[entry.kind]) for index, entry in marks], first,
        )  # fmt: skip
        height = canvas.height - top - len(advice) - 2
        canvas.paste_rows(1, top, paint_control_chart(chart, canvas.width - 2, height))
        self._draw_cursor_value(canvas, doses[self._cursor], top + height)
        for number, (text, style) in enumerate(advice):
            canvas.write_text(1, canvas.height - len(advice) + number, text, style, width=canvas.width - 2)

    def _draw_cursor_value(self, canvas: Canvas, dose: DoseRow, y: int) -> None:
        at = number_format.format_full_timestamp(dose.time, self._zone)
        x = canvas.write_text(1, y, f"{at}  ", DIM)
        x = canvas.write_text(x, y, f"{number_format.format_signed(dose.error_g)} g", STRONG)
        x = canvas.write_text(x, y, f"   {clean_line(dose.recipe, 30)} {clean_line(dose.mode, 20)}", DIM)
        self._draw_legend(canvas, x + 3, y)

    def _draw_legend(self, canvas: Canvas, x: int, y: int) -> None:
        """What was done before the dose at the cursor; else what the letters mean."""
        marks = self._history.list_marks()
        done = [entry for index, entry in marks if index == self._cursor]
        if done:
            at = number_format.format_full_timestamp(done[-1].at, self._zone)
            said = f"{done[-1].kind}, {done[-1].part}, {at}, {done[-1].person}: {done[-1].note}".rstrip(": ")
            canvas.write_text(
                x, y, f"{EVENT_LETTERS[done[-1].kind]} {said}", TEXT, width=canvas.width - x - 1
            )
            return
        for kind in dict.fromkeys(entry.kind for _, entry in marks):
            if x + len(kind) + 2 < canvas.width:
                x = canvas.write_text(x, y, EVENT_LETTERS[kind], EVENT_LETTER)
                x = canvas.write_text(x, y, f" {kind}", DIM) + 3

    @on(WheelTurned)
    def _scroll_chart(self, event: WheelTurned) -> None:
        self.action_cursor(event.step)

    def action_back(self) -> None:
        self.dismiss()

    def action_cursor(self, step: int) -> None:
        """Move the cursor by so many doses."""
        self._cursor = max(0, min(len(self._doses) - 1, self._cursor + step))
        self.draw_page()

    def action_cursor_end(self, last: bool) -> None:
        self.action_cursor(1_000_000 if last else -1_000_000)


def write_runs(canvas: Canvas, y: int, runs: Iterable[tuple[str, CellStyle]]) -> int:
    """Texts from row ``y`` on, with dots between those of a row; none is cut. Returns the first row below."""
    x = 1
    for text, style in runs:
        if x > 1 and x + len(split_cells(text)) + 3 > canvas.width - 1:
            x, y = 1, y + 1
        x = canvas.write_text(x, y, f" · {text}" if x > 1 else text, style, width=canvas.width - 1 - x)
    return y + 1


def list_service_facts(
    row: PumpCapability, limits: PlantServiceLimits, now: datetime, zone: tzinfo
) -> Iterator[tuple[str, CellStyle]]:
    """Tube, calibration and flow of the row's pump against their limits; what is due stands out."""
    dues = list(list_service_dues(get_service_state(row), limits.get_limits(row.device_id, row.pump), now))
    life = {due.unit: due for due in dues if due.work is ServiceWork.TUBE}
    age = "since the first dose" if row.tube_at is None else f"of {row.tube_at.astimezone(zone):%Y-%m-%d}"
    used = [
        f"{used} of {number_format.format_whole(life[unit].limit)} {unit}"
        if unit in life
        else f"{used} {unit}"
        for unit, used in (
            ("g", number_format.format_whole(row.tube_g)),
            ("h", number_format.format_decimal(row.tube_hours, 1)),
        )
    ]
    is_due = any(due.is_due for due in life.values())
    yield f"{'▲ ' * is_due}tube {age}: {', '.join(used)}", DEVIATION if is_due else TEXT
    for work, name, at in (
        (ServiceWork.CALIBRATION, "calibrated", row.calibrated_at),
        (ServiceWork.SCALE_CALIBRATION, "scale", row.scale_calibrated_at),
    ):
        due = next((one for one in dues if one.work is work), None)
        if due is None and at is None:
            continue
        text = f"{name} {'never' if at is None else f'{at.astimezone(zone):%Y-%m-%d}'}"
        if due is not None and due.due_at is not None:
            text += f", due {due.due_at.astimezone(zone):%Y-%m-%d}"
        is_late = due is not None and due.is_due
        yield f"{'▲ ' * is_late}{text}", DEVIATION if is_late else TEXT
    if row.new_rate_g_per_s is not None:
        yield f"new {number_format.format_decimal(row.new_rate_g_per_s, 3)} g/s", TEXT


def fit_advice(
    row: PumpCapability, runs: Sequence[RunFinding], width: int, most: int
) -> list[tuple[str, CellStyle]]:
    """The advice in at most so many lines: of the runs what has room, and the number of the others."""
    lines: list[tuple[str, CellStyle]] = []
    for shown in range(len({run.rule.number for run in runs}), -1, -1):
        texts = list_advice(row, runs, most_runs=shown)
        lines = [(line, style) for text, style in texts for line in wrap_text(text, width)]
        if len(lines) <= most:
            break
    return lines[:most]


def list_advice(
    row: PumpCapability, runs: Sequence[RunFinding], *, most_runs: int = 99
) -> Iterator[tuple[str, CellStyle]]:
    """What to do about the bias, and what the runs suggest: advice, no alarm."""
    is_above = row.mean_error_g is not None and row.mean_error_g > 0
    if row.cause == ShiftCause.SCALE:
        amount = "much" if is_above else "little"
        yield (
            f"▲ All pumps of the station dose too {amount}: check the scale. Change no pump before that.",
            STRONG,
        )
    elif row.cause and row.mean_error_g is not None:
        grams = number_format.format_decimal(abs(row.mean_error_g), 2, " g")
        yield f"▲ Stop {grams} {'earlier' if is_above else 'later'}; check the tube.", STRONG
    if row.overshoot_g is not None and (row.stop_delay_s or 0.0) > 0 and row.cause != ShiftCause.SCALE:
        fixed = number_format.format_signed(row.overshoot_g)
        yield f"Overshoot: {fixed} g + {number_format.format_decimal(row.stop_delay_s, 2)} s × rate.", DIM
    found = {run.rule.number: run.rule for run in runs}
    if found:
        texts = [found[number].text for number in sorted(found)]
        if rest := len(texts[most_runs:]):
            texts[most_runs:] = [f"{'and ' * (most_runs > 0)}{rest} more"]
        yield f"Runs (advice): {'; '.join(texts)}.", DIM
