"""Which evaluated alarms a process shows: a collector all, another what the journal does not have yet."""

from collections.abc import Callable
from datetime import datetime, timedelta

from msgspec import Struct

from dosing_tui.domain.alarm_rules.delays import DelayedCondition, build_alarm_view
from dosing_tui.domain.alarm_rules.shared.flood_counter import FloodCounter
from dosing_tui.domain.alarms.catalog import COLLECTOR_RULES
from dosing_tui.domain.alarms.journal_projection import JournalProjection
from dosing_tui.domain.alarms.models import AlarmKey, AlarmState
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot, build_snapshot, find_first_outs

VIEWER_GRACE_TIME = timedelta(seconds=5)
"""Age at which a viewer displays its own entries; by then it has normally read those of the collector."""


class AlarmDisplay(Struct, frozen=True):
    projection: JournalProjection
    flood: FloodCounter
    find_condition: Callable[[AlarmKey], DelayedCondition | None]
    writes_journal: bool
    """The process is the collector."""

    def take_snapshot(
        self, now: datetime, *, is_journal_live: bool, has_collector: bool = True
    ) -> AlarmSnapshot:
        """Return a snapshot for the screens.

        ``is_journal_live``: the journal is being read; ``has_collector``: some process writes it. With
        both, a process that only reads it adds what it has found itself, and only while that lasts.
        """
        is_follower = not self.writes_journal and is_journal_live
        states = (
            self.projection.get_states(now - VIEWER_GRACE_TIME) if is_follower else self.projection.states
        )
        if is_follower and has_collector:
            states = {key: state for key, state in states.items() if self._is_journals_or_stands(state)}
        raise_count = self.flood.update(now, only_journaled=is_follower and has_collector)
        first = find_first_outs(states.values())
        views = {
            key: build_alarm_view(state, self._find_shown_condition(key), first_out=key in first)
            for key, state in states.items()
        }
        return build_snapshot(
            views,
            at=now,
            raise_count=raise_count,
            is_flood=self.flood.is_flood,
            is_journal_live=is_journal_live,
            pending_command_count=0 if is_journal_live else self.projection.pending_command_count,
        )

    def is_collectors_own(self, key: AlarmKey) -> bool:
        """Whether an active alarm is about the collector, and this process is another."""
        return (
            not self.writes_journal
            and key.rule in COLLECTOR_RULES
            and self.projection.is_confirmed_active(key)
        )

    def _is_journals_or_stands(self, state: AlarmState) -> bool:
        """Whether the journal has the alarm, or this process sees its cause at the plant at this moment.

        Nobody else has an alarm of this process's own links, and nobody could acknowledge it.
        """
        is_own = state.active and state.key.rule not in COLLECTOR_RULES
        return is_own or self.projection.is_confirmed(state.key)

    def _find_shown_condition(self, key: AlarmKey) -> DelayedCondition | None:
        condition = self.find_condition(key)
        is_others = condition is not None and not condition.is_active and self.is_collectors_own(key)
        return None if is_others else condition
