"""``dosing-tui batches show`` and ``export``: batch records as text, HTML, PDF, CSV and JSON."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from dosing_tui.config.settings import Settings
from dosing_tui.database.reports.batch_record import BatchRecordContent
from dosing_tui.domain.quantities.quantity_text import count_noun
from dosing_tui.errors import ExportError
from dosing_tui.export import output_files
from dosing_tui.export.documents.batch_record import build_batch_document
from dosing_tui.export.documents.file_format import FileFormat
from dosing_tui.export.documents.renderer import render_document
from dosing_tui.export.dose_export import format_doses_csv, format_record_json

PAGE_BREAK = "\f"
"""Form feed between two records in one text file."""


KEY_LENGTH = 12
"""Characters of the batch key in a file name."""
_MULTI_RECORD_FORMATS = frozenset({FileFormat.TEXT, FileFormat.CSV, FileFormat.JSON})
"""Formats that can hold several records in one file."""


def render_record(
    record: BatchRecordContent, output_format: FileFormat, settings: Settings, *, now: datetime
) -> str | bytes:
    """Render one batch record. Raises: ExportError (fpdf2 is not installed)."""
    zone = ZoneInfo(settings.plant.timezone)
    if output_format is FileFormat.CSV:
        return format_doses_csv([record.detail], zone)
    if output_format is FileFormat.JSON:
        return format_record_json(record.detail)
    document = build_batch_document(record, settings, now=now, zone=zone)
    return render_document(document, output_format, made_at=now)


def build_file_name(record: BatchRecordContent, output_format: FileFormat) -> str:
    """'dosing_system_01-20261124-007_CU-65-75_0e5c86f68729.html'.

    Day, number and part of the key are always complete, so no two batches share a file.
    """
    row = record.detail.row
    number = "-".join(row.batch_id.rsplit("-", 2)[1:])
    parts = (
        f"{output_files.make_slug(row.device_id)}-{output_files.make_slug(number)}",
        output_files.make_slug(row.recipe),
        row.batch_key[:KEY_LENGTH],
    )
    return f"{'_'.join(parts)}.{output_format.suffix}"


def write_records(
    batches: Sequence[BatchRecordContent],
    output_format: FileFormat,
    settings: Settings,
    *,
    now: datetime,
    output: Path | None,
    force: bool,
    show: Callable[[str], object],
    report: Callable[[str], None],
) -> None:
    """Write to ``show``, one file, or one file each in an existing folder. Raises: ExportError."""
    if output is not None and output.is_dir():
        for record in batches:
            path = output / build_file_name(record, output_format)
            output_files.write_file(
                path, render_record(record, output_format, settings, now=now), force=force
            )
            report(f"Wrote {path}")
        return
    if len(batches) > 1 and output_format not in _MULTI_RECORD_FORMATS:
        raise ExportError(
            f"{count_noun(len(batches), 'batch', 'batches')} need a file each as {output_format}:"
            " name a folder with --output."
        )
    content = _join_records(batches, output_format, settings, now)
    output_files.write_output(content, output, name="", force=force, show=show, report=report)


def _join_records(
    batches: Sequence[BatchRecordContent], output_format: FileFormat, settings: Settings, now: datetime
) -> str | bytes:
    if output_format is FileFormat.CSV:
        return format_doses_csv([record.detail for record in batches], ZoneInfo(settings.plant.timezone))
    if len(batches) == 1:
        return render_record(batches[0], output_format, settings, now=now)
    texts = [str(render_record(record, output_format, settings, now=now)) for record in batches]
    return (PAGE_BREAK if output_format is FileFormat.TEXT else "").join(texts)
