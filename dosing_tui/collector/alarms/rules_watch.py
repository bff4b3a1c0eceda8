"""Reads what the alarm rules are by: tolerances, recipes and limits of the database, and the log of pumps."""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

from msgspec import Struct

from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.config.alarm_limits import build_alarm_limits
from dosing_tui.database.schema.tolerance_rules import describe_difference
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.capability.service_state import ServiceState
from dosing_tui.domain.quantities.set_back_clock import is_due
from dosing_tui.domain.tolerances.tolerance_book import ToleranceBook
from dosing_tui.errors import DatabaseError

log = logging.getLogger(__name__)

POLL_INTERVAL_S = 5.0
"""A change of the rules reaches the alarms so soon."""
READY_INTERVAL_S = 1.0
SERVICE_INTERVAL = timedelta(minutes=1)
"""Interval between two reads of the log of pumps."""
LIMITS_DIFFER = "The alarm limits in these settings differ from the database's, which count."


class RuleInputs(Struct, frozen=True):
    """What was read; None: not due, or the database did not answer."""

    tolerances: ToleranceBook | None = None
    limits: AlarmLimits | None = None
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
        self._tolerances: ToleranceBook | None = None
        self._service_read_at: datetime | None = None
        self.thread = context.create_thread("alarm-recipes", self._poll_rules, interval_s=READY_INTERVAL_S)

    def _poll_rules(self) -> None:
        if not self._is_ready():
            return
        self._read_tolerances()
        self._read_limits()
        self._read_service_states(self._context.clock())
        self.thread.mark_working()
        self.thread.wait(POLL_INTERVAL_S - READY_INTERVAL_S)

    def _read_tolerances(self) -> None:
        with self._note_failed_read("limits of recipes"):
            book = self._store.read_tolerances()
            if book != self._tolerances:
                log.info(
                    "tolerance rules of version %d and %d recipe versions loaded",
                    book.newest.version, len(book.masters),
                )  # fmt: skip
            self._tolerances = book
            self._receive(RuleInputs(tolerances=book))
            difference = describe_difference(self._context.settings, book)
            self._context.status.set_notice("tolerances", difference)

    def _read_limits(self) -> None:
        with self._note_failed_read("alarm limits"):
            limits = self._store.read_alarm_limits()
            self._receive(RuleInputs(limits=limits))
            self._context.status.set_notice("limits", "" if limits == self._own_limits else LIMITS_DIFFER)

    def _read_service_states(self, now: datetime) -> None:
        if not is_due(self._service_read_at, now, SERVICE_INTERVAL):
            return
        self._service_read_at = now
        with self._note_failed_read("state of the pumps"):
            self._receive(RuleInputs(service_states=self._store.read_service_states(now)))

    @contextmanager
    def _note_failed_read(self, subject: str) -> Iterator[None]:
        failure = ""
        try:
            yield
        except DatabaseError as error:
            failure = f"Alarm rules go on with the previous {subject}: {error}"
            log.info("%s", failure)
        self._context.status.set_notice(f"alarms: {subject}", failure)
