"""The operator's alarm actions: from the key, by a dialog, to the journal and to what they changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from dosing_tui.domain.alarms.models import (
    UNACKNOWLEDGED_STATES,
    AlarmEvent,
    AlarmKey,
    AlarmStateName,
    JournalEntry,
)
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot, AlarmView
from dosing_tui.errors import DatabaseError
from dosing_tui.tui import lazy_screens
from dosing_tui.tui.alarms import alarm_actions
from dosing_tui.tui.alarms.alarm_actions import ActionOutcome, ActionRequest, ActionResult, AlarmAction
from dosing_tui.tui.controllers.material_controller import STORED_LOCALLY
from dosing_tui.tui.controllers.screen_host import Controller
from dosing_tui.tui.data.query_results import QueryResult
from dosing_tui.tui.data.query_workers import Lane
from dosing_tui.tui.keys.bindings import format_keys
from dosing_tui.tui.requests.operator_entries import Entry, EntryResult
from dosing_tui.tui.requests.pending_request import PendingRequest
from dosing_tui.tui.widgets.canvas_dialog import CanvasDialog

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
class AlarmActionController(Controller):
    """Remembers the actions whose effect the lists do not show yet."""

    screen: "lazy_screens.AlarmScreen | None" = None
    """The alarm screen while it is open."""
    _unconfirmed: frozenset[AlarmOccurrence] = frozenset()
    """Acknowledgements on their way that the lists do not show yet: another key does not repeat them."""
    _kept_entries: tuple[JournalEntry, ...] = ()
    """Entries that this machine keeps, whose outcome is to be shown."""
    _kept_polled_at: datetime | None = None

    def follow_up(self, alarms: AlarmSnapshot, now: datetime) -> None:
        """Call at every tick: ask what became of the entries that this machine keeps."""
        self._unconfirmed &= _find_unacknowledged(alarms)
        is_due = self._kept_polled_at is None or now - self._kept_polled_at >= KEPT_POLL
        if self._kept_entries and alarms.is_journal_live and is_due:
            self._kept_polled_at = now
            entries = self._kept_entries
            self.services.workers.submit(
                partial(self._read_kept_outcome, entries),
                partial(KeptActionsRead, entries=entries),
                Lane.JOURNAL,
            )

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
        dialog = lazy_screens.AlarmActionDialog(
            self.host.terminal_theme, event, views, durations, name=operator.name,
            short_names=settings.short_names,
        )  # fmt: skip
        self.open_form(dialog, _get_form_kind(event), partial(self._apply_action_input, event, views))

    def _apply_action_input(
        self,
        event: AlarmEvent,
        views: tuple[AlarmView, ...],
        values: "lazy_screens.AlarmActionInput",
        entry: Entry,
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
            self._forget_acknowledgements(refused)
        self._show_result(stored.action, changed, stored.request)

    def take_back(self, failed: AlarmActionStored) -> None:
        """Nothing of the action was stored."""
        self._forget_acknowledgements(failed.result.entries)

    def _forget_acknowledgements(self, entries: Sequence[JournalEntry]) -> None:
        """They have changed nothing: the lists wait for them no longer, and the key works again."""
        self._unconfirmed -= {(entry.key, entry.occurrence) for entry in entries}
        if self.screen is not None:
            self.screen.expect_acknowledgement(())

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
        self._forget_acknowledgements([entry for entry in settled if outcome.changes[entry.uuid]])
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
        rows = lazy_screens.render_skipped_alarms(title, reasons, storage_note=storage_note)
        dialog = CanvasDialog[None](self.host.terminal_theme, rows)
        if not self.open_answer(request, dialog, lambda _: None):
            self.report_failure(_get_form_kind(action.event), " ".join((title, *reasons)))

    def _format_signer_note(self, result: ActionResult) -> str:
        """That the journal has no person's name, and the key that signs one on."""
        anonymous_name = self.services.operator.anonymous_name
        if not all(entry.who.name == anonymous_name for entry in result.entries):
            return ""
        return f"Nobody is signed on ({format_keys(['sign-on'], self.services.keymap)})."
