"""That the database is away is told while it is away, once, and its end when it is back."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from dosing_tui.collector.alarms.journal_outbox import JournalOutbox
from dosing_tui.collector.notifications.database_outage import DATABASE_DOWN, OutageNotifier
from dosing_tui.config.notification_channel import NotificationSettings
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.domain.alarms.models import AlarmState, Priority
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot, AlarmView
from dosing_tui.domain.notifications.policy import RATE_LIMIT_PERIOD, DeliveryStatus
from dosing_tui.ipc.supervised_thread import RetryDelay
from dosing_tui.live_state import LinkState, LinkStatus
from tests.support.collector.numbered_messages import plant_settings, run_collector
from tests.support.collector.protocol_fakes import QUICK, FakeServer, make_context
from tests.support.database.schema_inspection import fetch_rows
from tests.support.notifiers.message_receivers import HANG, WebServer, web_server
from tests.support.polling import wait_until

FIRST, SECOND = UUID(int=1), UUID(int=2)


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


def make_channel(web: WebServer, name: str = "shift", **changes: object) -> NotificationSettings:
    made = NotificationSettings(name=name, url=web.url, on=("raise", "return"), timeout_s=1.0)
    return replace(made, **changes)  # type: ignore[arg-type]  # NotificationSettings'


class Away:
    """A collector's telling of the absence, on a real disk and a picture that the test draws."""

    def __init__(self, folder: Path, outbox: JournalOutbox, *channels: NotificationSettings) -> None:
        self.said: list[str] = []
        self.ahead = timedelta()
        around = make_context(folder, FakeServer(), said=self.said)
        self._live = around.live_state
        pace = replace(QUICK, notify_poll_s=0.02, notify_retry=RetryDelay(0.05, 0.1))
        settings = replace(around.settings, notifications=channels)
        self.absence = OutageNotifier(
            replace(around, settings=settings, intervals=pace, clock=self.get_now), outbox
        )

    def get_now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    @property
    def notice(self) -> str:
        return self._live.get_snapshot(self.get_now()).notice

    def show_outage(
        self, occurrence: UUID = FIRST, *, acked: bool = False, link: LinkStatus = LinkStatus.DOWN
    ) -> None:
        now = self.get_now()
        state = AlarmState(
            DATABASE_DOWN,
            Priority.MEDIUM,
            active=True,
            acked=acked,
            occurrence=occurrence,
            count=1,
            raised_at=now,
        )
        view = AlarmView(state, None, "Database down", None, None, condition_active=True, is_first_out=False)
        self._live.set_alarms(AlarmSnapshot(now, (view,)))
        self._live.set_database(LinkState(link, now, "It refuses the connection."))


@contextmanager
def start_outage(folder: Path, *channels: NotificationSettings, **shown: object) -> Iterator[Away]:
    with closing(JournalOutbox(folder)) as outbox:
        night = Away(folder, outbox, *channels)
        night.show_outage(**shown)  # type: ignore[arg-type]  # show's
        night.absence.start()
        try:
            yield night
        finally:
            night.absence.stop()


def test_every_channel_that_wants_it_is_told_once_and_a_restart_changes_nothing(
    tmp_path: Path, web: WebServer
) -> None:
    with web_server() as late, web_server() as urgent:
        deaf = make_channel(urgent, "urgent", priorities=("high",))
        with start_outage(tmp_path, make_channel(web), deaf):
            wait_until(lambda: web.accepted)
        with start_outage(tmp_path, make_channel(web), deaf, make_channel(late, "late")) as night:
            wait_until(lambda: late.accepted)
            assert night.absence.hand_over_notice("shift", DATABASE_DOWN, FIRST) is DeliveryStatus.SENT
        assert urgent.posted == []
    (posted,) = web.posted
    assert (posted.content["occasion"], posted.content["alarms"][0]["tag"]) == ("raise", "DB_DOWN")
    assert "has been away since" in posted.content["text"]
    assert "other alarms are not notified until it is available again" in posted.content["text"]


def test_what_does_not_go_out_is_tried_again_until_somebody_else_takes_it_over(
    tmp_path: Path, web: WebServer
) -> None:
    web.answers = [503] * 1000
    with start_outage(tmp_path, make_channel(web)) as night:
        wait_until(lambda: len(web.posted) >= 3 and "failed; retrying" in night.notice)
        wait_until(
            lambda: night.absence.hand_over_notice("shift", DATABASE_DOWN, FIRST) is DeliveryStatus.PENDING
        )
        web.answers.clear()
        night.show_outage(SECOND)
        wait_until(lambda: web.accepted)
        night.show_outage(link=LinkStatus.UP)
        wait_until(lambda: night.notice == "")
    assert len({one.content["id"] for one in web.posted}) == 2
    assert len(web.accepted) == 1


def test_one_that_hangs_holds_up_nobody_and_is_not_told_again(tmp_path: Path, web: WebServer) -> None:
    web.answers = [HANG]
    with web_server() as other, web_server() as late:
        both = make_channel(web, timeout_s=60.0), make_channel(other, "other")
        with start_outage(tmp_path, *both) as night:
            wait_until(lambda: web.posted and other.accepted)
            assert night.absence.hand_over_notice("shift", DATABASE_DOWN, FIRST) is DeliveryStatus.CLAIMED
        with start_outage(tmp_path, *both, make_channel(late, "late")) as night:
            wait_until(lambda: late.accepted)
            assert night.absence.hand_over_notice("shift", DATABASE_DOWN, FIRST) is DeliveryStatus.UNKNOWN
        assert (len(web.posted), len(other.posted)) == (1, 1)


def test_what_comes_and_goes_is_told_once_in_ten_minutes(tmp_path: Path, web: WebServer) -> None:
    with start_outage(tmp_path, make_channel(web)):
        wait_until(lambda: web.accepted)
    with (
        web_server() as witness,
        start_outage(
            tmp_path, make_channel(web), make_channel(witness, "witness"), occurrence=SECOND
        ) as night,
    ):
        wait_until(lambda: witness.accepted)
        assert len(web.posted) == 1
        night.ahead = RATE_LIMIT_PERIOD + timedelta(seconds=1)
        wait_until(lambda: len(web.accepted) == 2)


@pytest.mark.parametrize("shown", [{"acked": True}, {"link": LinkStatus.UP}])
def test_nobody_is_told_of_what_somebody_has_seen_or_is_over(
    tmp_path: Path, web: WebServer, shown: dict[str, object]
) -> None:
    with start_outage(tmp_path, make_channel(web), **shown) as night:
        night.show_outage(SECOND)
        wait_until(lambda: web.accepted)
        assert night.absence.hand_over_notice("shift", DATABASE_DOWN, FIRST) is DeliveryStatus.PENDING
    assert len(web.posted) == 1


def test_the_absence_is_told_at_once_and_its_end_afterwards_though_the_collector_is_killed_meanwhile(
    mosquitto: EmbeddedBroker,
    own_postgres: EmbeddedPostgres,
    tmp_path: Path,
    web: WebServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = plant_settings(mosquitto.settings, own_postgres.dsn, tmp_path)
    settings = replace(settings, alarms=replace(settings.alarms, link_down_s=0.5))
    with web_server() as late:
        monkeypatch.setenv("DOSING_NOTIFICATIONS_SHIFT_URL", web.url)
        one = replace(settings, notifications=(make_channel(web, timeout_s=5.0),))
        two = replace(one, notifications=(*one.notifications, make_channel(late, "late", timeout_s=5.0)))
        with run_collector(one, tmp_path) as collector:
            wait_until(lambda: "The broker is connected." in collector.log, why=lambda: collector.log)
            wait_until(lambda: has_dispatcher(own_postgres))
            own_postgres.kill()
            wait_until(lambda: web.accepted)
            collector.kill()
        monkeypatch.setenv("DOSING_NOTIFICATIONS_LATE_URL", late.url)
        with run_collector(two, tmp_path) as again:
            wait_until(lambda: late.accepted)
            own_postgres.restart()
            wait_until(lambda: len(web.accepted) == 2)
            assert again.end_gracefully() == 0
    raised, returned = (posted.content for posted in web.posted)
    assert [one["alarms"][0]["tag"] for one in (raised, returned)] == ["DB_DOWN", "DB_DOWN"]
    assert (raised["occasion"], returned["occasion"]) == ("raise", "return")
    assert returned["follows"] == raised["id"]


def has_dispatcher(server: EmbeddedPostgres) -> bool:
    """A collector tells of alarms from now on."""
    found = fetch_rows(server.dsn, "SELECT to_regclass('alarm_notification_channels') IS NOT NULL")
    return found == [(True,)] and bool(fetch_rows(server.dsn, "SELECT 1 FROM alarm_notification_channels"))
