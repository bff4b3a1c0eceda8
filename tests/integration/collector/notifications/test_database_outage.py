"""That the database is away is told while it is away, once, and its end when it is back."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from msgspec import structs
from msgspec.structs import replace

from dosing_tui.collector.alarms.journal_outbox import DATABASE_DOWN, JournalOutbox
from dosing_tui.collector.notifications.database_outage import OutageNotifier
from dosing_tui.config.notification_channel import NotificationSettings
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmKey, AlarmState, JournalEntry, Priority
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot, AlarmView
from dosing_tui.domain.alarms.state_machine import apply_event
from dosing_tui.domain.notifications.policy import RATE_LIMIT_PERIOD, DeliveryStatus
from dosing_tui.ipc.supervised_thread import RetryDelay
from dosing_tui.live_snapshot import LinkState, LinkStatus
from tests.integration.collector.alarms.test_alarm_service_on_servers import (
    connect_station,
    say_dose,
    say_level,
)
from tests.support.collector.numbered_messages import plant_settings, run_collector
from tests.support.collector.protocol_fakes import QUICK, FakeServer, make_context
from tests.support.database.schema_inspection import fetch_rows
from tests.support.domain.alarm_entries import make_entry
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
        self.server, self.outbox = FakeServer(), outbox
        around = make_context(folder, self.server, said=self.said)
        self._live = around.live_state
        pace = structs.replace(QUICK, notify_poll_s=0.02, notify_retry=RetryDelay(0.05, 0.1))
        settings = replace(around.settings, notifications=channels)
        self.absence = OutageNotifier(
            structs.replace(around, settings=settings, intervals=pace, clock=self.get_now), outbox
        )

    def get_now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    @property
    def notice(self) -> str:
        return self._live.get_snapshot(self.get_now()).notice

    def find_status(self, occurrence: UUID) -> DeliveryStatus | None:
        """What the dispatcher learns of it on the channel "shift"."""
        found = self.absence.list_deliveries("shift", [(DATABASE_DOWN, occurrence)])
        return found[occurrence].status if occurrence in found else None

    def show_outage(
        self,
        occurrence: UUID = FIRST,
        *,
        acked: bool = False,
        link: LinkStatus = LinkStatus.DOWN,
        urgent: Sequence[JournalEntry] = (),
    ) -> None:
        """``urgent``: alarms of high priority that are unacknowledged."""
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
        every = [state, *(apply_event(AlarmState(entry.key), entry).state for entry in urgent)]
        views = tuple(
            AlarmView(one, None, one.message, None, None, condition_active=True, is_first_out=False)
            for one in every
        )
        self._live.set_alarms(AlarmSnapshot(now, views))
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
            assert night.find_status(FIRST) is DeliveryStatus.SENT
        assert urgent.posted == []
    (posted,) = web.posted
    assert (posted.content["occasion"], posted.content["alarms"][0]["tag"]) == ("raise", "DB_DOWN")
    assert "has been away since" in posted.content["text"]
    assert "only those of high priority are notified until it is available again" in posted.content["text"]


def test_what_does_not_go_out_is_tried_again_until_somebody_else_takes_it_over(
    tmp_path: Path, web: WebServer
) -> None:
    web.answers = [503] * 1000
    with start_outage(tmp_path, make_channel(web)) as night:
        wait_until(lambda: len(web.posted) >= 3 and "failed; retrying" in night.notice)
        wait_until(lambda: night.absence.take_over("shift", [(DATABASE_DOWN, FIRST)]))
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
            assert night.find_status(FIRST) is DeliveryStatus.CLAIMED
            assert not night.absence.take_over("shift", [(DATABASE_DOWN, FIRST)])
        with start_outage(tmp_path, *both, make_channel(late, "late")) as night:
            wait_until(lambda: late.accepted)
            assert night.find_status(FIRST) is DeliveryStatus.UNKNOWN
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
        assert night.find_status(FIRST) is None
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
    migrate_schema(settings, report=print)  # as long as a collector does it, the database counts as away
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
            wait_until(lambda: list_ends(web))
            assert again.end_gracefully() == 0
    # a server that starts may refuse once more: that is another occurrence
    told = list_of_outage(web)
    assert list_ends(web)[0]["follows"] in [one["id"] for one in told if one["occasion"] == "raise"]
    assert len({one["id"] for one in told}) == len(told)


def list_of_outage(web: WebServer) -> list[Any]:
    return [one.content for one in web.posted if one.content["alarms"][0]["tag"] == "DB_DOWN"]


def list_ends(web: WebServer) -> list[Any]:
    return [one for one in list_of_outage(web) if one["occasion"] == "return"]


def has_dispatcher(server: EmbeddedPostgres) -> bool:
    """A collector tells of alarms from now on."""
    found = fetch_rows(server.dsn, "SELECT to_regclass('alarm_notification_channels') IS NOT NULL")
    return found == [(True,)] and bool(fetch_rows(server.dsn, "SELECT 1 FROM alarm_notification_channels"))


def raise_urgent(outbox: JournalOutbox, count: int) -> list[JournalEntry]:
    """Alarms of high priority that wait for the journal."""
    now = datetime.now(UTC)
    raised = [
        structs.replace(
            make_entry(AlarmEvent.RAISE), uuid=uuid4(), id=0, at=now, received_at=now, priority=Priority.HIGH,
            key=AlarmKey("DOSE_GROSS", f"station {number}"), message=f"Gross dosing error on {number}",
        )
        for number in range(count)
    ]  # fmt: skip
    outbox.put_entries(raised)
    return raised


@contextmanager
def start_urgent_outage(
    folder: Path, count: int, *channels: NotificationSettings
) -> Iterator[tuple[Away, list[JournalEntry]]]:
    with closing(JournalOutbox(folder)) as outbox:
        night, raised = Away(folder, outbox, *channels), raise_urgent(outbox, count)
        night.show_outage(urgent=raised)
        night.absence.start()
        try:
            yield night, raised
        finally:
            night.absence.stop()


def list_told(web: WebServer) -> list[str]:
    """Every alarm of every message that was taken."""
    return [alarm["tag"] for one in web.accepted for alarm in one.content["alarms"]]


def test_alarms_of_high_priority_go_out_too_within_the_limit_of_the_channel_for_all_together(
    tmp_path: Path, web: WebServer
) -> None:
    channel = make_channel(web, most_in_10_minutes=4)
    with start_urgent_outage(tmp_path, 20, channel) as (night, raised):
        wait_until(lambda: len(web.accepted) == 3)
        night.ahead = timedelta(seconds=11)
        wait_until(lambda: len(web.accepted) == 4)
        night.show_outage(urgent=[*raised, *raise_urgent(night.outbox, 21)[20:]])
        night.ahead += RATE_LIMIT_PERIOD
        wait_until(lambda: len(web.accepted) == 5)
    # singly, as long as there is room, then all others in one; the outage itself is one of them
    assert [one.content["total"] for one in web.accepted[:4]] == [1, 1, 1, 18]
    assert sorted(list_told(web)[:21]) == sorted(["DB_DOWN", *(one.key.tag for one in raised)])
    assert list_told(web)[21:] == ["DOSE_GROSS/station 20"]


def test_one_that_is_never_taken_holds_up_no_other_of_its_channel(tmp_path: Path, web: WebServer) -> None:
    web.unwanted = b"station 0"
    with start_urgent_outage(tmp_path, 4, make_channel(web)) as (_, raised):
        wait_until(lambda: len(web.accepted) == 4)
        wait_until(lambda: len(web.posted) > 6)  # it is tried again
    assert sorted(list_told(web)) == sorted(["DB_DOWN", *(one.key.tag for one in raised[1:])])


def test_what_the_dispatcher_has_taken_is_not_sent_beside_it_unless_it_gives_it_back(
    tmp_path: Path, web: WebServer
) -> None:
    with closing(JournalOutbox(tmp_path)) as outbox:
        night, raised = Away(tmp_path, outbox, make_channel(web)), raise_urgent(outbox, 2)
        taken = [(one.key, one.uuid) for one in raised]
        assert list(night.absence.take_over("shift", taken)) == taken
        night.absence.give_back("shift", taken[1:])
        night.show_outage(urgent=raised)
        night.absence.start()
        wait_until(lambda: len(web.accepted) == 2)
        night.show_outage(SECOND, urgent=[*raised, *raise_urgent(outbox, 3)[2:]])
        wait_until(lambda: len(web.accepted) == 3)
        night.absence.stop()
    assert sorted(list_told(web)) == ["DB_DOWN", "DOSE_GROSS/station 1", "DOSE_GROSS/station 2"]


def test_a_suspended_leader_sends_no_alarm_that_another_may_have_sent(tmp_path: Path, web: WebServer) -> None:
    with closing(JournalOutbox(tmp_path)) as outbox:
        night = Away(tmp_path, outbox, make_channel(web))
        night.server.confirmed = False
        night.show_outage(urgent=raise_urgent(outbox, 1))
        night.absence.start()
        wait_until(lambda: web.accepted)
        night.server.confirmed = True
        wait_until(lambda: len(web.accepted) == 2)
        night.absence.stop()
    assert list_told(web) == ["DB_DOWN", "DOSE_GROSS/station 0"]


NOTICES = """
SELECT j.rule, n.occasion, n.fate FROM alarm_notifications AS n JOIN alarm_journal AS j ON j.id = n.journal_id
 WHERE j.priority = 'high' AND n.occasion = 'raise'
"""


def test_an_alarm_of_high_priority_is_told_once_while_the_database_is_away(
    mosquitto: EmbeddedBroker,
    own_postgres: EmbeddedPostgres,
    tmp_path: Path,
    web: WebServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DOSING_NOTIFICATIONS_SHIFT_URL", web.url)
    site = plant_settings(mosquitto.settings, own_postgres.dsn, tmp_path)
    site = replace(site, notifications=(make_channel(web, timeout_s=5.0),))
    with connect_station(site) as plant:
        with run_collector(site, tmp_path) as collector:
            wait_until(lambda: "The broker is connected." in collector.log, why=lambda: collector.log)
            wait_until(lambda: has_dispatcher(own_postgres))
            own_postgres.kill()
            say_level(plant, site, 4.0)
            wait_until(lambda: tell_rules(web) >= {"STOCK_CRITICAL"}, why=lambda: collector.log)
            collector.kill()
        with run_collector(site, tmp_path) as again:
            wait_until(lambda: "The broker is connected." in again.log, why=lambda: again.log)
            say_dose(plant, site, 3.0)
            wait_until(lambda: tell_rules(web) >= {"DOSE_GROSS"}, why=lambda: again.log)
            own_postgres.restart()
            wait_until(
                lambda: (
                    fetch_rows(own_postgres.dsn, NOTICES)
                    and {fate for _, _, fate in fetch_rows(own_postgres.dsn, NOTICES)} <= {"sent", "unknown"}
                    and {rule for rule, _, _ in fetch_rows(own_postgres.dsn, NOTICES)}
                    >= {"STOCK_CRITICAL", "DOSE_GROSS"}
                ),
                why=lambda: again.log,
            )
            say_dose(plant, site, 3.0)
            assert again.end_gracefully() == 0
    raised = [one.content["alarms"][0]["rule"] for one in web.posted if one.content["occasion"] == "raise"]
    assert [raised.count(rule) for rule in ("STOCK_CRITICAL", "DOSE_GROSS")] == [1, 1]


def tell_rules(web: WebServer) -> set[Any]:
    return {one.content["alarms"][0]["rule"] for one in web.accepted}
