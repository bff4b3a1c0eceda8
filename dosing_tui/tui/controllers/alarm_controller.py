"""What the operator does about alarms: looks at them, silences the bell, has them journaled."""

import logging
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial

from dosing_tui.domain.alarms.models import Actor, AlarmEvent, AlarmKey, JournalEntry
from dosing_tui.domain.alarms.operator_commands import CommandContext
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot, AlarmView
from dosing_tui.domain.panels.alarm_trend_query import AlarmTrendQuery
from dosing_tui.errors import DatabaseError
from dosing_tui.live_state import LiveSnapshot
from dosing_tui.tui.alarms import alarm_actions, alarm_list, audible_alarm
from dosing_tui.tui.alarms.alarm_actions import ActionRequest, ActionResult, AlarmAction
from dosing_tui.tui.alarms.alarm_detail_screen import AlarmDetailScreen
from dosing_tui.tui.alarms.alarm_screen import AlarmScreen
from dosing_tui.tui.alarms.alarm_trend import AlarmTrendState
from dosing_tui.tui.alarms.audible_alarm import AudibleAlarm
from dosing_tui.tui.controllers.alarm_kpi_controller import AlarmKpiController
from dosing_tui.tui.controllers.scope_controller import ActiveScreen
from dosing_tui.tui.data.query_workers import QueryWorkers
from dosing_tui.tui.dialogs.alarm_action_dialog import AlarmActionDialog, AlarmActionInput, AlarmActionPrompt
from dosing_tui.tui.dialogs.skipped_alarms_dialog import SkippedAlarmsDialog
from dosing_tui.tui.keys.footer_hints import FooterMode
from dosing_tui.tui.layout.alarm_banner import build_banner
from dosing_tui.tui.layout.status_and_footer import KeyHint
from dosing_tui.tui.layout.system_notices import SystemNotice, format_idle_text
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.widgets.messages import ViewChanged

STORED_LOCALLY = "Kept on this machine until the database is back."
log = logging.getLogger(__name__)

DASHBOARD_ACTIONS = frozenset(
    {"ask_range", "move_range", "live_again", "ask_filters", "freeze", "refresh_now"}
)
"""What would change something that the alarm page covers."""


class AlarmController(AlarmKpiController):
    """Holds the bell."""

    _hints: Mapping[FooterMode, Sequence[KeyHint]]
    _silence_key: str
    _journal_workers: QueryWorkers
    """Takes alarms to the journal; panels that wait for a slow database do not hold it up."""
    _audible_alarm = AudibleAlarm()

    @property
    def active_screen(self) -> ActiveScreen:
        return self._dashboard if self._alarm_screen is None else self._alarm_screen

    @property
    def alarms(self) -> AlarmSnapshot:
        """As they are now."""
        return self._live_source.get_snapshot(self._clock()).alarms or alarm_list.EMPTY_SNAPSHOT

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._alarm_screen is None or action not in DASHBOARD_ACTIONS

    def show_alarms(self, snapshot: LiveSnapshot, notices: Sequence[SystemNotice], now: datetime) -> None:
        """On whatever screen the operator looks at; rings if the bell is due."""
        silence = self._silence_key if self._update_bell(snapshot, now) else ""
        told = build_banner(
            snapshot.alarms, notices, idle_text=format_idle_text(snapshot), silence_key=silence
        )
        self.active_screen.show_banner(
            told, lambda at: number_format.format_timestamp(at, self._zone, now=now)
        )
        if self._alarm_screen is not None:
            self._alarm_screen.show_alarms(snapshot.alarms or alarm_list.EMPTY_SNAPSHOT, now)
            self.refresh_channels(now)
        if isinstance(self.screen, AlarmDetailScreen):
            self.screen.refresh_alarm()

    def _update_bell(self, snapshot: LiveSnapshot, now: datetime) -> bool:
        """Whether the bell rings now and then; never at a site that does not want it."""
        calls = audible_alarm.find_audible_occurrences(snapshot.alarms)
        if not self._settings.console.bell:
            return False
        if audible_alarm.is_ring_due(self._audible_alarm, calls, now):
            self._audible_alarm = audible_alarm.record_ring(self._audible_alarm, now)
            self.bell()
        return audible_alarm.is_sounding(self._audible_alarm, calls)

    @abstractmethod
    def move_journal(self, step: int, height: int) -> None:
        """In the journal, so many entries further down."""

    @abstractmethod
    def go_to_journal_end(self, is_oldest: bool, height: int) -> None:
        """To the oldest entry that was read, or to the newest there is."""

    @abstractmethod
    def open_entry(self) -> None:
        """The entry of the journal under the cursor."""

    # keys

    def action_silence(self) -> None:
        self._audible_alarm = audible_alarm.silence_occurrences(
            audible_alarm.find_audible_occurrences(self.alarms)
        )
        self.active_screen.show_message(
            "The bell is silent until the next alarm; the alarms stay as they are."
        )
        self.post_message(ViewChanged())

    def action_alarms(self) -> None:
        """The lists of alarms, or back from them."""
        if self._alarm_screen is not None:
            self._alarm_screen.dismiss(None)
            return
        self._alarm_screen = AlarmScreen(self._terminal_theme, self._hints, self._zone, self)
        self.push_screen(self._alarm_screen, self._close_alarm_screen)

    def _close_alarm_screen(self, view: str | None) -> None:
        self._alarm_screen = None
        if view is not None:
            self._dashboard.action_view(view)
        self.post_message(ViewChanged())

    def open_alarm(self, view: AlarmView) -> None:
        detail = AlarmDetailScreen(
            self._terminal_theme, view, self._hints[FooterMode.ALARM_DETAIL],
            find_alarm=self._find_alarm, clock=self._clock, zone=self._zone, load_trend=self._request_trend,
        )  # fmt: skip
        self.push_screen(detail, partial(self._close_alarm_detail, view))

    def _find_alarm(self, key: AlarmKey) -> AlarmView | None:
        return alarm_actions.index_alarms(self.alarms).get(key)

    def _request_trend(self, query: AlarmTrendQuery, on_result: Callable[[AlarmTrendState], None]) -> None:
        self._query_workers.submit_job(partial(self._read_trend, query, on_result))

    def _read_trend(self, query: AlarmTrendQuery, on_result: Callable[[AlarmTrendState], None]) -> None:
        """In one of the askers' threads."""
        try:
            news = AlarmTrendState(query, self._source.read_trend(query))
        except DatabaseError as error:
            news = AlarmTrendState(query, error=str(error))
        except Exception:
            # the task's boundary: the thread goes on answering panels
            log.exception("reading the trend of an alarm")
            news = AlarmTrendState(query, error="The last hours cannot be read: see the log file.")
        self.call_from_thread(on_result, news)

    def _close_alarm_detail(self, view: AlarmView, action: AlarmAction | None) -> None:
        if action is not None:
            self.request_action(action, [self._find_alarm(view.state.key) or view])

    # what is done

    def request_action(self, action: AlarmAction, views: Sequence[AlarmView]) -> None:
        """At once where a slip does no harm, else after a question; or why it is not possible."""
        if not views:
            self.active_screen.show_message("No alarm in sight is unacknowledged.")
            return
        event = alarm_actions.action_to_event(action, views[0])
        why_not = alarm_actions.explain_refusal(event, views[0], self._get_requester(), self._settings)
        if why_not:
            self.active_screen.show_message(why_not)
        elif action is AlarmAction.ACKNOWLEDGE and not self._is_new_shift:
            self._execute_request(ActionRequest(event, tuple(views)))
        else:
            self._open_action_dialog(event, tuple(views))

    def _open_action_dialog(self, event: AlarmEvent, views: tuple[AlarmView, ...]) -> None:
        lengths = (
            alarm_actions.list_shelving_durations(views[0], self._settings)
            if event is AlarmEvent.SHELVE
            else ()
        )
        asked = AlarmActionPrompt(event, views, lengths, is_new_shift=self._is_new_shift)
        dialog = AlarmActionDialog(self._terminal_theme, asked, name=self._author)
        self.push_screen(dialog, partial(self._apply_action_input, event, views))

    def _apply_action_input(
        self, event: AlarmEvent, views: tuple[AlarmView, ...], values: AlarmActionInput | None
    ) -> None:
        if values is not None:
            self._author = values.name
            self._execute_request(ActionRequest(event, views, values.comment, values.duration))

    def _get_requester(self) -> CommandContext:
        """The account is added by who has the journal."""
        return CommandContext(Actor(self._author), self._clock())

    def _execute_request(self, request: ActionRequest) -> None:
        judged = alarm_actions.check_request(request, self.alarms, self._get_requester(), self._settings)
        if judged.entries:
            self._journal_workers.submit_job(
                partial(self._append_entries, judged.entries, partial(self._report_result, request, judged))
            )
        else:
            self._report_result(request, judged)

    def _append_entries(self, entries: Sequence[JournalEntry], on_done: Callable[[str], None]) -> None:
        """In the clerk's thread. ``on_done`` is told where the entries wait, '' if they are journaled."""
        try:
            kept = "" if self._source.append_entries(entries) else STORED_LOCALLY
        except DatabaseError as error:
            self.call_from_thread(self._show_message, f"Nothing is done: {error}")
        except Exception:
            # the task's boundary: the thread has other alarms to take to the journal
            log.exception("journaling alarms")
            self.call_from_thread(self._show_message, "Nothing is done: see the log file.")
        else:
            self.call_from_thread(on_done, kept)

    def _report_result(self, request: ActionRequest, result: ActionResult, storage_note: str = "") -> None:
        """What was done; what of many was not has to be read before it goes away."""
        if len(request.views) == 1 and result.skip_reasons:
            self._show_message(result.skip_reasons[0])
        elif result.skip_reasons:
            title = alarm_actions.format_result(request, result)
            self.push_screen(
                SkippedAlarmsDialog(
                    self._terminal_theme, title, result.skip_reasons, storage_note=storage_note
                )
            )
        else:
            self._show_message(f"{alarm_actions.format_result(request, result)} {storage_note}".rstrip())

    def _show_message(self, text: str) -> None:
        self.active_screen.show_message(text)
