"""``dosing-tui panel``: the rows of one panel, on stdout or in a file."""

import difflib
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from dosing_tui.config.settings import GlyphMode, Settings
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.domain.messages.models import BatchEvent
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.domain.panels.filters import Dimension, Selection
from dosing_tui.domain.panels.panel_catalog import PANELS, Panel, PanelQuery
from dosing_tui.domain.time import range_parser
from dosing_tui.domain.time.latest_batch import find_latest_batch
from dosing_tui.domain.time.time_range import RangeSpec
from dosing_tui.errors import DatabaseUnavailableError, ExportError, RangeError
from dosing_tui.export import output_files
from dosing_tui.export.documents.file_format import FileFormat
from dosing_tui.export.table import ExportTable, build_table
from dosing_tui.export.table_renderer import render_table
from dosing_tui.export.text_format import format_caption

EXIT_NO_ROWS = 1
"""No rows; the reason is on stderr."""
EXIT_UNAVAILABLE = 3
"""Database unavailable; retrying later may help. Other errors exit with 2."""
_MAX_VALUES = 20
"""Most known values listed in a message."""

MessageReporter = Callable[[str], None]
TextWriter = Callable[[str], object]


class PanelExportRequest(Struct, frozen=True):
    """``from_``, ``to`` and ``range`` as entered, '' if absent; ``output`` None is stdout."""

    panel: str
    from_: str
    to: str
    range: str
    selection: Selection
    format: FileFormat
    output: Path | None
    force: bool


def export_panel(
    settings: Settings,
    request: PanelExportRequest,
    *,
    now: datetime,
    width: int,
    write: TextWriter,
    report: MessageReporter,
) -> int:
    """Return the exit status: 0, ``EXIT_NO_ROWS`` or ``EXIT_UNAVAILABLE``.

    Raises: ExportError, RangeError, DatabaseAccessError.
    """
    panel = _find_panel(request.panel)
    spec = _parse_range(request, panel)
    _check_filters(panel, request, report)
    reader = PanelReader(settings)
    reader.open()
    with closing(reader):
        try:
            found, reason = _query_panel(reader, settings, panel, request.selection, spec, now)
        except DatabaseUnavailableError as error:
            report(f"dosing-tui: {error}")
            return EXIT_UNAVAILABLE
    if found.rows or request.format is not FileFormat.TABLE:
        ascii_only = settings.console.glyphs is GlyphMode.ASCII
        output_files.write_output(
            render_table(found, request.format, width=width, ascii_only=ascii_only),
            request.output,
            name=f"{output_files.build_file_stem(found)}.{request.format.suffix}",
            force=request.force,
            show=write,
            report=report,
        )
    _report_truncation(panel, found, report)
    if not found.rows:
        report(f"No rows: {format_caption(found)}. {reason}")
    return 0 if found.rows else EXIT_NO_ROWS


def _check_filters(panel: Panel[Any], request: PanelExportRequest, report: MessageReporter) -> None:
    """Say which filters are ignored."""
    for dimension in Dimension:
        if request.selection.get_values(dimension) and dimension not in panel.dimensions:
            report(f"Panel {panel.id} has no filter by {dimension.value}: --{dimension.value} is ignored.")


def _report_truncation(panel: Panel[Any], table: ExportTable, report: MessageReporter) -> None:
    if len(table.rows) == panel.max_rows:
        report(f"Only the newest {panel.max_rows} rows: a shorter range or a filter shows the others.")


def format_panel_list() -> str:
    """Every panel: ID, title, default range and filters."""
    rows = [
        (
            panel.id,
            panel.title,
            panel.default_range,
            ", ".join(d.value for d in Dimension if d in panel.dimensions),
        )
        for panel in PANELS.values()
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "".join(
        "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[3]]) + "\n"
        for row in rows
    )


def _find_panel(name: str) -> Panel[Any]:
    if name in PANELS:
        return PANELS[name]
    what = f"there is no panel {clean_text(name)!r}" if name else "name a panel"
    raise ExportError(f"panel: {what}.{_suggest_nearest(name, PANELS)} Panels: {', '.join(PANELS)}.")


def _parse_range(request: PanelExportRequest, panel: Panel[Any]) -> RangeSpec:
    if request.range and (request.from_ or request.to):
        raise RangeError("Give either --range or --from and --to, not both.")
    if request.to and not request.from_:
        raise RangeError("--to needs --from.")
    return RangeSpec(request.range or request.from_ or panel.default_range, request.to)


def _query_panel(
    reader: PanelReader,
    settings: Settings,
    panel: Panel[Any],
    selection: Selection,
    spec: RangeSpec,
    now: datetime,
) -> tuple[ExportTable, str]:
    """The rows and, if there are none, why."""
    zone, calendar = ZoneInfo(settings.plant.timezone), settings.calendar
    events = reader.load_readings() if range_parser.is_batch_range(spec) else []
    batch = find_latest_batch((e for e in events if isinstance(e, BatchEvent)), selection, now)
    window = range_parser.resolve_range(spec, now, zone, calendar=calendar, batch=batch)
    narrowed = selection.restrict_to(panel.dimensions)
    for dimension in Dimension:
        if values := narrowed.get_values(dimension):
            _check_values(dimension, values, reader.list_filter_values(dimension, since=window.since))
    query = PanelQuery(window.since, window.until, now, narrowed)
    rows = reader.read_panel(panel, query)
    words = range_parser.describe_range(spec, now, zone, calendar=calendar, batch=batch)
    table = build_table(panel, rows, query, range=words, zone=zone)
    return table, "" if rows else _explain_no_rows(reader, panel, query, zone)


def _check_values(dimension: Dimension, values: Iterable[str], known: list[str]) -> None:
    for value in (each for each in values if each not in known):
        more = len(known) - _MAX_VALUES
        named = ", ".join(known[:_MAX_VALUES]) + (f" and {more} more" if more > 0 else "")
        raise ExportError(
            f"{dimension.value}: {clean_text(value)!r} is not known.{_suggest_nearest(value, known)} "
            + (f"Known: {named}." if known else f"No {dimension.value} is stored yet.")
        )


def _suggest_nearest(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _explain_no_rows(reader: PanelReader, panel: Panel[Any], query: PanelQuery, zone: ZoneInfo) -> str:
    if query.since >= query.now:
        return "The range is in the future."
    if query.selection.is_active:
        without = reader.read_panel(panel, PanelQuery(query.since, query.until, query.now))
        if without:
            return f"Without the filter there are {len(without)}."
    dropped = reader.find_dropped(panel, query)
    return "No data in this range." + (f" {dropped.describe(zone)}" if dropped else "")
