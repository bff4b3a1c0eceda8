"""What an operator wants done with alarms, as journal entries. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from dosing_tui.config.alarm_limits import most_shelved
from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarms import operator_commands
from dosing_tui.domain.alarms.models import AlarmKey, AlarmState, Entry, Event, Priority, Shown
from dosing_tui.domain.alarms.operator_commands import Asking
from dosing_tui.domain.alarms.snapshot import AlarmPicture, AlarmView
from dosing_tui.errors import AlarmRefused

DURATIONS = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60, 120, 240, 480, 720))


class Wish(StrEnum):
    """What the keys ask for."""

    ACKNOWLEDGE = "acknowledge"
    COMMENT = "comment"
    """Acknowledge, with a comment."""
    ALL = "all"
    """Acknowledge every alarm in sight."""
    RESET = "reset"
    SHELVE = "shelve"
    BACK = "back"
    """End shelving, or being out of service."""
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Work:
    """One event for the alarms as the operator saw them."""

    event: Event
    views: tuple[AlarmView, ...]
    comment: str = ""
    duration: timedelta = timedelta()
    """Of shelving."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What is to be journaled, and of the alarms that are left as they are, why, a sentence each."""

    entries: tuple[Entry, ...]
    left: tuple[str, ...] = ()


_EVENTS = {
    Wish.ACKNOWLEDGE: Event.ACKNOWLEDGE,
    Wish.COMMENT: Event.ACKNOWLEDGE,
    Wish.ALL: Event.ACKNOWLEDGE,
    Wish.RESET: Event.RESET,
    Wish.SHELVE: Event.SHELVE,
    Wish.REMOVE: Event.REMOVE,
}
_DONE = {
    Event.ACKNOWLEDGE: "Acknowledged",
    Event.RESET: "Reset",
    Event.SHELVE: "Shelved",
    Event.UNSHELVE: "Not shelved any more",
    Event.REMOVE: "Out of service",
    Event.RESTORE: "Back in service",
}


def event_of(wish: Wish, view: AlarmView) -> Event:
    """'Back' is out of whatever hides the alarm."""
    if wish is Wish.BACK:
        return Event.RESTORE if view.state.shown is Shown.OUT_OF_SERVICE else Event.UNSHELVE
    return _EVENTS[wish]


def named(views: Sequence[AlarmView]) -> str:
    """The alarm's tag, or how many they are."""
    return views[0].state.key.tag if len(views) == 1 else f"{len(views)} alarms"


def urgency(view: AlarmView) -> Priority:
    """The alarm's own while it is active, else its rule's."""
    return view.state.priority if view.state.active or view.rule is None else view.rule.priority


def durations(view: AlarmView, settings: Settings) -> tuple[timedelta, ...]:
    """How long this alarm may be shelved: some lengths, the longest is the site's limit for its priority."""
    most = most_shelved(settings, urgency(view))
    return (*(length for length in DURATIONS if length < most), most)


def refusal(event: Event, view: AlarmView, asking: Asking, settings: Settings) -> str:
    """Why the event is not possible now, before anything is asked about it; '' where it is."""
    if event is Event.ACKNOWLEDGE and view.state.acked and view.state.annunciated:
        return f"{view.state.key.tag} is acknowledged already."
    try:
        _entry(Work(event, (view,), "asked", durations(view, settings)[0]), view, asking, settings)
    except AlarmRefused as error:
        return str(error)
    return ""


def done(work: Work, judged: Judged) -> str:
    """What has happened, once it is in the journal."""
    if judged.left:
        return f"{_DONE[work.event]} {len(judged.entries)} of {len(work.views)} alarms"
    return f"{_DONE[work.event]}: {named(work.views)}."


def judged(work: Work, picture: AlarmPicture, asking: Asking, settings: Settings) -> Judged:
    """By what was seen and by what is so by now: what somebody has done meanwhile is left out."""
    views = views_of(picture)
    entries, left = [], []
    for view in work.views:
        try:
            entry = _entry(work, view, asking, settings)
            now = views.get(entry.key)
            operator_commands.check(now.state if now else AlarmState(entry.key), entry)
        except AlarmRefused as error:
            left.append(str(error))
        else:
            entries.append(entry)
    return Judged(tuple(entries), tuple(left))


def views_of(picture: AlarmPicture) -> Mapping[AlarmKey, AlarmView]:
    """Every alarm that is not normal, whichever list it is in."""
    every = (*picture.listed, *picture.shelved, *picture.suppressed, *picture.out_of_service)
    return {view.state.key: view for view in every}


def _entry(work: Work, view: AlarmView, asking: Asking, settings: Settings) -> Entry:
    state = view.state
    match work.event:
        case Event.ACKNOWLEDGE:
            return operator_commands.acknowledge(state, asking, comment=work.comment)
        case Event.RESET:
            return operator_commands.reset(state, asking, comment=work.comment)
        case Event.SHELVE:
            priority = urgency(view)
            return operator_commands.shelve(
                state, asking, priority=priority, duration=work.duration,
                most=most_shelved(settings, priority), reason=work.comment,
            )  # fmt: skip
        case Event.UNSHELVE:
            return operator_commands.unshelve(state, asking, comment=work.comment)
        case Event.REMOVE:
            return operator_commands.remove(state, asking, priority=urgency(view), reason=work.comment)
        case Event.RESTORE:
            return operator_commands.restore(state, asking, comment=work.comment)
        case _:
            raise AlarmRefused(f"{state.key.tag}: {work.event} is not for people to ask.")
