"""``dosing-tui report shift``: the shift report as text, HTML, PDF or JSON."""

import json
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from dosing_tui.config.settings import Settings
from dosing_tui.domain.shift_report import ShiftReport
from dosing_tui.export.documents.html_renderer import to_html
from dosing_tui.export.documents.pdf_renderer import to_pdf
from dosing_tui.export.documents.shift_report import build_shift_document
from dosing_tui.export.documents.text_renderer import to_text
from dosing_tui.export.json_format import cell_to_json
from dosing_tui.export.output_files import make_slug


class ShiftReportFormat(StrEnum):
    TEXT = "text"
    HTML = "html"
    PDF = "pdf"
    JSON = "json"


SUFFIXES = {
    ShiftReportFormat.TEXT: "txt",
    ShiftReportFormat.HTML: "html",
    ShiftReportFormat.PDF: "pdf",
    ShiftReportFormat.JSON: "json",
}


def render_report(report: ShiftReport, output_format: ShiftReportFormat, settings: Settings) -> str | bytes:
    """Raises: ExportError (fpdf2 is not installed)."""
    zone = ZoneInfo(settings.plant.timezone)
    if output_format is ShiftReportFormat.JSON:
        return json.dumps(_report_to_json(report, zone), allow_nan=False, indent=2) + "\n"
    document = build_shift_document(report, settings, zone)
    match output_format:
        case ShiftReportFormat.TEXT:
            return to_text(document)
        case ShiftReportFormat.HTML:
            return to_html(document)
        case ShiftReportFormat.PDF:
            return to_pdf(document, made_at=report.made_at)


def build_file_name(report: ShiftReport, output_format: ShiftReportFormat, settings: Settings) -> str:
    """'shift_2026-11-24_0600_Early.html': the start time makes it unique."""
    begin = report.shift.since.astimezone(ZoneInfo(settings.plant.timezone))
    return f"shift_{begin:%Y-%m-%d_%H%M}_{make_slug(report.shift.name)}.{SUFFIXES[output_format]}"


def _report_to_json(report: ShiftReport, zone: ZoneInfo) -> dict[str, object]:
    """The fields of the report and its derived figures."""
    return {
        **{field.name: _value_to_json(getattr(report, field.name), zone) for field in fields(report)},
        "ended": report.ended_batches,
        "clean": report.clean_batches,
        "right_first_time_percent": report.right_first_time_percent,
    }


def _value_to_json(value: object, zone: ZoneInfo) -> object:
    """Dataclasses as objects by field name, times with the plant's offset, durations in seconds."""
    match value:
        case None | bool() | int() | float() | str() | datetime():
            return cell_to_json(value, zone)
        case timedelta():
            return value.total_seconds()
        case tuple() if hasattr(value, "_asdict"):
            return {name: _value_to_json(each, zone) for name, each in value._asdict().items()}
        case tuple():
            return [_value_to_json(each, zone) for each in value]
        case _ if is_dataclass(value):
            return {field.name: _value_to_json(getattr(value, field.name), zone) for field in fields(value)}
        case _:
            return str(value)
