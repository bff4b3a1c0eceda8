"""Pages and dialogs, each imported when it is first opened: the first picture needs none of them.

A name of this module is that of the module which declares it; type checkers see an ordinary import.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dosing_tui.tui.alarms.alarm_detail_screen import AlarmDetailScreen as AlarmDetailScreen
    from dosing_tui.tui.alarms.alarm_screen import AlarmScreen as AlarmScreen
    from dosing_tui.tui.alarms.alarm_trend import AlarmTrendState as AlarmTrendState
    from dosing_tui.tui.batches.batch_screen import BatchScreen as BatchScreen
    from dosing_tui.tui.batches.batch_screen_view import BatchScreenSettings as BatchScreenSettings
    from dosing_tui.tui.batches.batch_screen_view import BatchScreenState as BatchScreenState
    from dosing_tui.tui.batches.batch_screen_view import SignerInfo as SignerInfo
    from dosing_tui.tui.batches.review_messages import format_exceptions as format_exceptions
    from dosing_tui.tui.batches.review_messages import format_last_decision as format_last_decision
    from dosing_tui.tui.batches.review_messages import format_review_result as format_review_result
    from dosing_tui.tui.dialogs.alarm_action_dialog import AlarmActionDialog as AlarmActionDialog
    from dosing_tui.tui.dialogs.alarm_action_dialog import AlarmActionInput as AlarmActionInput
    from dosing_tui.tui.dialogs.alarm_action_dialog import render_skipped_alarms as render_skipped_alarms
    from dosing_tui.tui.dialogs.alarm_filter_dialog import AlarmFilterDialog as AlarmFilterDialog
    from dosing_tui.tui.dialogs.failures_dialog import FailuresDialog as FailuresDialog
    from dosing_tui.tui.dialogs.filter_dialog import FilterDialog as FilterDialog
    from dosing_tui.tui.dialogs.journal_dialogs import JournalFilterDialog as JournalFilterDialog
    from dosing_tui.tui.dialogs.journal_dialogs import render_entry as render_entry
    from dosing_tui.tui.dialogs.material_dialog import MaterialDefaults as MaterialDefaults
    from dosing_tui.tui.dialogs.material_dialog import MaterialDialog as MaterialDialog
    from dosing_tui.tui.dialogs.note_dialog import NoteDialog as NoteDialog
    from dosing_tui.tui.dialogs.quit_and_help import HelpScreen as HelpScreen
    from dosing_tui.tui.dialogs.quit_and_help import QuitScreen as QuitScreen
    from dosing_tui.tui.dialogs.range_dialog import RangeDialog as RangeDialog
    from dosing_tui.tui.dialogs.review_dialog import REASON_OPTIONAL as REASON_OPTIONAL
    from dosing_tui.tui.dialogs.review_dialog import ReviewDialog as ReviewDialog
    from dosing_tui.tui.dialogs.review_dialog import ReviewInput as ReviewInput
    from dosing_tui.tui.dialogs.review_dialog import ReviewPrompt as ReviewPrompt
    from dosing_tui.tui.dialogs.review_dialog import build_bulk_prompt as build_bulk_prompt
    from dosing_tui.tui.dialogs.review_dialog import format_account_warning as format_account_warning
    from dosing_tui.tui.dialogs.sign_on_dialog import PinDialog as PinDialog
    from dosing_tui.tui.dialogs.sign_on_dialog import SignOnDialog as SignOnDialog
    from dosing_tui.tui.lots.lot_lists import LotListContext as LotListContext
    from dosing_tui.tui.lots.lot_queries import LotQueries as LotQueries
    from dosing_tui.tui.lots.lot_screen import LotScreen as LotScreen
    from dosing_tui.tui.pumps.service_dialog import PumpPart as PumpPart
    from dosing_tui.tui.pumps.service_dialog import ServiceDialog as ServiceDialog
    from dosing_tui.tui.screens.doctor_screen import DoctorPage as DoctorPage
    from dosing_tui.tui.screens.doctor_screen import DoctorScreen as DoctorScreen
    from dosing_tui.tui.screens.doctor_screen import run_checks as run_checks
    from dosing_tui.tui.screens.handover_dialog import HandoverDialog as HandoverDialog
    from dosing_tui.tui.screens.handover_dialog import HandoverInput as HandoverInput
    from dosing_tui.tui.screens.maintenance_screen import MaintenancePage as MaintenancePage
    from dosing_tui.tui.screens.maintenance_screen import MaintenanceScreen as MaintenanceScreen
    from dosing_tui.tui.screens.maintenance_screen import read_status_once as read_status_once
    from dosing_tui.tui.screens.pump_chart_screen import PumpChartScreen as PumpChartScreen
    from dosing_tui.tui.screens.report_page import ReportPage as ReportPage
    from dosing_tui.tui.screens.shift_report_screen import ShiftReportPage as ShiftReportPage
    from dosing_tui.tui.screens.shift_report_screen import ShiftReportScreen as ShiftReportScreen

PLACES = {
    "AlarmDetailScreen": "dosing_tui.tui.alarms.alarm_detail_screen",
    "AlarmScreen": "dosing_tui.tui.alarms.alarm_screen",
    "AlarmTrendState": "dosing_tui.tui.alarms.alarm_trend",
    "BatchScreen": "dosing_tui.tui.batches.batch_screen",
    "BatchScreenSettings": "dosing_tui.tui.batches.batch_screen_view",
    "BatchScreenState": "dosing_tui.tui.batches.batch_screen_view",
    "SignerInfo": "dosing_tui.tui.batches.batch_screen_view",
    "format_exceptions": "dosing_tui.tui.batches.review_messages",
    "format_last_decision": "dosing_tui.tui.batches.review_messages",
    "format_review_result": "dosing_tui.tui.batches.review_messages",
    "AlarmActionDialog": "dosing_tui.tui.dialogs.alarm_action_dialog",
    "AlarmActionInput": "dosing_tui.tui.dialogs.alarm_action_dialog",
    "render_skipped_alarms": "dosing_tui.tui.dialogs.alarm_action_dialog",
    "AlarmFilterDialog": "dosing_tui.tui.dialogs.alarm_filter_dialog",
    "FailuresDialog": "dosing_tui.tui.dialogs.failures_dialog",
    "FilterDialog": "dosing_tui.tui.dialogs.filter_dialog",
    "JournalFilterDialog": "dosing_tui.tui.dialogs.journal_dialogs",
    "render_entry": "dosing_tui.tui.dialogs.journal_dialogs",
    "MaterialDefaults": "dosing_tui.tui.dialogs.material_dialog",
    "MaterialDialog": "dosing_tui.tui.dialogs.material_dialog",
    "NoteDialog": "dosing_tui.tui.dialogs.note_dialog",
    "HelpScreen": "dosing_tui.tui.dialogs.quit_and_help",
    "QuitScreen": "dosing_tui.tui.dialogs.quit_and_help",
    "RangeDialog": "dosing_tui.tui.dialogs.range_dialog",
    "REASON_OPTIONAL": "dosing_tui.tui.dialogs.review_dialog",
    "ReviewDialog": "dosing_tui.tui.dialogs.review_dialog",
    "ReviewInput": "dosing_tui.tui.dialogs.review_dialog",
    "ReviewPrompt": "dosing_tui.tui.dialogs.review_dialog",
    "build_bulk_prompt": "dosing_tui.tui.dialogs.review_dialog",
    "format_account_warning": "dosing_tui.tui.dialogs.review_dialog",
    "PinDialog": "dosing_tui.tui.dialogs.sign_on_dialog",
    "SignOnDialog": "dosing_tui.tui.dialogs.sign_on_dialog",
    "LotListContext": "dosing_tui.tui.lots.lot_lists",
    "LotQueries": "dosing_tui.tui.lots.lot_queries",
    "LotScreen": "dosing_tui.tui.lots.lot_screen",
    "PumpPart": "dosing_tui.tui.pumps.service_dialog",
    "ServiceDialog": "dosing_tui.tui.pumps.service_dialog",
    "DoctorPage": "dosing_tui.tui.screens.doctor_screen",
    "DoctorScreen": "dosing_tui.tui.screens.doctor_screen",
    "run_checks": "dosing_tui.tui.screens.doctor_screen",
    "HandoverDialog": "dosing_tui.tui.screens.handover_dialog",
    "HandoverInput": "dosing_tui.tui.screens.handover_dialog",
    "MaintenancePage": "dosing_tui.tui.screens.maintenance_screen",
    "MaintenanceScreen": "dosing_tui.tui.screens.maintenance_screen",
    "read_status_once": "dosing_tui.tui.screens.maintenance_screen",
    "PumpChartScreen": "dosing_tui.tui.screens.pump_chart_screen",
    "ReportPage": "dosing_tui.tui.screens.report_page",
    "ShiftReportPage": "dosing_tui.tui.screens.shift_report_screen",
    "ShiftReportScreen": "dosing_tui.tui.screens.shift_report_screen",
}
"""Name -> the module that declares it. A test compares it with the imports above."""


if not TYPE_CHECKING:  # else each name would do

    def __getattr__(name: str) -> object:
        if name not in PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(PLACES[name]), name)
        return value


def import_screens() -> None:
    """In a worker thread, once the first picture is there: no key has to wait for an import."""
    for module in dict.fromkeys(PLACES.values()):
        import_module(module)
