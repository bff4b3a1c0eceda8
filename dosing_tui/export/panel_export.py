"""``dosing-tui panel``: one panel's rows without the console, on stdout or in a file."""

import difflib
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from dosing_tui.config.settings import Glyphs, Settings
from dosing_tui.database.panel_reader import Reader
from dosing_tui.domain.messages.models import BatchEvent
from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.domain.panels.filters import Dimension, Selection
from dosing_tui.domain.panels.panel_catalog import PANELS, Panel, Query
from dosing_tui.domain.time import range_parser
from dosing_tui.domain.time.latest_batch import latest_batch
from dosing_tui.domain.time.time_range import RangeSpec
from dosing_tui.errors import DatabaseAway, ExportError, RangeError
from dosing_tui.export import output_files
from dosing_tui.export.csv_format import to_csv
from dosing_tui.export.json_format import to_json
from dosing_tui.export.table import Extract, extract
from dosing_tui.export.text_format import caption, to_table

NO_ROWS = 1
"""There is nothing to show; stderr says why."""
AWAY = 3
"""The database is away: try again later. What does not pass by itself is 2, as everywhere."""
_NAMED = 20
"""Most known values in one sentence."""

Report = Callable[[str], None]
Write = Callable[[str], object]


class Format(StrEnum):
    TABLE = "table"
    CSV = "csv"
    JSON = "json"


_SUFFIX = {Format.TABLE: "txt", Format.CSV: "csv", Format.JSON: "json"}


@dataclass(frozen=True, slots=True)
class Request:
    """``from_``, ``to`` and ``range`` as written, '' where nothing is; ``output`` None is stdout."""

    panel: str
    from_: str
    to: str
    range: str
    selection: Selection
    format: Format
    output: Path | None
    force: bool


def run(
    settings: Settings, request: Request, *, now: datetime, width: int, write: Write, report: Report
) -> int:
    """The exit status: 0, NO_ROWS or AWAY. Raises: ExportError, RangeError, DatabaseRefused."""
    panel = _panel(request.panel)
    spec = _spec(request, panel)
    for sentence in _ignored(panel, request.selection):
        report(sentence)
    reader = Reader(settings)
    reader.open()
    with closing(reader):
        try:
            found, rows_without_filter = _asked(reader, settings, panel, request.selection, spec, now)
        except DatabaseAway as error:
            report(f"dosing-tui: {error}")
            return AWAY
    if found.rows or request.format is not Format.TABLE:
        ascii_only = settings.console.glyphs is Glyphs.ASCII
        text = _rendered(found, request.format, width=width, ascii_only=ascii_only)
        _give(text, request, write, report, name=output_files.file_name(found, _SUFFIX[request.format]))
    if not found.rows:
        report(f"No rows: {caption(found)}. {_why(found, now, rows_without_filter)}")
    return 0 if found.rows else NO_ROWS


def listing() -> str:
    """Every panel: id, title, range without another, and what it can be filtered by."""
    rows = [
        (panel.id, panel.title, panel.range, ", ".join(d.value for d in Dimension if d in panel.dimensions))
        for panel in PANELS.values()
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    return "".join(
        "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), row[3]]) + "\n"
        for row in rows
    )


def _panel(name: str) -> Panel[Any]:
    if name in PANELS:
        return PANELS[name]
    what = f"there is no panel {clean_text(name)!r}" if name else "name a panel"
    raise ExportError(f"panel: {what}.{_nearest(name, PANELS)} Panels: {', '.join(PANELS)}.")


def _spec(request: Request, panel: Panel[Any]) -> RangeSpec:
    if request.range and (request.from_ or request.to):
        raise RangeError("--range names a whole range; leave out --from and --to, or leave out --range.")
    if request.to and not request.from_:
        raise RangeError("--to is given without --from: where does the range begin?")
    return RangeSpec(request.range or request.from_ or panel.range, request.to)


def _ignored(panel: Panel[Any], selection: Selection) -> list[str]:
    """A filter that changes nothing is said, so that nobody takes all for a part."""
    return [
        f"{panel.id} cannot be told apart by {dimension.value}: --{dimension.value} changes nothing."
        for dimension in Dimension
        if selection.of(dimension) and dimension not in panel.dimensions
    ]


def _asked(
    reader: Reader,
    settings: Settings,
    panel: Panel[Any],
    selection: Selection,
    spec: RangeSpec,
    now: datetime,
) -> tuple[Extract, int]:
    """The rows; where there are none, also how many there were without the filter."""
    zone, calendar = ZoneInfo(settings.plant.timezone), settings.calendar
    events = reader.seed() if range_parser.of_batch(spec) else []
    batch = latest_batch((e for e in events if isinstance(e, BatchEvent)), selection, now)
    window = range_parser.resolve(spec, now, zone, calendar=calendar, batch=batch)
    narrowed = selection.narrowed_to(panel.dimensions)
    for dimension in Dimension:
        if narrowed.of(dimension):
            _refuse_unknown(dimension, narrowed.of(dimension), reader.known(dimension, since=window.since))
    query = Query(window.since, window.until, now, narrowed)
    rows = reader.panel(panel, query)
    words = range_parser.described(spec, now, zone, calendar=calendar, batch=batch)
    without = reader.panel(panel, Query(*window, now)) if narrowed.active and not rows else []
    return extract(panel, rows, query, range=words, zone=zone), len(without)


def _refuse_unknown(dimension: Dimension, chosen: Iterable[str], known: list[str]) -> None:
    for value in chosen:
        if value in known:
            continue
        named = ", ".join(known[:_NAMED]) + (
            f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
        )
        raise ExportError(
            f"{dimension.value}: {clean_text(value)!r} is not known.{_nearest(value, known)} "
            + (f"Known: {named}." if known else f"No {dimension.value} is known yet.")
        )


def _nearest(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""


def _rendered(found: Extract, wanted: Format, *, width: int, ascii_only: bool) -> str:
    match wanted:
        case Format.TABLE:
            return to_table(found, width=width, ascii_only=ascii_only)
        case Format.CSV:
            return to_csv(found)
        case Format.JSON:
            return to_json(found)


def _give(text: str, request: Request, write: Write, report: Report, *, name: str) -> None:
    """``name`` is the file's where only its folder is told."""
    if request.output is None:
        write(text)
        return
    path = request.output / name if request.output.is_dir() else request.output
    output_files.write(path, text, force=request.force)
    report(f"Wrote {path}")


def _why(found: Extract, now: datetime, rows_without_filter: int) -> str:
    if found.since is not None and found.since >= now:
        return "The range begins after now."
    if rows_without_filter:
        return f"Without the filter there are {rows_without_filter}."
    return "Nothing was recorded in this time."
