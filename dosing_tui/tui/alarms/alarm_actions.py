"""What an operator wants done with alarms, as journal entries. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from dosing_tui.config.alarm_limits import get_max_shelving
from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarms import operator_commands
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
from dosing_tui.errors import AlarmCommandError

SHELVING_DURATIONS = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 240, 480, 720))


class AlarmAction(StrEnum):
    """What the keys ask for."""

    ACKNOWLEDGE = "acknowledge"
    ACKNOWLEDGE_WITH_COMMENT = "comment"
    """Acknowledge, with a comment."""
    ACKNOWLEDGE_ALL = "all"
    """Acknowledge every alarm in sight."""
    RESET = "reset"
    SHELVE = "shelve"
    RESTORE = "back"
    """End shelving, or being out of service."""
    REMOVE_FROM_SERVICE = "remove"


@dataclass(frozen=True, slots=True)
class ActionRequest:
    """One event for the alarms as the operator saw them."""

    event: AlarmEvent
    views: tuple[AlarmView, ...]
    comment: str = ""
    duration: timedelta = timedelta()
    """Of shelving."""


@dataclass(frozen=True, slots=True)
class ActionResult:
    """What is to be journaled, and of the alarms that are left as they are, why, a sentence each."""

    entries: tuple[JournalEntry, ...]
    skip_reasons: tuple[str, ...] = ()


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
    AlarmEvent.UNSHELVE: "Not shelved any more",
    AlarmEvent.REMOVE_FROM_SERVICE: "Out of service",
    AlarmEvent.RETURN_TO_SERVICE: "Back in service",
}


def action_to_event(action: AlarmAction, view: AlarmView) -> AlarmEvent:
    """'Back' is out of whatever hides the alarm."""
    if action is AlarmAction.RESTORE:
        return (
            AlarmEvent.RETURN_TO_SERVICE
            if view.state.state_name is AlarmStateName.OUT_OF_SERVICE
            else AlarmEvent.UNSHELVE
        )
    return _ACTION_EVENTS[action]


def format_alarm_names(views: Sequence[AlarmView]) -> str:
    """The alarm's tag, or how many they are."""
    return views[0].state.key.tag if len(views) == 1 else f"{len(views)} alarms"


def get_priority(view: AlarmView) -> Priority:
    """The alarm's own while it is active, else its rule's."""
    return view.state.priority if view.state.active or view.rule is None else view.rule.priority


def list_shelving_durations(view: AlarmView, settings: Settings) -> tuple[timedelta, ...]:
    """How long this alarm may be shelved: some lengths, the longest is the site's limit for its priority."""
    most = get_max_shelving(settings, get_priority(view))
    return (*(length for length in SHELVING_DURATIONS if length < most), most)


def explain_refusal(event: AlarmEvent, view: AlarmView, asking: CommandContext, settings: Settings) -> str:
    """Why the event is not possible now, before anything is asked about it; '' where it is."""
    if event is AlarmEvent.ACKNOWLEDGE and view.state.acked and view.state.is_annunciated:
        return f"{view.state.key.tag} is acknowledged already."
    try:
        _build_entry(
            ActionRequest(event, (view,), "asked", list_shelving_durations(view, settings)[0]),
            view,
            asking,
            settings,
        )
    except AlarmCommandError as error:
        return str(error)
    return ""


def format_result(request: ActionRequest, result: ActionResult) -> str:
    """What has happened, once it is in the journal."""
    if result.skip_reasons:
        return f"{_EVENT_LABELS[request.event]} {len(result.entries)} of {len(request.views)} alarms"
    return f"{_EVENT_LABELS[request.event]}: {format_alarm_names(request.views)}."


def check_request(
    request: ActionRequest, snapshot: AlarmSnapshot, asking: CommandContext, settings: Settings
) -> ActionResult:
    """By what was seen and by what is so by now: what somebody has done meanwhile is left out."""
    views = index_alarms(snapshot)
    entries, left = [], []
    for view in request.views:
        try:
            entry = _build_entry(request, view, asking, settings)
            now = views.get(entry.key)
            operator_commands.check_command(now.state if now else AlarmState(entry.key), entry)
        except AlarmCommandError as error:
            left.append(str(error))
        else:
            entries.append(entry)
    return ActionResult(tuple(entries), tuple(left))


def index_alarms(snapshot: AlarmSnapshot) -> Mapping[AlarmKey, AlarmView]:
    """Every alarm that is not normal, whichever list it is in."""
    every = (*snapshot.annunciated_alarms, *snapshot.shelved, *snapshot.suppressed, *snapshot.out_of_service)
    return {view.state.key: view for view in every}


def _build_entry(
    request: ActionRequest, view: AlarmView, asking: CommandContext, settings: Settings
) -> JournalEntry:
    state = view.state
    match request.event:
        case AlarmEvent.ACKNOWLEDGE:
            return operator_commands.acknowledge_alarm(state, asking, comment=request.comment)
        case AlarmEvent.RESET:
            return operator_commands.reset_alarm(state, asking, comment=request.comment)
        case AlarmEvent.SHELVE:
            priority = get_priority(view)
            return operator_commands.shelve_alarm(
                state, asking, priority=priority, duration=request.duration,
                max_duration=get_max_shelving(settings, priority), reason=request.comment,
            )  # fmt: skip
        case AlarmEvent.UNSHELVE:
            return operator_commands.unshelve_alarm(state, asking, comment=request.comment)
        case AlarmEvent.REMOVE_FROM_SERVICE:
            return operator_commands.remove_from_service(
                state, asking, priority=get_priority(view), reason=request.comment
            )
        case AlarmEvent.RETURN_TO_SERVICE:
            return operator_commands.return_to_service(state, asking, comment=request.comment)
        case _:
            raise AlarmCommandError(f"{state.key.tag}: {request.event} is not for people to ask.")
