"""The controllers of the console, wired to each other, and which of them handles a query's result."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from textual.message import Message

from dosing_tui.domain.batch_review.review_result import ReviewResult
from dosing_tui.errors import DatabaseError
from dosing_tui.live_snapshot import DatabasePart, LiveSnapshot
from dosing_tui.tui.controllers.alarms.alarm_action_controller import (
    AlarmActionController,
    AlarmActionStored,
    KeptActionsRead,
)
from dosing_tui.tui.controllers.alarms.alarm_controller import AlarmController, TrendLoaded
from dosing_tui.tui.controllers.alarms.alarm_kpi_controller import (
    AlarmKpiController,
    ChannelStatesLoaded,
    KpisLoaded,
)
from dosing_tui.tui.controllers.alarms.journal_controller import (
    JournalController,
    JournalExported,
    JournalPageLoaded,
)
from dosing_tui.tui.controllers.bulk_approval import BulkApproval, BulkCandidatesLoaded, BulkChunkEntered
from dosing_tui.tui.controllers.dashboard_controller import DashboardController
from dosing_tui.tui.controllers.failure_controller import FailureController
from dosing_tui.tui.controllers.file_export import FileExporter
from dosing_tui.tui.controllers.material_controller import (
    LevelJumpExpected,
    MaterialController,
    MaterialStored,
)
from dosing_tui.tui.controllers.review_controller import ReviewController, ReviewsEntered
from dosing_tui.tui.controllers.scope_controller import FilterValuesLoaded, NoteStored, ScopeController
from dosing_tui.tui.controllers.screen_host import ConsoleServices, ScreenHost
from dosing_tui.tui.controllers.service_controller import ServiceController, ServiceStored
from dosing_tui.tui.controllers.shift_report_controller import (
    HandoverSigned,
    ShiftReportController,
    ShiftReportLoaded,
    ShiftReportSaved,
)
from dosing_tui.tui.controllers.sign_on_controller import (
    PinVerified,
    SignOnController,
    SignOnPolicyLoaded,
    SignOnPolicyRead,
)
from dosing_tui.tui.data.query_faults import QueryFaults
from dosing_tui.tui.data.query_results import BatchQueryResult, PanelLoaded, QueryResult
from dosing_tui.tui.rendering.minimal_repaint import paint_together
from dosing_tui.tui.requests.operator_entries import EntryResult
from dosing_tui.tui.screens.console_screen import ConsoleScreen
from dosing_tui.tui.screens.dashboard_screen import DashboardScreen
from dosing_tui.tui.widgets.closable_screen import ClosableScreen
from dosing_tui.tui.widgets.messages import ViewChanged

_WRITTEN_PARTS: Mapping[type[Message], DatabasePart] = {
    **dict.fromkeys((ReviewsEntered, BulkChunkEntered), DatabasePart.REVIEWS),
    **dict.fromkeys((AlarmActionStored, LevelJumpExpected), DatabasePart.JOURNAL),
}
"""What the results of writing queries are about; the others only read."""


def find_database_error(outcome: ReviewResult) -> DatabaseError | None:
    return outcome.error if isinstance(outcome.error, DatabaseError) else None


class ConsoleControllers:
    """``on_scope_change`` is called after every change of range or filters."""

    def __init__(
        self,
        services: ConsoleServices,
        host: ScreenHost,
        dashboard_screen: DashboardScreen,
        log_file: str,
        on_scope_change: Callable[[], None],
    ) -> None:
        self.dashboard_screen = dashboard_screen
        exporter = self.exporter = FileExporter(services)
        self.scopes = ScopeController(services, host, on_scope_change)
        self.dashboard = DashboardController(services, dashboard_screen, self.scopes, log_file)
        self.guard = self.dashboard.guard
        self.kpis = AlarmKpiController(services)
        self.journal = JournalController(services, host, self.scopes, exporter)
        self.failures = FailureController(services, host)
        self.alarm_actions = AlarmActionController(services, host)
        self.alarms = AlarmController(services, host, self.journal, self.kpis, self.alarm_actions)
        self.sign_on = SignOnController(services, host)
        self.materials = MaterialController(services, host)
        self.service_log = ServiceController(services, host)
        self.bulk_approval = BulkApproval(services, host, lambda: self.reviews.policy.pin)
        self.reviews = ReviewController(services, host, self.scopes, self.bulk_approval)
        self.shift_reports = ShiftReportController(services, host, exporter)
        self.result_handlers = self._map_results()
        self._failure_handlers = self._map_failures()
        self._entries = services.entries
        self._host = host
        self._live_source = services.live_source
        self._clock = services.clock
        self._query_faults = QueryFaults()

    def _map_results(self) -> Mapping[type[Message], Callable[[Any], object]]:
        """The one handler of each result of a background query."""
        return {
            **dict.fromkeys(BatchQueryResult.__subclasses__(), self.reviews.store_result),
            FilterValuesLoaded: self.scopes.show_filter_values,
            NoteStored: self.scopes.confirm_note,
            ShiftReportLoaded: self.shift_reports.show_report,
            ShiftReportSaved: self.shift_reports.confirm_save,
            HandoverSigned: self.shift_reports.confirm_handover,
            KpisLoaded: self.kpis.show_kpis,
            ChannelStatesLoaded: self.kpis.show_channels,
            TrendLoaded: self.alarms.show_trend,
            AlarmActionStored: self.alarm_actions.confirm_action,
            KeptActionsRead: self.alarm_actions.show_kept_outcome,
            MaterialStored: self.materials.confirm_entry,
            LevelJumpExpected: lambda _: None,
            ServiceStored: self.service_log.confirm_entry,
            SignOnPolicyRead: self.sign_on.store_policy,
            SignOnPolicyLoaded: self.sign_on.apply_policy,
            PinVerified: self.sign_on.confirm_pin,
            JournalPageLoaded: self.journal.store_page,
            JournalExported: self.journal.confirm_export,
            ReviewsEntered: self.reviews.show_review_result,
            BulkCandidatesLoaded: self.bulk_approval.confirm_approval,
            BulkChunkEntered: self.bulk_approval.continue_approval,
        }

    def _map_failures(self) -> Mapping[type[Message], Callable[[Any], object]]:
        """What is taken back for an entry that failed, beside showing the failure."""
        return {
            AlarmActionStored: self.alarm_actions.take_back,
            ReviewsEntered: self.reviews.refuse_review,
            BulkChunkEntered: self.bulk_approval.end_approval,
        }

    def record_query(self, kind: object, part: DatabasePart, error: DatabaseError | None) -> None:
        """Note whether the database did what it was asked."""
        self._query_faults.record(kind, part, error, self._clock())
        self.show_query_faults()

    def show_query_faults(self) -> None:
        """Bring the light of the database up to date."""
        self._live_source.set_console_faults(self._query_faults.list_current(self._clock()))

    def store_panel(self, result: PanelLoaded) -> bool:
        """Whether to draw it at once: it is not outdated, and the operator waits for it."""
        if not self.dashboard.store_panel(result):
            return False
        if result.database_error is not None or result.rows is not None:
            self.record_query(result.request.panel.id, DatabasePart.QUERIES, result.database_error)
        return self.dashboard.panel_cache.take_awaited(result.request.panel.id)

    def handle_result(self, result: QueryResult[Any]) -> None:
        error = result.database_error
        if isinstance(result, ReviewsEntered) and result.value is not None:
            error = find_database_error(result.value.outcome)
        elif isinstance(result, BulkChunkEntered) and result.value is not None:
            error = find_database_error(result.value)
        kind = type(result)
        if error is not None or result.value is not None:
            self.record_query(kind, _WRITTEN_PARTS.get(kind, DatabasePart.QUERIES), error)
        self.guard.run_part(kind.__name__, lambda: self._choose_handler(result)(result))

    def _choose_handler(self, result: QueryResult[Any]) -> Callable[[Any], object]:
        """A failure is said at once, and stays on status bar and banner until it is seen."""
        if isinstance(result, EntryResult) and self._entries.settle(result):
            self._host.show_message(self._entries.failures[-1].sentence)
            self._host.post_message(ViewChanged())
            return self._failure_handlers.get(type(result), lambda _: None)
        return self.result_handlers[type(result)]

    @property
    def active_screen(self) -> ConsoleScreen[Any]:
        """The full screen in view, below any dialog."""
        return self.alarms.screen or self.reviews.screen or self.dashboard_screen

    def is_key_enabled(self, action: str) -> bool:
        """While another screen covers the dashboard, keys that change only the dashboard are off."""
        if self.reviews.screen is not None and action == "freeze":
            return False
        return self.alarms.is_key_enabled(action)

    def draw_screens(self, snapshot: LiveSnapshot, now: datetime) -> None:
        """Each part guarded: an exception in one does not reach the others."""
        with paint_together(self.active_screen):
            self._draw_parts(snapshot, now)

    def _draw_parts(self, snapshot: LiveSnapshot, now: datetime) -> None:
        screen, dashboard = self.active_screen, self.dashboard
        if notice := dashboard.services.operator.take_notice():
            screen.show_message(notice)
        self.guard.run_part(
            "status", lambda: screen.show_status(dashboard.build_status(snapshot, now, _name_screen(screen)))
        )
        self.guard.run_part(
            "alarms",
            lambda: self.alarms.show_alarms(screen, snapshot, dashboard.list_notices(snapshot, now), now),
        )
        if self.alarms.screen is None:
            self.guard.run_part("batches", lambda: self.reviews.show_batches(snapshot, now))
        self.guard.run_part(
            "scope", lambda: self.dashboard_screen.show_scope(self.scopes.summarize_scope(snapshot))
        )
        dashboard.show_tiles(snapshot, now)

    def invalidate_queries(self) -> None:
        """Run every query of the active screens again at the next tick."""
        self.journal.invalidate()
        self.reviews.invalidate()
        self.dashboard.panel_cache.invalidate_all()

    def export_visible(self) -> None:
        """The journal as a whole, of any other list or tile what is in view."""
        if self.journal.is_visible:
            self.journal.export_journal()
        else:
            rows = self.active_screen.get_visible_rows(self.dashboard.services.zone)
            self._host.show_message(self.exporter.export_rows(rows))

    def open_filter_dialog(self) -> None:
        """Of the list or the journal on the alarm screen, else of the readings."""
        if self.alarms.screen is None:
            self.scopes.open_filter_dialog()
        else:
            (self.journal if self.journal.is_visible else self.alarms).open_filter_dialog()


def _name_screen(screen: ConsoleScreen[Any]) -> str:
    """The page on top, or the screen in view."""
    above = (page for page in screen.app.screen_stack[::-1] if isinstance(page, ClosableScreen))
    return next(
        (page.page_title for page in above if page.page_title and not page.is_closed), screen.screen_title
    )
