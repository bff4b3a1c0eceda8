"""When the terminal's bell rings: while an alarm is unacknowledged, until somebody silences it. Pure.

Silence is not acknowledgement: the alarms stay as they are, and the next one rings again.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from dosing_tui.domain.alarms.models import AlarmKey, Priority, Shown
from dosing_tui.domain.alarms.snapshot import AlarmPicture

EVERY = timedelta(seconds=3)

Calls: TypeAlias = frozenset[tuple[AlarmKey, UUID | None]]
"""Occurrences: an alarm that is raised again is another one."""


@dataclass(frozen=True, slots=True)
class Horn:
    silenced: Calls = frozenset()
    rung_at: datetime | None = None


def calling(picture: AlarmPicture | None) -> Calls:
    """The occurrences that want to be heard; what has returned by itself and diagnostics do not."""
    return frozenset(
        (view.state.key, view.state.occurrence)
        for view in (picture.listed if picture else ())
        if view.state.shown in (Shown.UNACK, Shown.LATCHED_UNACK)
        and view.state.priority is not Priority.DIAGNOSTIC
    )


def sounds(horn: Horn, calls: Calls) -> bool:
    """Something calls that nobody has silenced."""
    return not calls <= horn.silenced


def rings(horn: Horn, calls: Calls, now: datetime) -> bool:
    """The bell is due now; it repeats every few seconds."""
    due = horn.rung_at is None or not horn.rung_at <= now < horn.rung_at + EVERY
    return due and sounds(horn, calls)


def rung(horn: Horn, now: datetime) -> Horn:
    return replace(horn, rung_at=now)


def silenced(calls: Calls) -> Horn:
    """What calls now is not heard any more; the next occurrence is heard at once."""
    return Horn(silenced=calls)
