"""Reads what the page of alarm health shows: the figures when it is opened, the channels as long as it is."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from dosing_tui.domain.alarms.kpis import AlarmKpiSummary, calculate_kpis
from dosing_tui.domain.notifications.channel_status import ChannelStatus
from dosing_tui.errors import DatabaseError
from dosing_tui.tui.alarms.alarm_screen import AlarmScreen
from dosing_tui.tui.alarms.kpi_view import AlarmKpiState
from dosing_tui.tui.controllers.shift_report_controller import ShiftReportController

log = logging.getLogger(__name__)

CHANNELS_INTERVAL = timedelta(seconds=10)
"""The channels are read again: one that fails has to show."""


class AlarmKpiController(ShiftReportController):
    """Holds the alarm page while it is open."""

    _alarm_screen: AlarmScreen | None = None
    _kpi_state = AlarmKpiState()
    _channels_read_at: datetime | None = None

    def load_kpis(self) -> None:
        self._kpi_state = AlarmKpiState()
        self._channels_read_at = None
        self._query_workers.submit_job(self._read_kpis)

    def refresh_channels(self, now: datetime) -> None:
        if self._alarm_screen is None or not self._alarm_screen.is_kpi_tab:
            return
        if self._channels_read_at is None or now - self._channels_read_at >= CHANNELS_INTERVAL:
            self._channels_read_at = now
            self._query_workers.submit_job(self._read_channels)

    def _read_kpis(self) -> None:
        """In one of the askers' threads: what the journal says of the last thirty days."""
        found, trouble = None, ""
        try:
            now = self._clock()
            found = calculate_kpis(self._source.read_alarm_history(now), now)
            trouble = "" if found else "The journal is empty: there is nothing to judge."
        except DatabaseError as error:
            trouble = str(error)
        except Exception:
            # the task's boundary: the thread goes on answering panels
            log.exception("reading the alarm journal")
            trouble = "The journal cannot be read: see the log file."
        self.call_from_thread(self._show_kpis, found, trouble)

    def _read_channels(self) -> None:
        """In one of the askers' threads."""
        channels, trouble = None, ""
        try:
            channels = tuple(self._source.list_channel_states(self._clock()))
        except DatabaseError as error:
            trouble = str(error)
        except Exception:
            # the task's boundary, as above
            log.exception("reading how people are told of alarms")
            trouble = "How people are told cannot be read: see the log file."
        self.call_from_thread(self._show_channels, channels, trouble)

    def _show_kpis(self, kpis: AlarmKpiSummary | None, error: str) -> None:
        self._show_kpi_state(replace(self._kpi_state, kpis=kpis, error=error))

    def _show_channels(self, channels: tuple[ChannelStatus, ...] | None, error: str) -> None:
        """What was read last stays while nothing newer can be read."""
        known = self._kpi_state.channels if channels is None else channels
        self._show_kpi_state(replace(self._kpi_state, channels=known, channels_error=error))

    def _show_kpi_state(self, state: AlarmKpiState) -> None:
        self._kpi_state = state
        if self._alarm_screen is not None:
            self._alarm_screen.show_kpis(state)
