"""The operator's alarm actions as journal entries. Pure."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from msgspec import Struct, field

from dosing_tui.config.alarm_limits import get_max_shelving
from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarms import operator_commands
from dosing_tui.domain.alarms.catalog import CATALOG_VERSION, RETIRED, RULES
from dosing_tui.domain.alarms.models import (
    AlarmEvent,
    AlarmKey,
    AlarmState,
    AlarmStateName,
    JournalEntry,
    Priority,
)
from dosing_tui.domain.alarms.operator_commands import CommandContext
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot, AlarmView
from dosing_tui.domain.quantities.quantity_text import count_noun
from dosing_tui.errors import AlarmCommandError

MAX_REASONS = 2
"""Most reasons in one message."""
SHELVING_DURATIONS = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 240, 480, 720))


class AlarmAction(StrEnum):
    """The action of each alarm key."""

    ACKNOWLEDGE = "acknowledge"
    ACKNOWLEDGE_WITH_COMMENT = "comment"
    ACKNOWLEDGE_ALL = "all"
    """Acknowledge every alarm in view."""
    RESET = "reset"
    SHELVE = "shelve"
    RESTORE = "back"
    """Unshelve, or return to service."""
    REMOVE_FROM_SERVICE = "remove"


class ActionRequest(Struct, frozen=True):
    """One event for alarms, in the state that the operator saw."""

    event: AlarmEvent
    views: tuple[AlarmView, ...]
    comment: str = ""
    duration: timedelta = timedelta()
    """The duration of shelving."""


class ActionResult(Struct, frozen=True):
    """The entries to write to the journal, and a sentence for each alarm that is skipped."""

    entries: tuple[JournalEntry, ...]
    skip_reasons: tuple[str, ...] = ()


class ActionOutcome(Struct, frozen=True):
    """What became of the entries. ``changes``: for each journaled entry '', or why it changed nothing."""

    is_journaled: bool
    """False: this machine keeps them until the database is back."""
    changes: Mapping[UUID, str] = field(default_factory=dict)


_ACTION_EVENTS = {
    AlarmAction.ACKNOWLEDGE: AlarmEvent.ACKNOWLEDGE,
    AlarmAction.ACKNOWLEDGE_WITH_COMMENT: AlarmEvent.ACKNOWLEDGE,
    AlarmAction.ACKNOWLEDGE_ALL: AlarmEvent.ACKNOWLEDGE,
    AlarmAction.RESET: AlarmEvent.RESET,
    AlarmAction.SHELVE: AlarmEvent.SHELVE,
    AlarmAction.REMOVE_FROM_SERVICE: AlarmEvent.REMOVE_FROM_SERVICE,
}
_EVENT_LABELS = {
    AlarmEvent.ACKNOWLEDGE: "Acknowledged",
    AlarmEvent.RESET: "Reset",
    AlarmEvent.SHELVE: "Shelved",
    AlarmEvent.UNSHELVE: "Unshelved",
    AlarmEvent.REMOVE_FROM_SERVICE: "Out of service",
    AlarmEvent.RETURN_TO_SERVICE: "Returned to service",
}


def action_to_event(action: AlarmAction, view: AlarmView) -> AlarmEvent:
    """The event of an action; for ``RESTORE`` it depends on the alarm's state."""
    if action is AlarmAction.RESTORE:
        is_out_of_service = view.state.state_name is AlarmStateName.OUT_OF_SERVICE
        return AlarmEvent.RETURN_TO_SERVICE if is_out_of_service else AlarmEvent.UNSHELVE
    return _ACTION_EVENTS[action]


def get_priority(view: AlarmView) -> Priority:
    """The alarm's own while it is active, else its rule's."""
    return view.state.priority if view.state.active or view.rule is None else view.rule.priority


def list_shelving_durations(view: AlarmView, settings: Settings) -> tuple[timedelta, ...]:
    """The durations to choose from; the longest is the site's limit for the alarm's priority."""
    most = get_max_shelving(settings, get_priority(view))
    return (*(length for length in SHELVING_DURATIONS if length < most), most)


def explain_refusal(event: AlarmEvent, view: AlarmView, asking: CommandContext, settings: Settings) -> str:
    """Why the event is not possible now; '' if it is."""
    if event is AlarmEvent.ACKNOWLEDGE and view.state.acked and view.state.is_annunciated:
        return f"{view.state.key.tag} is already acknowledged."
    try:
        _build_entry(
            ActionRequest(event, (view,), "reason", list_shelving_durations(view, settings)[0]),
            view,
            asking,
            settings,
        )
    except AlarmCommandError as error:
        return str(error)
    return ""


def format_result(request: ActionRequest, result: ActionResult) -> str:
    """The message once the entries are in the journal."""
    label, count = _EVENT_LABELS[request.event], len(request.views)
    if result.skip_reasons:
        return f"{label} {len(result.entries)} of {count_noun(count, 'alarm')}"
    return f"{label}: {request.views[0].state.key.tag if count == 1 else count_noun(count, 'alarm')}."


def format_kept(request: ActionRequest, result: ActionResult) -> str:
    """The message while this machine keeps the entries: the journal decides when it gets them."""
    count = len(result.entries)
    subject = result.entries[0].key.tag if count == 1 else count_noun(count, "alarm")
    return f"Not journaled yet: {request.event} {subject}."


def apply_outcome(result: ActionResult, outcome: ActionOutcome) -> ActionResult:
    """The entries that changed their alarm; for each other the reason."""
    changed, reasons = [], list(result.skip_reasons)
    for entry in result.entries:
        missing = f"{entry.key.tag}: {entry.event} is not in the alarm journal."
        reason = outcome.changes.get(entry.uuid, missing)
        if reason:
            reasons.append(reason)
        else:
            changed.append(entry)
    return ActionResult(tuple(changed), tuple(reasons))


def format_settled(kept: Sequence[JournalEntry], outcome: ActionOutcome) -> str:
    """The message once the database has the entries that this machine kept."""
    result = apply_outcome(ActionResult(tuple(kept)), outcome)
    reasons, more = result.skip_reasons[:MAX_REASONS], len(result.skip_reasons) - MAX_REASONS
    title = f"Journaled {len(result.entries)} of {count_noun(len(kept), 'action')} kept on this machine."
    return " ".join((title, *reasons, *([f"And {more} more."] if more > 0 else [])))


def check_request(
    request: ActionRequest, snapshot: AlarmSnapshot, asking: CommandContext, settings: Settings
) -> ActionResult:
    """Check the request against the state seen and the state now; skip what others have done meanwhile."""
    views = index_alarms(snapshot)
    entries, skip_reasons = [], []
    for view in request.views:
        try:
            entry = _build_entry(request, view, asking, settings)
            now = views.get(entry.key)
            operator_commands.check_command(now.state if now else AlarmState(entry.key), entry)
        except AlarmCommandError as error:
            skip_reasons.append(str(error))
        else:
            entries.append(entry)
    return ActionResult(tuple(entries), tuple(skip_reasons))


def find_retirement(snapshot: AlarmSnapshot, device: str, chemical: str = "") -> AlarmView:
    """The alarm RETIRED of a station or a tank: it is out of service while that is retired."""
    key = AlarmKey(RETIRED, device, chemical)
    rule = RULES[RETIRED]
    state = AlarmState(key, message=rule.title, rule_version=CATALOG_VERSION)
    return index_alarms(snapshot).get(key) or AlarmView(state, rule, state.message, None, None, False, False)


def index_alarms(snapshot: AlarmSnapshot) -> Mapping[AlarmKey, AlarmView]:
    """Every alarm that is not normal, from all lists."""
    every = (*snapshot.annunciated_alarms, *snapshot.shelved, *snapshot.suppressed, *snapshot.out_of_service)
    return {view.state.key: view for view in every}


def _build_entry(
    request: ActionRequest, view: AlarmView, asking: CommandContext, settings: Settings
) -> JournalEntry:
    """Raises AlarmCommandError for an event that is not possible in this state."""
    state, priority = view.state, get_priority(view)
    if request.event in _COMMANDS:
        return _COMMANDS[request.event](state, asking, comment=request.comment)
    if request.event is AlarmEvent.REMOVE_FROM_SERVICE:
        return operator_commands.remove_from_service(state, asking, priority=priority, reason=request.comment)
    if request.event is AlarmEvent.SHELVE:
        return operator_commands.shelve_alarm(
            state, asking, priority=priority, duration=request.duration,
            max_duration=get_max_shelving(settings, priority), reason=request.comment,
        )  # fmt: skip
    raise AlarmCommandError(f"{state.key.tag}: {request.event} is not an operator action.")


_COMMANDS: Mapping[AlarmEvent, Callable[..., JournalEntry]] = {
    AlarmEvent.ACKNOWLEDGE: operator_commands.acknowledge_alarm,
    AlarmEvent.RESET: operator_commands.reset_alarm,
    AlarmEvent.UNSHELVE: operator_commands.unshelve_alarm,
    AlarmEvent.RETURN_TO_SERVICE: operator_commands.return_to_service,
}
"""The events that need no more than a comment."""
