"""``dosing-tui batches show`` and ``export``: records of batches as text, HTML, PDF, CSV and JSON."""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from dosing_tui.config.settings import Settings
from dosing_tui.database.reports.batch_record import BatchRecordContent
from dosing_tui.errors import ExportError
from dosing_tui.export import output_files
from dosing_tui.export.documents.batch_record import build_batch_document
from dosing_tui.export.documents.html_renderer import to_html
from dosing_tui.export.documents.pdf_renderer import to_pdf
from dosing_tui.export.documents.text_renderer import to_text
from dosing_tui.export.dose_export import format_doses_csv, format_record_json

PAGE_BREAK = "\f"
"""Between two records of one text file: a printer begins a new page."""


class BatchRecordFormat(StrEnum):
    """The value is what is written; ``SUFFIXES`` are the files'."""

    TEXT = "text"
    HTML = "html"
    PDF = "pdf"
    CSV = "csv"
    JSON = "json"


SUFFIXES = {
    BatchRecordFormat.TEXT: "txt",
    BatchRecordFormat.HTML: "html",
    BatchRecordFormat.PDF: "pdf",
    BatchRecordFormat.CSV: "csv",
    BatchRecordFormat.JSON: "json",
}
KEY_LENGTH = 12
"""Letters of its key in the name of a batch's file."""
_MULTI_RECORD_FORMATS = frozenset({BatchRecordFormat.TEXT, BatchRecordFormat.CSV, BatchRecordFormat.JSON})
"""Several records can be one file."""


def render_record(
    record: BatchRecordContent, output_format: BatchRecordFormat, settings: Settings, *, now: datetime
) -> str | bytes:
    """One batch. Raises: ExportError (fpdf2 is not installed)."""
    zone = ZoneInfo(settings.plant.timezone)
    match output_format:
        case BatchRecordFormat.CSV:
            return format_doses_csv([record.detail], zone)
        case BatchRecordFormat.JSON:
            return format_record_json(record.detail)
        case BatchRecordFormat.TEXT | BatchRecordFormat.HTML | BatchRecordFormat.PDF:
            document = build_batch_document(record, settings, now=now, zone=zone)
            if output_format is BatchRecordFormat.PDF:
                return to_pdf(document, made_at=now)
            return to_text(document) if output_format is BatchRecordFormat.TEXT else to_html(document)


def build_file_name(record: BatchRecordContent, output_format: BatchRecordFormat) -> str:
    """'dosing_system_01-20261124-007_CU-65-75_0e5c86f68729.html'.

    Its day, its number and a part of its key are whole, however long or foreign the other names are: no two
    batches share a file.
    """
    row = record.detail.row
    number = "-".join(row.batch_id.rsplit("-", 2)[1:])
    parts = (
        f"{output_files.make_slug(row.device_id)}-{output_files.make_slug(number)}",
        output_files.make_slug(row.recipe),
        row.batch_key[:KEY_LENGTH],
    )
    return f"{'_'.join(parts)}.{SUFFIXES[output_format]}"


def write_records(
    batches: Sequence[BatchRecordContent],
    output_format: BatchRecordFormat,
    settings: Settings,
    *,
    now: datetime,
    output: Path | None,
    force: bool,
    show: Callable[[str], object],
    report: Callable[[str], None],
) -> None:
    """To ``show``, into a file, or into a folder that is there, one file each. Raises: ExportError."""
    if output is not None and output.is_dir():
        for whole in batches:
            path = output / build_file_name(whole, output_format)
            output_files.write_file(path, render_record(whole, output_format, settings, now=now), force=force)
            report(f"Wrote {path}")
        return
    if len(batches) > 1 and output_format not in _MULTI_RECORD_FORMATS:
        raise ExportError(
            f"{len(batches)} batches are as many {output_format} files: name a folder with --output."
        )
    content = _join_records(batches, output_format, settings, now)
    output_files.write_output(content, output, name="", force=force, show=show, report=report)


def _join_records(
    batches: Sequence[BatchRecordContent], output_format: BatchRecordFormat, settings: Settings, now: datetime
) -> str | bytes:
    if output_format is BatchRecordFormat.CSV:
        return format_doses_csv([whole.detail for whole in batches], ZoneInfo(settings.plant.timezone))
    if len(batches) == 1:
        return render_record(batches[0], output_format, settings, now=now)
    texts = [str(render_record(whole, output_format, settings, now=now)) for whole in batches]
    return (PAGE_BREAK if output_format is BatchRecordFormat.TEXT else "").join(texts)
