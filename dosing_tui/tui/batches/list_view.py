"""The batch list: its tabs with their counts, and one row per batch. Pure."""

from collections.abc import Callable, Mapping
from datetime import datetime, tzinfo
from operator import attrgetter

from msgspec import Struct

from dosing_tui.domain.batch_review.query_models import BatchRow, BatchStatusCounts
from dosing_tui.domain.batch_review.review_rules import Decision, ReviewState
from dosing_tui.domain.batches.models import BatchStatus
from dosing_tui.tui.data.batch_list_state import (
    NOT_COMPLETE_TABS,
    BatchListOptions,
    BatchListState,
    BatchTab,
    get_selected_row,
)
from dosing_tui.tui.layout.bar_parts import BAR_STYLE, DIM_STYLE, KEY_STYLE
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, render_paragraph, sanitize_text
from dosing_tui.tui.rendering.data_table import StyledRuns, TableColumn, TableCursor, TableData, paint_table
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, STRONG, TEXT, CellStyle, ColourRole


class BatchListContext(Struct, frozen=True):
    """The values that the rows need besides the batch."""

    now: datetime
    zone: tzinfo
    stations: tuple[tuple[str, str], ...] = ()
    """Each station and its short name; empty for a single station."""


STATUS_LABELS: Mapping[str, tuple[str, str]] = {
    BatchStatus.OPEN: ("◇", "running"),
    BatchStatus.COMPLETE: ("●", "complete"),
    BatchStatus.ABORTED: ("■", "aborted"),
    BatchStatus.INCOMPLETE: ("■", "incomplete"),
    BatchStatus.NO_START: ("■", "no start"),
    BatchStatus.COMPLETE_ONLY: ("■", "complete only"),
}
"""Mark and text of each status."""
REVIEW_LABELS = {
    ReviewState.UNREVIEWED.value: "to review",
    ReviewState.OUTDATED.value: "changed since",
    Decision.DEVIATION.value: "with deviation",
    Decision.NEEDS_INFORMATION.value: "needs info",
    ReviewState.CONFIRMED_DEVIATION.value: "dev. confirmed",
}
"""The list's texts where they are shorter than the state's own."""
_WARNING_REVIEWS = frozenset({ReviewState.OUTDATED.value, Decision.REJECTED.value})
_SHORT_TAB_NAMES = {
    BatchTab.ALL: "All",
    BatchTab.RUNNING: "Running",
    BatchTab.COMPLETE: "Done",
    BatchTab.NOT_COMPLETE: "Not done",
}
"""The tabs side by side, with their names in a narrow window."""
_TAB_COUNTS: Mapping[BatchTab, Callable[[BatchStatusCounts], int]] = {
    BatchTab.ALL: attrgetter("batches"),
    BatchTab.RUNNING: attrgetter("under_way"),
    BatchTab.COMPLETE: attrgetter("complete"),
    BatchTab.NOT_COMPLETE: attrgetter("not_complete"),
    BatchTab.ABORTED: attrgetter("aborted"),
    BatchTab.INCOMPLETE: attrgetter("incomplete"),
    BatchTab.NO_START: attrgetter("no_start"),
    BatchTab.COMPLETE_ONLY: attrgetter("complete_only"),
}
_ACTIVE_TAB_STYLE = CellStyle(ColourRole.STRONG, ColourRole.SELECTION, bold=True)


def render_batch_tabs(
    options: BatchListOptions, counts: BatchStatusCounts | None, filter_keys: tuple[str, str, str], width: int
) -> Rows:
    """Tabs at the left, the filters "to review", "exceptions" and "clean" at the right, with numbers."""
    canvas = Canvas(width, 1, DIM_STYLE)
    x = 1 if width >= 100 else 0
    single = options.tab in NOT_COMPLETE_TABS
    for tab in _SHORT_TAB_NAMES:
        is_active = tab is options.tab or (single and tab is BatchTab.NOT_COMPLETE)
        text = f" {_format_tab(options.tab, counts, tab, width)} "
        x = canvas.write_text(x, 0, text, _ACTIVE_TAB_STYLE if is_active else BAR_STYLE)
    found = (None,) * 3 if counts is None else (counts.unreviewed, counts.with_findings, counts.clean)
    labels = _choose_chip_labels(found, width - x - sum(len(key) + 3 for key in filter_keys))
    chips = zip(filter_keys, labels, (options.unreviewed, options.with_findings, options.clean), strict=True)
    end = width - 1
    for key, label, on in reversed(list(chips)):
        end = canvas.write_right(end, 0, f" {label} ", _ACTIVE_TAB_STYLE if on else BAR_STYLE)
        end = canvas.write_right(end, 0, key, KEY_STYLE) - 1
    return canvas.rows


def _choose_chip_labels(found: tuple[int | None, ...], width: int) -> list[str]:
    """The filters' names, with numbers if there is room for them, the names shortened for their sake."""
    long, short = ["to review", "exceptions", "clean"], ["review", "exc.", "clean"]
    numbers = ["" if count is None else f" {number_format.format_count(count)}" for count in found]
    choices = [
        [name + number for name, number in zip(names, numbers, strict=True)] for names in (long, short)
    ]
    fitting = (labels for labels in (*choices, long) if sum(map(len, labels)) < width)
    return next(fitting, short)


def _format_tab(chosen_tab: BatchTab, counts: BatchStatusCounts | None, tab: BatchTab, width: int) -> str:
    """The tab's text; a single status that is not complete replaces the tab of all of them."""
    name = tab.value if width >= 100 else _SHORT_TAB_NAMES[tab]
    if tab is not BatchTab.NOT_COMPLETE:
        return f"{name}{_format_tab_count(counts, tab)}"
    if chosen_tab not in NOT_COMPLETE_TABS:
        return f"{name}{_format_tab_count(counts, tab)} ›"
    single = f"{chosen_tab}{_format_tab_count(counts, chosen_tab)}"
    return f"{name}: {single}" if width >= 100 else single


def _format_tab_count(counts: BatchStatusCounts | None, tab: BatchTab) -> str:
    return "" if counts is None else f" {number_format.format_count(_TAB_COUNTS[tab](counts))}"


def render_batch_list(
    state: BatchListState, context: BatchListContext, width: int, height: int, *, empty_text: str
) -> Rows:
    """The headings, and the batches from ``state.first`` on; ``empty_text`` where there are none."""
    if not state.rows:
        return render_paragraph(empty_text, width, height)
    cursor = TableCursor(selected_row=get_selected_row(state), first_row=state.first)
    return paint_table(build_batch_table(state, context), width, height, cursor, highlight_row=True)


def build_batch_table(state: BatchListState, context: BatchListContext) -> TableData[BatchRow]:
    station = (_STATION_COLUMN,) if context.stations else ()
    return TableData(state.rows, (*_LEADING_COLUMNS, *station, *_COLUMNS), context)


def format_status(status: str) -> tuple[str, str]:
    """Mark and text; an unknown status has its own name."""
    return STATUS_LABELS.get(status, ("■", sanitize_text(status, 14)))


def format_review_state(state: str, *, short: bool = True) -> str:
    if not short and state == ReviewState.CONFIRMED_DEVIATION:
        return state
    return REVIEW_LABELS.get(state, sanitize_text(state, 24))


def is_abnormal(status: str) -> bool:
    return status not in (BatchStatus.OPEN, BatchStatus.COMPLETE)


def calculate_minutes(row: BatchRow) -> float | None:
    return None if row.ends_at is None else (row.ends_at - row.begins_at).total_seconds() / 60


def _render_start(row: BatchRow, context: BatchListContext, width: int, background: ColourRole) -> Rows:
    """The time; with its day where there is room or it is not today."""
    local = row.begins_at.astimezone(context.zone)
    today = local.date() == context.now.astimezone(context.zone).date()
    canvas = Canvas(width, 1, CellStyle(bg=background))
    year = local.year == context.now.astimezone(context.zone).year
    text = f"{local:%d %b %H:%M}" if year else f"{local:%d.%m.%y} {local:%H:%M}"
    canvas.write_text(
        0, 0, "today  " if today else text[:-5], CellStyle(ColourRole.DIM, background), width=width
    )
    canvas.write_right(width, 0, f"{local:%H:%M}", CellStyle(ColourRole.TEXT, background))
    return canvas.rows


def _format_styled_status(row: BatchRow, context: BatchListContext) -> StyledRuns:
    colour = ColourRole.DIM if row.status == BatchStatus.COMPLETE else ColourRole.ACCENT
    style = DEVIATION if is_abnormal(row.status) else CellStyle(colour)
    return [(" ".join(format_status(row.status)), style)]


def _format_exceptions(row: BatchRow, context: BatchListContext) -> StyledRuns:
    if not row.findings:
        return []
    return [(f"▲ {row.findings:<2} ", DEVIATION), (", ".join(row.finding_kinds), TEXT)]


def _render_review(row: BatchRow, context: BatchListContext, width: int, background: ColourRole) -> Rows:
    canvas = Canvas(width, 1, CellStyle(bg=background))
    state = row.review_state
    is_new = state == ReviewState.UNREVIEWED
    is_waiting = is_new and row.status != BatchStatus.OPEN
    is_warning = state in _WARNING_REVIEWS
    colour = ColourRole.DEVIATION if is_warning else ColourRole.STRONG if is_waiting else ColourRole.DIM
    text = format_review_state(state) if is_waiting or not is_new else "–"
    mark = "▲" if is_warning else "□" if is_waiting else " "
    x = canvas.write_text(0, 0, f"{mark} {text}", CellStyle(colour, background, bold=is_warning))
    if row.disposed_by and width - x > 4:
        canvas.write_text(x + 2, 0, row.reviewers, CellStyle(ColourRole.DIM, background), width=width - x - 2)
    return canvas.rows


def _calculate_error(row: BatchRow) -> float | None:
    if row.target_g is None or row.actual_g is None:
        return None
    return round(row.actual_g - row.target_g, 6)


def _format_doses(row: BatchRow) -> str:
    return f"{row.doses}/{row.pumps}" if row.pumps is not None else str(row.doses)


_LEADING_COLUMNS: tuple[TableColumn[BatchRow], ...] = (
    TableColumn(
        "Started",
        12,
        95,
        lambda row, facts: number_format.format_full_timestamp(row.begins_at, facts.zone),
        lambda row, facts: row.begins_at,
        draw_cell=_render_start,
        max_growth=2,
    ),
    TableColumn(
        "No.",
        3,
        80,
        lambda row, facts: sanitize_text(row.batch_id.rpartition("-")[2], 6),
        style=DIM,
        align_right=True,
    ),
)
_STATION_COLUMN: TableColumn[BatchRow] = TableColumn(
    "Stn",
    3,
    70,
    lambda row, facts: sanitize_text(dict(facts.stations).get(row.device_id, row.device_id)),
    max_growth=6,
    is_name=True,
)
_COLUMNS: tuple[TableColumn[BatchRow], ...] = (
    TableColumn(
        "Recipe",
        9,
        92,
        lambda row, facts: sanitize_text(row.recipe),
        style=STRONG,
        max_growth=5,
        is_name=True,
    ),
    TableColumn("Mode", 8, 10, lambda row, facts: sanitize_text(row.mode, 16), style=DIM),
    TableColumn(
        "Status",
        12,
        94,
        lambda row, facts: format_status(row.status)[1],
        format_runs=_format_styled_status,
        max_growth=3,
    ),
    TableColumn(
        "Doses", 5, 30, lambda row, facts: _format_doses(row), lambda row, facts: row.doses, align_right=True
    ),
    TableColumn(
        "Mass g",
        8,
        20,
        lambda row, facts: number_format.format_decimal(row.actual_g, 2),
        lambda row, facts: row.actual_g,
        unit="g",
        align_right=True,
    ),
    TableColumn(
        "Error g",
        7,
        40,
        lambda row, facts: number_format.format_signed(_calculate_error(row)),
        lambda row, facts: _calculate_error(row),
        unit="g",
        align_right=True,
    ),
    TableColumn(
        "min",
        5,
        35,
        lambda row, facts: number_format.format_decimal(calculate_minutes(row), 1),
        lambda row, facts: calculate_minutes(row),
        unit="min",
        style=DIM,
        align_right=True,
    ),
    TableColumn(
        "Exceptions",
        18,
        93,
        lambda row, facts: ", ".join(row.finding_kinds),
        format_runs=_format_exceptions,
        max_growth=60,
        min_width=6,
    ),
    TableColumn(
        "Review",
        16,
        94,
        lambda row, facts: format_review_state(row.review_state),
        draw_cell=_render_review,
        max_growth=10,
    ),
)
