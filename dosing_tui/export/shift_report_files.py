"""``dosing-tui report shift``: the shift report as text, HTML, PDF or JSON."""

import json
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from msgspec import Struct

from dosing_tui.config.settings import Settings
from dosing_tui.domain.shift_report import ShiftReport
from dosing_tui.export.documents.file_format import FileFormat
from dosing_tui.export.documents.handover_page import build_handover_page
from dosing_tui.export.documents.renderer import render_document
from dosing_tui.export.documents.shift_report import build_shift_document
from dosing_tui.export.json_format import cell_to_json
from dosing_tui.export.output_files import make_slug


def render_report(
    report: ShiftReport, output_format: FileFormat, settings: Settings, *, has_details: bool = True
) -> str | bytes:
    """``has_details`` False: the page of the handover only. Raises: ExportError (fpdf2 is not installed)."""
    zone = ZoneInfo(settings.plant.timezone)
    if output_format is FileFormat.JSON:
        return json.dumps(_report_to_json(report, zone), allow_nan=False, indent=2) + "\n"
    build = build_shift_document if has_details else build_handover_page
    document = build(report, settings, zone)
    return render_document(document, output_format, made_at=report.made_at)


def build_file_name(report: ShiftReport, output_format: FileFormat, settings: Settings) -> str:
    """'shift_2026-11-24_0600_Early.html': the start time makes it unique."""
    begin = report.shift.since.astimezone(ZoneInfo(settings.plant.timezone))
    return f"shift_{begin:%Y-%m-%d_%H%M}_{make_slug(report.shift.name)}.{output_format.suffix}"


def _report_to_json(report: ShiftReport, zone: ZoneInfo) -> dict[str, object]:
    """The fields of the report and its derived figures."""
    return {
        **_struct_to_json(report, zone),
        "ended": report.ended_batches,
        "clean": report.clean_batches,
        "right_first_time_percent": report.right_first_time_percent,
    }


def _struct_to_json(value: Struct, zone: ZoneInfo) -> dict[str, object]:
    return {name: _value_to_json(getattr(value, name), zone) for name in value.__struct_fields__}


def _value_to_json(value: object, zone: ZoneInfo) -> object:
    """Structs as objects by field name, times with the plant's offset, durations in seconds."""
    match value:
        case None | bool() | int() | float() | str() | datetime():
            return cell_to_json(value, zone)
        case timedelta():
            return value.total_seconds()
        case tuple() if hasattr(value, "_asdict"):
            return {name: _value_to_json(each, zone) for name, each in value._asdict().items()}
        case tuple():
            return [_value_to_json(each, zone) for each in value]
        case Struct():
            return _struct_to_json(value, zone)
        case _:
            return str(value)
