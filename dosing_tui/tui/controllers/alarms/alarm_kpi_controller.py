"""Alarm KPI page: its figures are read when it is opened, the notification channels while it is visible."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from msgspec.structs import replace

from dosing_tui.domain.alarms.kpis import AlarmKpiSummary, calculate_kpis
from dosing_tui.domain.notifications.channel_status import ChannelStatus
from dosing_tui.tui import lazy_screens
from dosing_tui.tui.alarms.kpi_view import AlarmKpiState
from dosing_tui.tui.controllers.screen_host import ConsoleServices
from dosing_tui.tui.data.query_results import QueryResult

CHANNELS_INTERVAL = timedelta(seconds=10)
"""Channel states are read again after it: a channel that fails has to show."""


class KpisLoaded(QueryResult[AlarmKpiSummary | None]):
    """The alarm KPIs; None without an error: the journal is empty."""


class ChannelStatesLoaded(QueryResult[Sequence[ChannelStatus]]):
    """Delivery status of each notification channel."""


@dataclass(eq=False)
class AlarmKpiController:
    """``screen`` is the alarm screen while it is open."""

    services: ConsoleServices
    screen: "lazy_screens.AlarmScreen | None" = None
    _state: AlarmKpiState = field(default_factory=AlarmKpiState)
    _channels_read_at: datetime | None = None

    def load_kpis(self) -> None:
        self._state = AlarmKpiState()
        self._channels_read_at = None
        self.services.workers.submit(self._read_kpis, KpisLoaded)

    def refresh_channels(self, now: datetime) -> None:
        if self.screen is None or not self.screen.is_kpi_tab:
            return
        if self._channels_read_at is None or now - self._channels_read_at >= CHANNELS_INTERVAL:
            self._channels_read_at = now
            query = partial(self.services.source.records.list_channel_states, now=self.services.clock())
            self.services.workers.submit(query, ChannelStatesLoaded)

    def _read_kpis(self) -> AlarmKpiSummary | None:
        """In a worker thread: KPIs of the last thirty days."""
        now = self.services.clock()
        return calculate_kpis(self.services.source.records.read_kpi_history(now), now)

    def show_kpis(self, result: KpisLoaded) -> None:
        error = result.error or ("" if result.value else "The alarm journal is empty: no KPIs.")
        self._show_state(replace(self._state, kpis=result.value, error=error))

    def show_channels(self, result: ChannelStatesLoaded) -> None:
        """After an error the last states stay."""
        channels = self._state.channels if result.value is None else tuple(result.value)
        self._show_state(replace(self._state, channels=channels, channels_error=result.error))

    def _show_state(self, state: AlarmKpiState) -> None:
        self._state = state
        if self.screen is not None:
            self.screen.show_kpis(state)
