"""Reads what the page of alarm health shows: the figures when it is opened, the channels as long as it is."""

import logging
from dataclasses import replace
from datetime import datetime, timedelta

from dosing_tui.domain.alarms.kpis import Health, health
from dosing_tui.domain.notifications.channel_status import ChannelState
from dosing_tui.errors import DatabaseError
from dosing_tui.tui.alarms.alarm_screen import AlarmPage
from dosing_tui.tui.alarms.kpi_view import HealthNews
from dosing_tui.tui.controllers.shift_report_controller import Reporting

log = logging.getLogger(__name__)

AGAIN = timedelta(seconds=10)
"""The channels are read again: one that fails has to show."""


class HealthReading(Reporting):
    """Holds the alarm page while it is open."""

    _page: AlarmPage | None = None
    _health = HealthNews()
    _channels_at: datetime | None = None

    def read_health(self) -> None:
        self._health = HealthNews()
        self._channels_at = None
        self._askers.do(self._find_health)

    def follow_channels(self, now: datetime) -> None:
        if self._page is None or not self._page.in_health:
            return
        if self._channels_at is None or now - self._channels_at >= AGAIN:
            self._channels_at = now
            self._askers.do(self._find_channels)

    def _find_health(self) -> None:
        """In one of the askers' threads: what the journal says of the last thirty days."""
        found, trouble = None, ""
        try:
            now = self._clock()
            found = health(self._source.past(now), now)
            trouble = "" if found else "The journal is empty: there is nothing to judge."
        except DatabaseError as error:
            trouble = str(error)
        except Exception:
            # the task's boundary: the thread goes on answering panels
            log.exception("reading the alarm journal")
            trouble = "The journal cannot be read: see the log file."
        self.call_from_thread(self._show_health, found, trouble)

    def _find_channels(self) -> None:
        """In one of the askers' threads."""
        channels, trouble = None, ""
        try:
            channels = tuple(self._source.channels(self._clock()))
        except DatabaseError as error:
            trouble = str(error)
        except Exception:
            # the task's boundary, as above
            log.exception("reading how people are told of alarms")
            trouble = "How people are told cannot be read: see the log file."
        self.call_from_thread(self._show_channels, channels, trouble)

    def _show_health(self, found: Health | None, trouble: str) -> None:
        self._show_news(replace(self._health, health=found, trouble=trouble))

    def _show_channels(self, channels: tuple[ChannelState, ...] | None, trouble: str) -> None:
        """What was read last stays while nothing newer can be read."""
        known = self._health.channels if channels is None else channels
        self._show_news(replace(self._health, channels=known, unread=trouble))

    def _show_news(self, news: HealthNews) -> None:
        self._health = news
        if self._page is not None:
            self._page.show_health(news)
