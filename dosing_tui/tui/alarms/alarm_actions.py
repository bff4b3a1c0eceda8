"""What an operator wants done with alarms, as journal entries. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from dosing_tui.config.alarm_limits import get_max_shelving
from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarms import operator_commands
from dosing_tui.domain.alarms.models import AlarmKey, AlarmState, Entry, Event, Priority, Shown
from dosing_tui.domain.alarms.operator_commands import Asking
from dosing_tui.domain.alarms.snapshot import AlarmPicture, AlarmView
from dosing_tui.errors import AlarmRefused

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

    event: Event
    views: tuple[AlarmView, ...]
    comment: str = ""
    duration: timedelta = timedelta()
    """Of shelving."""


@dataclass(frozen=True, slots=True)
class ActionResult:
    """What is to be journaled, and of the alarms that are left as they are, why, a sentence each."""

    entries: tuple[Entry, ...]
    skip_reasons: tuple[str, ...] = ()


_ACTION_EVENTS = {
    AlarmAction.ACKNOWLEDGE: Event.ACKNOWLEDGE,
    AlarmAction.ACKNOWLEDGE_WITH_COMMENT: Event.ACKNOWLEDGE,
    AlarmAction.ACKNOWLEDGE_ALL: Event.ACKNOWLEDGE,
    AlarmAction.RESET: Event.RESET,
    AlarmAction.SHELVE: Event.SHELVE,
    AlarmAction.REMOVE_FROM_SERVICE: Event.REMOVE,
}
_EVENT_LABELS = {
    Event.ACKNOWLEDGE: "Acknowledged",
    Event.RESET: "Reset",
    Event.SHELVE: "Shelved",
    Event.UNSHELVE: "Not shelved any more",
    Event.REMOVE: "Out of service",
    Event.RESTORE: "Back in service",
}


def action_to_event(action: AlarmAction, view: AlarmView) -> Event:
    """'Back' is out of whatever hides the alarm."""
    if action is AlarmAction.RESTORE:
        return Event.RESTORE if view.state.shown is Shown.OUT_OF_SERVICE else Event.UNSHELVE
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


def explain_refusal(event: Event, view: AlarmView, asking: Asking, settings: Settings) -> str:
    """Why the event is not possible now, before anything is asked about it; '' where it is."""
    if event is Event.ACKNOWLEDGE and view.state.acked and view.state.annunciated:
        return f"{view.state.key.tag} is acknowledged already."
    try:
        _build_entry(
            ActionRequest(event, (view,), "asked", list_shelving_durations(view, settings)[0]),
            view,
            asking,
            settings,
        )
    except AlarmRefused as error:
        return str(error)
    return ""


def format_result(request: ActionRequest, result: ActionResult) -> str:
    """What has happened, once it is in the journal."""
    if result.skip_reasons:
        return f"{_EVENT_LABELS[request.event]} {len(result.entries)} of {len(request.views)} alarms"
    return f"{_EVENT_LABELS[request.event]}: {format_alarm_names(request.views)}."


def check_request(
    request: ActionRequest, snapshot: AlarmPicture, asking: Asking, settings: Settings
) -> ActionResult:
    """By what was seen and by what is so by now: what somebody has done meanwhile is left out."""
    views = index_alarms(snapshot)
    entries, left = [], []
    for view in request.views:
        try:
            entry = _build_entry(request, view, asking, settings)
            now = views.get(entry.key)
            operator_commands.check(now.state if now else AlarmState(entry.key), entry)
        except AlarmRefused as error:
            left.append(str(error))
        else:
            entries.append(entry)
    return ActionResult(tuple(entries), tuple(left))


def index_alarms(snapshot: AlarmPicture) -> Mapping[AlarmKey, AlarmView]:
    """Every alarm that is not normal, whichever list it is in."""
    every = (*snapshot.listed, *snapshot.shelved, *snapshot.suppressed, *snapshot.out_of_service)
    return {view.state.key: view for view in every}


def _build_entry(request: ActionRequest, view: AlarmView, asking: Asking, settings: Settings) -> Entry:
    state = view.state
    match request.event:
        case Event.ACKNOWLEDGE:
            return operator_commands.acknowledge(state, asking, comment=request.comment)
        case Event.RESET:
            return operator_commands.reset(state, asking, comment=request.comment)
        case Event.SHELVE:
            priority = get_priority(view)
            return operator_commands.shelve(
                state, asking, priority=priority, duration=request.duration,
                most=get_max_shelving(settings, priority), reason=request.comment,
            )  # fmt: skip
        case Event.UNSHELVE:
            return operator_commands.unshelve(state, asking, comment=request.comment)
        case Event.REMOVE:
            return operator_commands.remove(
                state, asking, priority=get_priority(view), reason=request.comment
            )
        case Event.RESTORE:
            return operator_commands.restore(state, asking, comment=request.comment)
        case _:
            raise AlarmRefused(f"{state.key.tag}: {request.event} is not for people to ask.")
