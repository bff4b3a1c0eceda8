"""Each loop of the collector survives an exception that nobody foresaw, and is named until it works again."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from dosing_tui.collector.alarms import rules_watch
from dosing_tui.collector.alarms.alarm_service import AlarmService
from dosing_tui.collector.alarms.outbox_sender import OutboxSender
from dosing_tui.collector.alarms.rules_watch import RulesWatch
from dosing_tui.collector.alarms.stock_watch import StockWatch
from dosing_tui.collector.leadership_monitor import LeadershipMonitor
from dosing_tui.collector.notifications.database_outage import OutageNotifier
from dosing_tui.collector.notifications.dispatcher import NotificationDispatcher
from dosing_tui.collector.pipeline.batch_rebuilder import BatchRebuilder
from dosing_tui.collector.pipeline.database_writer import DatabaseWriter
from dosing_tui.collector.pipeline.lock_watchdog import LockWatchdog
from dosing_tui.collector.presence.presence_recorder import PresenceRecorder
from dosing_tui.collector.role_runtime import RoleRuntime
from dosing_tui.collector.viewer import Viewer
from dosing_tui.config.notification_channel import NotificationKind, NotificationSettings
from dosing_tui.config.settings import CollectorMode
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.live_snapshot import Role
from tests.support.collector.numbered_messages import plant_settings, publish_numbered
from tests.support.collector.running_collector import PACE, Running, in_mode, number_messages, run_in_threads
from tests.support.polling import wait_until

LEADER_LOOPS: dict[str, tuple[type, str]] = {
    "collector": (RoleRuntime, "switch_to"),
    "leader-lease": (LeadershipMonitor, "_renew_lease"),
    "collector-writer": (DatabaseWriter, "_write_or_ping"),
    "collector-batches": (BatchRebuilder, "_try_rebuild"),
    "alarm-clock": (AlarmService, "_tick_rules"),
    "alarm-journal": (AlarmService, "_on_journal_link"),
    "alarm-recipes": (RulesWatch, "_poll_rules"),
    "alarm-stock": (StockWatch, "_list_new"),
    "alarm-sender": (OutboxSender, "_send_pending"),
    "notify-dispatch": (NotificationDispatcher, "_read_journal"),
    "lock-watchdog": (LockWatchdog, "_check_locks"),
    "notify-outage": (OutageNotifier, "_check_database"),
    "station-status": (PresenceRecorder, "_collect_news"),
}
VIEWER_LOOPS: dict[str, tuple[type, str]] = {"viewer": (Viewer, "_show_chunk")}


class Mistakes:
    """Makes a method of each loop fail once when it is armed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, loops: dict[str, tuple[type, str]]) -> None:
        self.armed: set[str] = set()
        for thread, (owner, method) in loops.items():
            monkeypatch.setattr(owner, method, self._wrap(thread, getattr(owner, method)))

    def _wrap(self, thread: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def fail_if_armed(*arguments: Any, **options: Any) -> Any:
            if thread in self.armed:
                self.armed.discard(thread)
                raise TypeError("a mistake in this program")
            return work(*arguments, **options)

        return fail_if_armed


def has_said(plant: Running, words: str) -> bool:
    return any(words in sentence for sentence in plant.said)


def works_again(plant: Running, thread: str) -> bool:
    return thread not in plant.picture.failed_threads


@pytest.mark.parametrize(("loops", "mode"), [(LEADER_LOOPS, "always"), (VIEWER_LOOPS, "never")])
def test_a_loop_that_fails_is_named_and_works_again(
    loops: dict[str, tuple[type, str]],
    mode: str,
    migrated: str,
    mosquitto: EmbeddedBroker,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(rules_watch, "POLL_INTERVAL_S", 1.0)
    mistakes = Mistakes(monkeypatch, loops)
    channel = NotificationSettings(
        name="shift", kind=NotificationKind.COMMAND, command=("true",), on=("raise",)
    )
    settings = replace(plant_settings(mosquitto.settings, migrated, tmp_path), notifications=(channel,))
    with run_in_threads(in_mode(settings, CollectorMode(mode)), pace=PACE) as plant:
        role = Role.COLLECTOR if loops is LEADER_LOOPS else Role.VIEWER
        wait_until(lambda: plant.role is role and plant.listening)
        for thread in loops:
            mistakes.armed.add(thread)
            publish_numbered(settings.mqtt, number_messages(0, 1))  # the viewer waits for messages
            named = f"Thread {thread} failed: TypeError('a mistake in this program')"
            wait_until(partial(has_said, plant, named), why=lambda: "\n".join(plant.said))
            publish_numbered(settings.mqtt, number_messages(1, 2))
            wait_until(partial(works_again, plant, thread))
        assert plant.role is role
