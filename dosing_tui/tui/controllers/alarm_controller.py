"""Alarms: the banner and the bell, the alarm screen and its dialogs, and the operator's actions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from dosing_tui.domain.alarms.models import (
    UNACKNOWLEDGED_STATES,
    AlarmEvent,
    AlarmKey,
    AlarmStateName,
    JournalEntry,
)
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot, AlarmView
from dosing_tui.domain.labels.station_labels import name_stations
from dosing_tui.domain.panels.alarm_trend_query import AlarmTrendPoint, AlarmTrendQuery
from dosing_tui.errors import DatabaseError
from dosing_tui.live_snapshot import LiveSnapshot
from dosing_tui.tui.alarms import alarm_actions, audible_alarm
from dosing_tui.tui.alarms.alarm_actions import ActionOutcome, ActionRequest, ActionResult, AlarmAction
from dosing_tui.tui.alarms.alarm_detail_screen import AlarmDetailScreen
from dosing_tui.tui.alarms.alarm_list import EMPTY_SNAPSHOT
from dosing_tui.tui.alarms.alarm_rows import AlarmListOptions
from dosing_tui.tui.alarms.alarm_screen import AlarmScreen
from dosing_tui.tui.alarms.alarm_trend import AlarmTrendState
from dosing_tui.tui.alarms.audible_alarm import AudibleAlarm
from dosing_tui.tui.controllers.alarm_kpi_controller import AlarmKpiController
from dosing_tui.tui.controllers.journal_controller import JournalController
from dosing_tui.tui.controllers.material_controller import STORED_LOCALLY
from dosing_tui.tui.controllers.screen_host import Controller
from dosing_tui.tui.data.query_results import QueryResult
from dosing_tui.tui.data.query_workers import Lane
from dosing_tui.tui.dialogs.alarm_action_dialog import (
    AlarmActionDialog,
    AlarmActionInput,
    render_skipped_alarms,
)
from dosing_tui.tui.dialogs.alarm_filter_dialog import AlarmFilterDialog
from dosing_tui.tui.keys.bindings import format_keys
from dosing_tui.tui.keys.footer_hints import FooterMode
from dosing_tui.tui.layout.alarm_banner import SystemNotice, build_banner, format_idle_text
from dosing_tui.tui.rendering.number_format import format_timestamp
from dosing_tui.tui.requests.operator_entries import Entry, EntryResult
from dosing_tui.tui.requests.pending_request import PendingRequest
from dosing_tui.tui.screens.console_screen import ConsoleScreen
from dosing_tui.tui.widgets.canvas_dialog import CanvasDialog
from dosing_tui.tui.widgets.messages import ViewChanged

COVERED_ACTIONS = frozenset({"ask_range", "move_range", "live_again", "ask_filters", "freeze", "refresh_now"})
"""Keys of the app without an effect on the alarm lists."""
AlarmOccurrence = tuple[AlarmKey, UUID | None]
_ACKNOWLEDGING = frozenset(
    {AlarmAction.ACKNOWLEDGE, AlarmAction.ACKNOWLEDGE_WITH_COMMENT, AlarmAction.ACKNOWLEDGE_ALL}
)


def _get_occurrence(view: AlarmView) -> AlarmOccurrence:
    return view.state.key, view.state.occurrence


def _get_form_kind(event: AlarmEvent) -> tuple[str, AlarmEvent]:
    return "alarm", event


def _find_unacknowledged(alarms: AlarmSnapshot) -> frozenset[AlarmOccurrence]:
    return frozenset(
        _get_occurrence(view)
        for view in alarms.annunciated_alarms
        if view.state.state_name in UNACKNOWLEDGED_STATES
    )


@dataclass
class TrendLoaded(QueryResult[Sequence[AlarmTrendPoint]]):
    query: AlarmTrendQuery


@dataclass
class AlarmActionStored(EntryResult[ActionOutcome]):
    action: ActionRequest
    result: ActionResult
    request: PendingRequest
    """To show which alarms were skipped."""
    failure = "Action failed"


@dataclass
class KeptActionsRead(QueryResult[ActionOutcome]):
    """``entries``: those that this machine kept; those that it still does are not in the outcome."""

    entries: Sequence[JournalEntry]


KEPT_POLL = timedelta(seconds=2)
"""Between two looks whether the journal has what this machine kept."""


@dataclass(eq=False)
class AlarmController(Controller):
    """Holds the alarm screen while it is open, and the state of the bell."""

    journal: JournalController
    kpis: AlarmKpiController
    screen: AlarmScreen | None = None
    options: AlarmListOptions = field(default_factory=AlarmListOptions)
    """Sort and filter of the lists; they last as long as the console."""
    _detail: AlarmDetailScreen | None = None
    _unconfirmed: frozenset[AlarmOccurrence] = frozenset()
    """Acknowledgements on their way that the lists do not show yet: another key does not repeat them."""
    _kept_entries: tuple[JournalEntry, ...] = ()
    """Entries that this machine keeps, whose outcome is to be shown."""
    _kept_polled_at: datetime | None = None
    _audible_alarm: AudibleAlarm = field(default_factory=AudibleAlarm)

    def is_key_enabled(self, action: str) -> bool:
        """While the alarm screen covers the dashboard, keys that change only the dashboard are off."""
        if self.screen is None or action not in COVERED_ACTIONS:
            return True
        if action == "ask_filters":
            return not self.screen.is_kpi_tab
        return self.screen.is_journal_tab and action != "freeze"

    def show_alarms(
        self,
        screen: ConsoleScreen[Any],
        snapshot: LiveSnapshot,
        notices: Sequence[SystemNotice],
        now: datetime,
    ) -> None:
        """Ring when due; update the banner of the active screen, and the open alarm screens."""
        silence_keys = (
            format_keys(["silence"], self.services.keymap) if self._update_bell(snapshot, now) else ""
        )
        banner = build_banner(
            snapshot.alarms, notices, idle_text=format_idle_text(snapshot),
            silence_key=silence_keys.split(" ")[0], short_names=self.services.settings.short_names,
        )  # fmt: skip
        screen.show_banner(banner, partial(format_timestamp, zone=self.services.zone, now=now))
        self._unconfirmed &= _find_unacknowledged(snapshot.alarms or EMPTY_SNAPSHOT)
        self._poll_kept_actions(snapshot.alarms or EMPTY_SNAPSHOT, now)
        if self.screen is not None:
            self.screen.show_alarms(snapshot.alarms or EMPTY_SNAPSHOT, now)
            self.kpis.refresh_channels(now)
            self.journal.refresh_journal(snapshot.alarms, now)
        if self._detail is not None:
            self._detail.refresh_alarm()

    # the bell

    def _update_bell(self, snapshot: LiveSnapshot, now: datetime) -> bool:
        """Ring when it is due; True while unsilenced alarms sound. Never where the bell is switched off."""
        occurrences = audible_alarm.find_audible_occurrences(snapshot.alarms)
        if not self.services.settings.console.bell:
            return False
        if audible_alarm.is_ring_due(self._audible_alarm, occurrences, now):
            self._audible_alarm = audible_alarm.record_ring(self._audible_alarm, now)
            self.host.bell()
        return audible_alarm.is_sounding(self._audible_alarm, occurrences)

    def silence_bell(self) -> None:
        self._audible_alarm = audible_alarm.silence_occurrences(
            audible_alarm.find_audible_occurrences(self.services.get_alarms())
        )
        self.host.show_message("Bell silenced until the next alarm; alarm states are unchanged.")
        self.host.post_message(ViewChanged())

    # screens

    def toggle_screen(self) -> None:
        """Open the alarm screen, or close it."""
        if self.screen is not None:
            self.screen.dismiss(None)
            return
        self._set_screen(
            AlarmScreen(
                self.host.terminal_theme,
                self.services.hints,
                self.services.zone,
                self,
                short_names=self.services.settings.short_names,
                options=self.options,
                journal=self.journal,
                load_kpis=self.kpis.load_kpis,
            )
        )
        assert self.screen is not None
        self.host.push_screen(self.screen, self._close_screen)

    def set_list_options(self, options: AlarmListOptions) -> None:
        self.options = options
        if self.screen is not None:
            self.screen.show_options(options)

    def open_filter_dialog(self) -> None:
        """Stations, priorities and states of the alarm lists."""
        alarms = alarm_actions.index_alarms(self.services.get_alarms())
        settings = self.services.settings
        stations = {*settings.plant.devices, *self.options.stations, *(key.device for key in alarms)}
        dialog = AlarmFilterDialog(
            self.host.terminal_theme, self.options, name_stations(stations, settings.short_names)
        )
        self.open_dialog(dialog, self.set_list_options)

    def show_notice(self, sentence: str) -> None:
        self.host.show_message(sentence)

    def _set_screen(self, screen: AlarmScreen | None) -> None:
        self.screen = self.journal.screen = self.kpis.screen = screen

    def _close_screen(self, view: str | None) -> None:
        self._set_screen(None)
        if view is not None:
            self.host.show_view(view)
        self.host.post_message(ViewChanged())

    def open_alarm(self, view: AlarmView) -> None:
        self._detail = AlarmDetailScreen(
            self.host.terminal_theme, view, self.services.hints[FooterMode.ALARM_DETAIL],
            find_alarm=self._find_alarm, clock=self.services.clock, zone=self.services.zone,
            load_trend=self._load_trend,
        )  # fmt: skip
        self.host.push_screen(self._detail, partial(self._close_detail, view))

    def _find_alarm(self, key: AlarmKey) -> AlarmView | None:
        return alarm_actions.index_alarms(self.services.get_alarms()).get(key)

    def _load_trend(self, query: AlarmTrendQuery) -> None:
        self.services.workers.submit(
            partial(self.services.source.records.read_trend, query), partial(TrendLoaded, query=query)
        )

    def show_trend(self, result: TrendLoaded) -> None:
        if self._detail is not None and self._detail.alarm_key == result.query.key:
            self._detail.show_trend(AlarmTrendState(result.query, result.value, result.error))

    def _close_detail(self, view: AlarmView, action: AlarmAction | None) -> None:
        self._detail = None
        if action is not None:
            self.request_action(action, [self._find_alarm(view.state.key) or view])

    # actions

    def request_action(self, action: AlarmAction, views: Sequence[AlarmView]) -> None:
        """Acknowledge one alarm at once; else after a dialog. A refused action shows its reason."""
        if not views:
            self.host.show_message("No unacknowledged alarms in view.")
            return
        if action in _ACKNOWLEDGING:
            views = [view for view in views if _get_occurrence(view) not in self._unconfirmed]
        if not views:
            self.host.show_message("Acknowledging …")
            return
        event = alarm_actions.action_to_event(action, views[0])
        self.services.entries.mark_seen(_get_form_kind(event))
        operator, settings = self.services.operator, self.services.settings
        refusal = alarm_actions.explain_refusal(event, views[0], operator.build_command_context(), settings)
        if refusal:
            self.host.show_message(refusal)
        elif action is AlarmAction.ACKNOWLEDGE and len(views) == 1:
            self._execute_request(ActionRequest(event, tuple(views)), Entry(_get_form_kind(event)))
        else:
            self._open_action_dialog(event, tuple(views))

    def request_retirement(self, device: str, chemical: str = "") -> None:
        """Retire a station, or one of its tanks, after a dialog; one that is retired returns to service."""
        view = alarm_actions.find_retirement(self.services.get_alarms(), device, chemical)
        is_retired = view.state.state_name is AlarmStateName.OUT_OF_SERVICE
        self.request_action(AlarmAction.RESTORE if is_retired else AlarmAction.REMOVE_FROM_SERVICE, [view])

    def _open_action_dialog(self, event: AlarmEvent, views: tuple[AlarmView, ...]) -> None:
        operator, settings = self.services.operator, self.services.settings
        is_shelving = event is AlarmEvent.SHELVE
        durations = alarm_actions.list_shelving_durations(views[0], settings) if is_shelving else ()
        dialog = AlarmActionDialog(
            self.host.terminal_theme, event, views, durations, name=operator.name,
            short_names=settings.short_names,
        )  # fmt: skip
        self.open_form(dialog, _get_form_kind(event), partial(self._apply_action_input, event, views))

    def _apply_action_input(
        self, event: AlarmEvent, views: tuple[AlarmView, ...], values: AlarmActionInput, entry: Entry
    ) -> None:
        self._execute_request(
            ActionRequest(event, views, values.comment, values.duration), entry, values.name
        )

    def _execute_request(self, action: ActionRequest, entry: Entry, name: str = "") -> None:
        """In the name of ``name``, else of who is signed on, else of the console."""
        services = self.services
        result = alarm_actions.check_request(
            action, services.get_alarms(), services.operator.build_command_context(name), services.settings
        )
        request = self.begin_request("skipped alarms", "entering an alarm action")
        if not result.entries:
            self._show_result(action, result, request)
            return
        if action.event is AlarmEvent.ACKNOWLEDGE:
            self._note_acknowledgement(result.entries)
        services.workers.submit(
            partial(self._enter_entries, result.entries),
            partial(AlarmActionStored, entry=entry, action=action, result=result, request=request),
            Lane.JOURNAL,
        )

    def _enter_entries(self, entries: Sequence[JournalEntry]) -> ActionOutcome:
        """In a worker thread: journal the entries, and find out what they have changed."""
        source = self.services.source
        if not source.append_entries(entries):
            return ActionOutcome(is_journaled=False)
        uuids = [entry.uuid for entry in entries]
        try:
            return ActionOutcome(True, source.records.find_action_outcomes(uuids))
        except DatabaseError:
            return ActionOutcome(True, dict.fromkeys(uuids, ""))  # they are stored: the lists show the rest

    def _note_acknowledgement(self, entries: Sequence[JournalEntry]) -> None:
        self._unconfirmed |= {(entry.key, entry.occurrence) for entry in entries}
        if self.screen is not None:
            self.screen.expect_acknowledgement({entry.key for entry in entries})

    def confirm_action(self, stored: AlarmActionStored) -> None:
        outcome, result = stored.value, stored.result
        assert outcome is not None  # a failure has a handler of its own
        if not outcome.is_journaled:
            self._kept_entries += result.entries
            self._show_result(stored.action, result, stored.request, is_kept=True)
            return
        changed = alarm_actions.apply_outcome(result, outcome)
        uuids = {entry.uuid for entry in changed.entries}
        if refused := [entry for entry in result.entries if entry.uuid not in uuids]:
            self.forget_acknowledgements(refused)
        self._show_result(stored.action, changed, stored.request)

    def forget_acknowledgements(self, entries: Sequence[JournalEntry]) -> None:
        """They have changed nothing: the lists wait for them no longer, and the key works again."""
        self._unconfirmed -= {(entry.key, entry.occurrence) for entry in entries}
        if self.screen is not None:
            self.screen.expect_acknowledgement(())

    def _poll_kept_actions(self, alarms: AlarmSnapshot, now: datetime) -> None:
        is_due = self._kept_polled_at is None or now - self._kept_polled_at >= KEPT_POLL
        if self._kept_entries and alarms.is_journal_live and is_due:
            self._kept_polled_at = now
            entries = self._kept_entries
            self.services.workers.submit(
                partial(self._read_kept_outcome, entries),
                partial(KeptActionsRead, entries=entries),
                Lane.JOURNAL,
            )

    def _read_kept_outcome(self, kept: Sequence[JournalEntry]) -> ActionOutcome:
        """In a worker thread: what became of those that this machine keeps no longer."""
        source = self.services.source
        waiting = source.list_kept_actions()
        settled = {
            entry.uuid: f"{entry.key.tag}: the database refused to {entry.event}."
            for entry in kept
            if entry.uuid not in waiting
        }
        changes = source.records.find_action_outcomes(list(settled)) if settled else {}
        return ActionOutcome(True, {**settled, **changes})

    def show_kept_outcome(self, read: KeptActionsRead) -> None:
        outcome = read.value
        if outcome is None or not outcome.changes:
            return
        settled = [entry for entry in read.entries if entry.uuid in outcome.changes]
        self._kept_entries = tuple(entry for entry in self._kept_entries if entry.uuid not in outcome.changes)
        self.forget_acknowledgements([entry for entry in settled if outcome.changes[entry.uuid]])
        self.host.show_message(alarm_actions.format_settled(settled, outcome))

    def _show_result(
        self, action: ActionRequest, result: ActionResult, request: PendingRequest, *, is_kept: bool = False
    ) -> None:
        """As a message; a dialog lists the reasons when some of several alarms were skipped."""
        reasons = result.skip_reasons
        if len(action.views) == 1 and reasons:
            self.host.show_message(reasons[0])
            return
        storage_note = STORED_LOCALLY if is_kept else ""
        title = (alarm_actions.format_kept if is_kept else alarm_actions.format_result)(action, result)
        if not reasons:
            notes = (title, storage_note, self._format_signer_note(result))
            self.host.show_message(" ".join(note for note in notes if note))
            return
        rows = render_skipped_alarms(title, reasons, storage_note=storage_note)
        dialog = CanvasDialog[None](self.host.terminal_theme, rows)
        if not self.open_answer(request, dialog, lambda _: None):
            self.report_failure(_get_form_kind(action.event), " ".join((title, *reasons)))

    def _format_signer_note(self, result: ActionResult) -> str:
        """That the journal has no person's name, and the key that signs one on."""
        anonymous_name = self.services.operator.anonymous_name
        if not all(entry.who.name == anonymous_name for entry in result.entries):
            return ""
        return f"Nobody is signed on ({format_keys(['sign-on'], self.services.keymap)})."
