"""The maintenance page: what is stored, what retention drops next and when, and the database's jobs."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING

from msgspec import Struct

from dosing_tui.config.settings import Settings
from dosing_tui.database.maintenance.maintenance_facts import (
    NO_JOBS_TEXT,
    UNDECIDED_TEXT,
    MaintenanceStatus,
    TableStatus,
    format_keep_days,
)
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.quantities.quantity_text import (
    NO_VALUE,
    count_noun,
    format_bytes,
    format_count,
    format_decimal,
    format_duration,
)
from dosing_tui.tui.charts.primitives.bars import draw_thin_bar
from dosing_tui.tui.data.driver_import import import_driver
from dosing_tui.tui.keys.bindings import MAINTENANCE_KEYS
from dosing_tui.tui.rendering.canvas import fit_names, wrap_text
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, LABEL, STRONG, TEXT, CellStyle, ColourRole
from dosing_tui.tui.screens.page_table import PageColumn, place_cells
from dosing_tui.tui.screens.report_page import PageLine, PageSpan, PageState, ReportPage

if TYPE_CHECKING:
    from dosing_tui.database.schema.background_jobs import JobState

MAX_WIDTH = 112
WIDE = 98
"""From this width on, columns have more room."""
READ_TIMEOUT_S = 60.0
"""A page that waits longer says so."""
RESULT_WIDTH = 9
CHUNK_WIDTH = 18 + 23 + 8 + 21
"""Of a chunk's line without its bar and the gaps."""
MIN_BAR_WIDTH = 8
_BAR_CELLS = frozenset("▄▖")
_BAR = CellStyle(ColourRole.BAR)
_JOB_TITLES = {
    "Columnstore Policy": "Compression",
    "Compression Policy": "Compression",
    "Refresh Continuous Aggregate Policy": "Refresh",
    "Retention Policy": "Retention",
}
"""TimescaleDB's names of its policies, in short."""


class MaintenanceScreen(ReportPage["MaintenanceReport"]):
    BINDINGS = [*MAINTENANCE_KEYS]
    page_title = "Maintenance"


class MaintenanceReport(Struct, frozen=True):
    """The status, and when it was read."""

    at: datetime
    status: MaintenanceStatus


class MaintenancePage(Struct, frozen=True):
    """``zone`` is the plant's: that of all times on the page."""

    read_status: Callable[[], MaintenanceStatus]
    clock: Callable[[], datetime]
    zone: tzinfo
    max_width = MAX_WIDTH
    reading_text = "Reading sizes, retention and jobs ..."
    failure_text = "The status could not be read; see the log file."

    def read(self) -> MaintenanceReport:
        status = self.read_status()
        return MaintenanceReport(self.clock(), status)

    def list_lines(self, state: PageState[MaintenanceReport], width: int) -> Sequence[PageLine]:
        width -= 2
        lines: list[PageLine] = [()]
        if state.value is None:
            lines.append((PageSpan(0, "Maintenance: nothing is changed by this page.", LABEL, width),))
        else:
            lines.append(_write_head(state.value, width, self.zone))
        for number, part in enumerate(wrap_text(state.message, max(1, width - 2))):
            mark = "■" if state.has_failed and not number else ""
            style = DEVIATION if state.has_failed else TEXT
            lines.append((PageSpan(0, mark, style, 2), PageSpan(2 * state.has_failed, part, style, width)))
        if state.value is not None:
            lines += _StatusLines(state.value, width, self.zone).list_sections()
        return lines


def read_status_once(settings: Settings) -> MaintenanceStatus:
    """In a worker thread. Raises: DatabaseUnavailableError, DatabaseAccessError."""
    # imported here to save start-up
    import_driver()
    from dosing_tui.database.connection import StatementTimeouts
    from dosing_tui.database.maintenance.maintenance_status import read_status

    return read_status(settings, timeouts=StatementTimeouts(statement_s=READ_TIMEOUT_S))


def _write_head(report: MaintenanceReport, width: int, zone: tzinfo) -> PageLine:
    status, failed = report.status, len(report.status.failed_jobs)
    jobs = f" {failed} of {count_noun(len(status.jobs), 'job')} failed." if failed else ""
    size = format_bytes(status.database_bytes)
    head = f"Maintenance, {report.at.astimezone(zone):%H:%M:%S}. {status.flavour.label}, {size}."
    return PageSpan(0, head, LABEL, width), PageSpan(len(head), jobs, DEVIATION, width - len(head))


class _StatusLines(Struct, frozen=True):
    """The sections of the page at a width."""

    report: MaintenanceReport
    width: int
    zone: tzinfo

    @property
    def _status(self) -> MaintenanceStatus:
        return self.report.status

    @property
    def _gap(self) -> int:
        return 4 if self.width >= WIDE else 2

    def list_sections(self) -> Iterator[PageLine]:
        sections = [self._list_sizes(), self._list_retention(), self._list_jobs(), self._list_chunks()]
        if self._status.failed_jobs:
            sections.insert(0, sections.pop(2))
        for section in sections:
            yield ()
            yield from section

    def _list_sizes(self) -> Iterator[PageLine]:
        columns = [
            PageColumn("Stored", 18), PageColumn("size", 8, is_right=True),
            PageColumn("chunks", 6, is_right=True), PageColumn("compressed", 12, is_right=True),
            PageColumn("dead rows", 9, is_right=True), PageColumn("oldest", 10),
        ]  # fmt: skip
        yield place_cells(
            columns, [column.title for column in columns], DIM, gap=self._gap, first_style=LABEL
        )
        for table in self._status.tables:
            size = table.size
            ratio = f", {format_decimal(table.compression, 1, 'x')}" if table.compression else ""
            cells = [
                size.table_name,
                format_bytes(size.bytes),
                format_count(size.chunk_count),
                f"{format_count(size.compressed_chunks)}{ratio}" if size.compressed_chunks else NO_VALUE,
                format_count(size.dead_rows),
                self._format_day(table.oldest),
            ]
            yield place_cells(columns, cells, TEXT, gap=self._gap)
        others = ["all other tables", format_bytes(self._status.other_bytes)]
        yield place_cells(columns, others, TEXT, gap=self._gap)

    def _list_retention(self) -> Iterator[PageLine]:
        columns = [
            PageColumn("Retention", 18), PageColumn("kept", 9, is_right=True), PageColumn("next drop", 16),
            PageColumn("in", 10), PageColumn("rows", 11, is_right=True),
        ]  # fmt: skip
        yield place_cells(
            columns, [column.title for column in columns], DIM, gap=self._gap, first_style=LABEL
        )
        for table in self._status.tables:
            cells = [table.size.table_name, format_keep_days(table.keep_days, is_decided=table.is_decided)]
            yield place_cells(columns, cells + self._list_drop_cells(table), TEXT, gap=self._gap)
        if (sums := self._status.sums) is not None:
            kept = format_keep_days(sums.keep_days, is_decided=sums.is_decided)
            when = "every hour" if sums.keep_days is not None else NO_VALUE
            yield place_cells(columns, ["sums, rejected", kept, when], TEXT, gap=self._gap)
        undecided = [table.size.table_name for table in self._status.tables if not table.is_decided]
        if sums is not None and not sums.is_decided:
            undecided.append("sums")
        if undecided:
            yield from self._wrap(f"{', '.join(undecided)}: {UNDECIDED_TEXT}", STRONG, mark="▲", x=0)

    def _list_drop_cells(self, table: TableStatus) -> list[str]:
        if table.next_drop is None:
            return [NO_VALUE, "", ""]
        rest_s = (table.next_drop - self.report.at).total_seconds()
        due = format_duration(rest_s) if rest_s > 0 else "due now"
        return [f"{table.next_drop.astimezone(self.zone):%Y-%m-%d %H:%M}", due, format_count(table.next_rows)]

    def _list_jobs(self) -> Iterator[PageLine]:
        jobs = sorted(self._status.jobs, key=lambda job: (not job.has_failed, job.is_scheduled, job.job_id))
        if not jobs:
            yield (PageSpan(0, "Jobs", LABEL, 18),)
            yield from self._wrap(NO_JOBS_TEXT, TEXT, x=0)
            return
        names = [job.table_name for job in jobs]
        name_width = 26 if self.width >= WIDE else 22
        columns = [
            PageColumn("Jobs", RESULT_WIDTH - 1), PageColumn("", 17), PageColumn("of", name_width),
            PageColumn("last run", 12), PageColumn("next run", 12),
        ]  # fmt: skip
        gap = self._gap - 1
        yield place_cells(columns, [column.title for column in columns], DIM, gap=gap, first_style=LABEL)
        for job, name in zip(jobs, fit_names(names, name_width), strict=True):
            yield from self._list_job_lines(columns, job, name, gap)

    def _list_job_lines(
        self, columns: Sequence[PageColumn], job: "JobState", table_name: str, gap: int
    ) -> Iterator[PageLine]:
        result, style = _describe_result(job)
        title = clean_line(job.title, 40)
        title = f"{job.job_id} {_JOB_TITLES.get(title, title)}"
        cells = [
            result,
            title,
            table_name,
            self._format_time(job.last_start),
            self._format_time(job.next_start) if job.is_scheduled else "off",
        ]
        line = place_cells(columns, cells, TEXT, gap=gap, first_style=style)
        if not table_name:  # of no table: its name has the room of both
            line = (line[0], line[1]._replace(width=columns[1].width + gap + columns[2].width), *line[3:])
        yield line
        indent = columns[0].width + gap
        if job.has_failed:
            error = clean_line(job.last_error, 300) or "no reason is recorded"
            yield from self._wrap(error, TEXT, x=indent)
        if job.remedy:
            yield from self._wrap(job.remedy, STRONG, mark="→", x=indent)

    def _list_chunks(self) -> Iterator[PageLine]:
        chunks = self._status.chunks
        bar_width = self.width - CHUNK_WIDTH - 5 * self._gap
        has_bars = bar_width >= MIN_BAR_WIDTH
        columns = [
            PageColumn("Chunks", 18), PageColumn("rows from – until", 23),
            PageColumn("size", 8, is_right=True), *([PageColumn("", bar_width)] if has_bars else []),
            PageColumn("state", 21),
        ]  # fmt: skip
        yield place_cells(
            columns, [column.title for column in columns], DIM, gap=self._gap, first_style=LABEL
        )
        if not chunks:
            yield (PageSpan(0, "No chunks: no reading is stored yet.", TEXT, self.width),)
        top = max((chunk.bytes for chunk in chunks), default=1)
        for chunk in chunks:
            cells = [
                chunk.table_name,
                f"{self._format_day(chunk.since)} – {self._format_day(chunk.until)}",
                format_bytes(chunk.bytes),
                *([_draw_bar(chunk.bytes, bar_width, top)] if has_bars else []),
                self._status.describe_chunk(chunk),
            ]
            style = STRONG if self._status.is_dropped_next(chunk) else TEXT
            line = place_cells(columns, cells, style, gap=self._gap)
            yield tuple(span._replace(style=_BAR) if span.text[:1] in _BAR_CELLS else span for span in line)

    def _wrap(self, text: str, style: CellStyle, *, x: int, mark: str = "") -> Iterator[PageLine]:
        indent = x + (2 if mark else 0)
        for number, part in enumerate(wrap_text(text, max(1, self.width - indent))):
            yield (
                PageSpan(x, "" if number else mark, style, 2),
                PageSpan(indent, part, style, self.width - indent),
            )

    def _format_day(self, moment: datetime | None) -> str:
        return f"{moment.astimezone(self.zone):%Y-%m-%d}" if moment else NO_VALUE

    def _format_time(self, moment: datetime | None) -> str:
        """With its day when it is another one than that of the page."""
        if moment is None:
            return NO_VALUE
        local, now = moment.astimezone(self.zone), self.report.at.astimezone(self.zone)
        if local.date() == now.date():
            return f"{local:%H:%M}"
        return f"{local:%d %b %H:%M}" if local.year == now.year else f"{local:%Y-%m-%d}"


def _describe_result(job: "JobState") -> tuple[str, CellStyle]:
    if job.has_failed:
        return "■ FAILED", DEVIATION
    if not job.is_scheduled:
        return "▲ OFF", STRONG
    return ("ok", DIM) if job.last_status else (NO_VALUE, DIM)


def _draw_bar(value: int, width: int, top: int) -> str:
    return "".join(cell for cell, _ in draw_thin_bar(value, width, top=top)[0]).rstrip()
