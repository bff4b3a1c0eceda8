"""Reads what the alarm rules are by: tolerances, recipes and limits of the database, and the log of pumps."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.config.alarm_limits import build_alarm_limits
from dosing_tui.database.schema.tolerance_rules import describe_difference
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.capability.service_state import ServiceState
from dosing_tui.domain.tolerances.tolerance_book import ToleranceBook
from dosing_tui.errors import DatabaseError

log = logging.getLogger(__name__)

POLL_INTERVAL_S = 5.0
"""A change of the rules reaches the alarms so soon."""
READY_INTERVAL_S = 1.0
SERVICE_INTERVAL = timedelta(minutes=1)
"""Interval between two reads of the log of pumps."""
LIMITS_DIFFER = "The alarm limits in these settings differ from the database's, which count."


@dataclass(frozen=True, slots=True)
class RuleInputs:
    """``service_states``: None while they are not due."""

    tolerances: ToleranceBook
    limits: AlarmLimits
    service_states: Sequence[ServiceState] | None = None


class RulesWatch:
    """One thread. ``is_ready``: whether the database answers."""

    def __init__(
        self,
        context: CollectorContext,
        receive: Callable[[RuleInputs], None],
        *,
        is_ready: Callable[[], bool],
    ) -> None:
        self._context, self._store = context, context.database.alarm_store
        self._receive, self._is_ready = receive, is_ready
        self._own_limits = build_alarm_limits(context.settings)
        self._next_service_read = context.clock()
        self.thread = context.create_thread("alarm-recipes", self._poll_rules, interval_s=READY_INTERVAL_S)

    def _poll_rules(self) -> None:
        if not self._is_ready():
            return
        try:
            rules = RuleInputs(
                self._store.read_tolerances(), self._store.read_alarm_limits(), self._read_service_states()
            )
        except DatabaseError as error:
            log.info("tolerances, recipes and limits not read, the previous ones stay: %s", error)
        else:
            self._receive(rules)
            self._show_differences(rules)
        self.thread.mark_working()
        self.thread.wait(POLL_INTERVAL_S - READY_INTERVAL_S)

    def _show_differences(self, rules: RuleInputs) -> None:
        status = self._context.status
        status.set_notice("tolerances", describe_difference(self._context.settings, rules.tolerances))
        status.set_notice("limits", "" if rules.limits == self._own_limits else LIMITS_DIFFER)

    def _read_service_states(self) -> Sequence[ServiceState] | None:
        now = self._context.clock()
        if now < self._next_service_read:
            return None
        states = self._store.read_service_states(now)
        self._next_service_read = now + SERVICE_INTERVAL
        return states
