"""Alarms: the banner and the bell, the alarm screen and the detail of one alarm."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from dosing_tui.domain.alarms.models import (
    AlarmKey,
)
from dosing_tui.domain.alarms.snapshot import AlarmView
from dosing_tui.domain.labels.station_labels import name_stations
from dosing_tui.domain.panels.alarm_trend_query import AlarmTrendPoint, AlarmTrendQuery
from dosing_tui.live_snapshot import LiveSnapshot
from dosing_tui.tui import lazy_screens
from dosing_tui.tui.alarms import alarm_actions, audible_alarm
from dosing_tui.tui.alarms.alarm_actions import AlarmAction
from dosing_tui.tui.alarms.alarm_list import EMPTY_SNAPSHOT
from dosing_tui.tui.alarms.alarm_rows import AlarmListOptions
from dosing_tui.tui.alarms.audible_alarm import AudibleAlarm
from dosing_tui.tui.controllers.alarms.alarm_action_controller import AlarmActionController
from dosing_tui.tui.controllers.alarms.alarm_kpi_controller import AlarmKpiController
from dosing_tui.tui.controllers.alarms.journal_controller import JournalController
from dosing_tui.tui.controllers.screen_host import Controller
from dosing_tui.tui.data.query_results import QueryResult
from dosing_tui.tui.keys.bindings import format_keys
from dosing_tui.tui.keys.footer_hints import FooterMode
from dosing_tui.tui.layout.alarm_banner import SystemNotice, build_banner, format_idle_text
from dosing_tui.tui.rendering.number_format import format_timestamp
from dosing_tui.tui.screens.console_screen import ConsoleScreen
from dosing_tui.tui.widgets.messages import ViewChanged

COVERED_ACTIONS = frozenset({"ask_range", "move_range", "live_again", "ask_filters", "freeze", "refresh_now"})
"""Keys of the app without an effect on the alarm lists."""


@dataclass
class TrendLoaded(QueryResult[Sequence[AlarmTrendPoint]]):
    query: AlarmTrendQuery


@dataclass(eq=False)
class AlarmController(Controller):
    """Holds the alarm screen while it is open, and the state of the bell."""

    journal: JournalController
    kpis: AlarmKpiController
    actions: AlarmActionController
    screen: "lazy_screens.AlarmScreen | None" = None
    options: AlarmListOptions = field(default_factory=AlarmListOptions)
    """Sort and filter of the lists; they last as long as the console."""
    _detail: "lazy_screens.AlarmDetailScreen | None" = None
    _audible_alarm: AudibleAlarm = field(default_factory=AudibleAlarm)

    def is_key_enabled(self, action: str) -> bool:
        """While the alarm screen covers the dashboard, keys that change only the dashboard are off."""
        if self.screen is None or action not in COVERED_ACTIONS:
            return True
        if action == "ask_filters":
            return not self.screen.is_kpi_tab
        return self.screen.is_journal_tab and action != "freeze"

    def show_alarms(
        self,
        screen: ConsoleScreen[Any],
        snapshot: LiveSnapshot,
        notices: Sequence[SystemNotice],
        now: datetime,
    ) -> None:
        """Ring when due; update the banner of the active screen, and the open alarm screens."""
        silence_keys = (
            format_keys(["silence"], self.services.keymap) if self._update_bell(snapshot, now) else ""
        )
        banner = build_banner(
            snapshot.alarms, notices, idle_text=format_idle_text(snapshot),
            silence_key=silence_keys.split(" ")[0], short_names=self.services.settings.short_names,
        )  # fmt: skip
        screen.show_banner(banner, partial(format_timestamp, zone=self.services.zone, now=now))
        self.actions.follow_up(snapshot.alarms or EMPTY_SNAPSHOT, now)
        if self.screen is not None:
            self.screen.show_alarms(snapshot.alarms or EMPTY_SNAPSHOT, now)
            self.kpis.refresh_channels(now)
            self.journal.refresh_journal(snapshot.alarms, now)
        if self._detail is not None:
            self._detail.refresh_alarm()

    # the bell

    def _update_bell(self, snapshot: LiveSnapshot, now: datetime) -> bool:
        """Ring when it is due; True while unsilenced alarms sound. Never where the bell is switched off."""
        occurrences = audible_alarm.find_audible_occurrences(snapshot.alarms)
        if not self.services.settings.console.bell:
            return False
        if audible_alarm.is_ring_due(self._audible_alarm, occurrences, now):
            self._audible_alarm = audible_alarm.record_ring(self._audible_alarm, now)
            self.host.bell()
        return audible_alarm.is_sounding(self._audible_alarm, occurrences)

    def silence_bell(self) -> None:
        self._audible_alarm = audible_alarm.silence_occurrences(
            audible_alarm.find_audible_occurrences(self.services.get_alarms())
        )
        self.host.show_message("Bell silenced until the next alarm; alarm states are unchanged.")
        self.host.post_message(ViewChanged())

    # screens

    def toggle_screen(self) -> None:
        """Open the alarm screen, or close it."""
        if self.screen is not None:
            self.screen.dismiss(None)
            return
        self._set_screen(
            lazy_screens.AlarmScreen(
                self.host.terminal_theme,
                self.services.hints,
                self.services.zone,
                self,
                short_names=self.services.settings.short_names,
                options=self.options,
                journal=self.journal,
                load_kpis=self.kpis.load_kpis,
            )
        )
        assert self.screen is not None
        self.host.push_screen(self.screen, self._close_screen)

    def set_list_options(self, options: AlarmListOptions) -> None:
        self.options = options
        if self.screen is not None:
            self.screen.show_options(options)

    def open_filter_dialog(self) -> None:
        """Stations, priorities and states of the alarm lists."""
        alarms = alarm_actions.index_alarms(self.services.get_alarms())
        settings = self.services.settings
        stations = {*settings.plant.devices, *self.options.stations, *(key.device for key in alarms)}
        dialog = lazy_screens.AlarmFilterDialog(
            self.host.terminal_theme, self.options, name_stations(stations, settings.short_names)
        )
        self.open_dialog(dialog, self.set_list_options)

    def show_notice(self, sentence: str) -> None:
        self.host.show_message(sentence)

    def _set_screen(self, screen: "lazy_screens.AlarmScreen | None") -> None:
        self.screen = self.journal.screen = self.kpis.screen = self.actions.screen = screen

    def _close_screen(self, view: str | None) -> None:
        self._set_screen(None)
        if view is not None:
            self.host.show_view(view)
        self.host.post_message(ViewChanged())

    def open_alarm(self, view: AlarmView) -> None:
        self._detail = lazy_screens.AlarmDetailScreen(
            self.host.terminal_theme, view, self.services.hints[FooterMode.ALARM_DETAIL],
            find_alarm=self._find_alarm, clock=self.services.clock, zone=self.services.zone,
            load_trend=self._load_trend,
        )  # fmt: skip
        self.host.push_screen(self._detail, partial(self._close_detail, view))

    def _find_alarm(self, key: AlarmKey) -> AlarmView | None:
        return alarm_actions.index_alarms(self.services.get_alarms()).get(key)

    def _load_trend(self, query: AlarmTrendQuery) -> None:
        self.services.workers.submit(
            partial(self.services.source.records.read_trend, query), partial(TrendLoaded, query=query)
        )

    def show_trend(self, result: TrendLoaded) -> None:
        if self._detail is not None and self._detail.alarm_key == result.query.key:
            self._detail.show_trend(lazy_screens.AlarmTrendState(result.query, result.value, result.error))

    def _close_detail(self, view: AlarmView, action: AlarmAction | None) -> None:
        self._detail = None
        if action is not None:
            self.request_action(action, [self._find_alarm(view.state.key) or view])

    def request_action(self, action: AlarmAction, views: Sequence[AlarmView]) -> None:
        """For a key of the alarm screen."""
        self.actions.request_action(action, views)
