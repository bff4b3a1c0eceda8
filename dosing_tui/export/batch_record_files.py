"""``dosing-tui batches show`` and ``export``: records of batches as text, HTML, PDF, CSV and JSON."""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo

from dosing_tui.config.settings import Settings
from dosing_tui.database.reports.batch_record import WholeBatch
from dosing_tui.errors import ExportError
from dosing_tui.export import output_files
from dosing_tui.export.documents.batch_record import batch_record
from dosing_tui.export.documents.html_renderer import to_html
from dosing_tui.export.documents.pdf_renderer import to_pdf
from dosing_tui.export.documents.text_renderer import to_text
from dosing_tui.export.dose_export import doses_csv, record_json

PAGE = "\f"
"""Between two records of one text file: a printer begins a new page."""


class Form(StrEnum):
    """The value is what is written; ``SUFFIXES`` are the files'."""

    TEXT = "text"
    HTML = "html"
    PDF = "pdf"
    CSV = "csv"
    JSON = "json"


SUFFIXES = {Form.TEXT: "txt", Form.HTML: "html", Form.PDF: "pdf", Form.CSV: "csv", Form.JSON: "json"}
KEY = 12
"""Letters of its key in the name of a batch's file."""
_TOGETHER = frozenset({Form.TEXT, Form.CSV, Form.JSON})
"""Several records can be one file."""


def record_of(whole: WholeBatch, form: Form, settings: Settings, *, now: datetime) -> str | bytes:
    """One batch. Raises: ExportError (fpdf2 is not installed)."""
    zone = ZoneInfo(settings.plant.timezone)
    match form:
        case Form.CSV:
            return doses_csv([whole.detail], zone)
        case Form.JSON:
            return record_json(whole.detail)
        case Form.TEXT | Form.HTML | Form.PDF:
            document = batch_record(whole, settings, now=now, zone=zone)
            if form is Form.PDF:
                return to_pdf(document, made_at=now)
            return to_text(document) if form is Form.TEXT else to_html(document)


def file_name(whole: WholeBatch, form: Form) -> str:
    """'dosing_system_01-20261124-007_CU-65-75_0e5c86f68729.html'.

    Its day, its number and a part of its key are whole, however long or foreign the other names are: no two
    batches share a file.
    """
    row = whole.detail.row
    number = "-".join(row.batch_id.rsplit("-", 2)[1:])
    parts = (
        f"{output_files.slug(row.device_id)}-{output_files.slug(number)}",
        output_files.slug(row.recipe),
        row.batch_key[:KEY],
    )
    return f"{'_'.join(parts)}.{SUFFIXES[form]}"


def give(
    batches: Sequence[WholeBatch], form: Form, settings: Settings, *, now: datetime, output: Path | None,
    force: bool, show: Callable[[str], object], report: Callable[[str], None],
) -> None:  # fmt: skip
    """To ``show``, into a file, or into a folder that is there, one file each. Raises: ExportError."""
    if output is not None and output.is_dir():
        for whole in batches:
            path = output / file_name(whole, form)
            output_files.write(path, record_of(whole, form, settings, now=now), force=force)
            report(f"Wrote {path}")
        return
    if len(batches) > 1 and form not in _TOGETHER:
        raise ExportError(f"{len(batches)} batches are as many {form} files: name a folder with --output.")
    content = _together(batches, form, settings, now)
    output_files.give(content, output, name="", force=force, show=show, report=report)


def _together(batches: Sequence[WholeBatch], form: Form, settings: Settings, now: datetime) -> str | bytes:
    if form is Form.CSV:
        return doses_csv([whole.detail for whole in batches], ZoneInfo(settings.plant.timezone))
    if len(batches) == 1:
        return record_of(batches[0], form, settings, now=now)
    texts = [str(record_of(whole, form, settings, now=now)) for whole in batches]
    return (PAGE if form is Form.TEXT else "").join(texts)
