"""What is committed in the journal is told once, in time, and to nobody whom it does not concern any more."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from msgspec import structs
from msgspec.structs import replace

from dosing_tui.collector.alarms.journal_outbox import DATABASE_DOWN, JournalOutbox
from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.collector.context.status import CollectorStatus
from dosing_tui.collector.dependencies import build_database
from dosing_tui.collector.notifications import channel_state, dispatcher
from dosing_tui.collector.notifications.database_outage import OutageNotifier
from dosing_tui.collector.notifications.dispatcher import NotificationDispatcher
from dosing_tui.config.notification_channel import MailSecurity, NotificationKind, NotificationSettings
from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms import journal, notification_queue
from dosing_tui.domain.alarms.checkpoint import Checkpoint
from dosing_tui.domain.alarms.journal_projection import JournalProjection
from dosing_tui.domain.alarms.models import SYSTEM_ACTOR, AlarmEvent, AlarmKey, JournalEntry, Priority
from dosing_tui.domain.notifications.channel_status import ChannelStatus
from dosing_tui.domain.notifications.policy import DeliveryStatus, Trigger, create_message_id
from dosing_tui.ipc.supervised_thread import RetryDelay
from dosing_tui.live_state import LiveState
from tests.support.collector.protocol_fakes import PlainParser
from tests.support.collector.running_collector import PACE
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import fetch_rows
from tests.support.database.stored_journal import read_journal
from tests.support.domain.alarm_entries import ANNA, make_entry
from tests.support.notifiers.mail_server import run_mail_server
from tests.support.notifiers.message_receivers import HANG, SLOW, WebServer, web_server
from tests.support.polling import wait_until

QUICK_RETRY = RetryDelay(0.05, 0.1)
FATES = "SELECT occasion, fate FROM alarm_notifications ORDER BY id"


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


@pytest.fixture
def settings(migrated: str, web: WebServer, tmp_path: Path) -> Settings:
    site = settings_for(migrated)
    collector = replace(site.collector, spool_dir=str(tmp_path))
    return replace(site, collector=collector, notifications=(make_channel(web),))


def make_channel(web: WebServer, **changes: object) -> NotificationSettings:
    made = NotificationSettings(name="shift", url=web.url, on=("raise", "return"), timeout_s=1.0)
    return replace(made, **changes)  # type: ignore[arg-type]  # NotificationSettings'


def change_channel(settings: Settings, **changes: object) -> Settings:
    """The same with another channel."""
    (one,) = settings.notifications
    return replace(settings, notifications=(replace(one, **changes),))  # type: ignore[arg-type]  # its fields


class Teller:
    """The notifying part of a collector, on the real database."""

    def __init__(self, settings: Settings, retry: RetryDelay = QUICK_RETRY) -> None:
        self.said: list[str] = []
        self.settings = settings
        self.ahead = timedelta()
        self.live = live = LiveState()
        pace = structs.replace(PACE, notify_retry=retry, notify_poll_s=0.1, rate_limit_s=0.1)
        context = CollectorContext(
            settings,
            build_database(settings),
            PlainParser,
            live,
            CollectorStatus(live, report=self.said.append, clock=self.get_now),
            pace,
            self.get_now,
        )
        self.outbox = JournalOutbox(Path(settings.collector.spool_dir))
        self.notifying = NotificationDispatcher(context, OutageNotifier(context, self.outbox))

    def get_now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    @property
    def banner(self) -> str:
        """What it has to say as long as it is so."""
        return self.live.get_snapshot(self.get_now()).notice

    def has_said(self, words: str) -> bool:
        return any(words in sentence for sentence in self.said)

    def has_read_journal(self) -> bool:
        """It has read what is in the journal."""
        head = len(read_journal(self.settings))
        found = fetch_rows(self.settings.database.dsn, "SELECT last_id FROM alarm_notification_channels")
        return bool(found) and all(last_id >= head for (last_id,) in found)


@contextmanager
def start_dispatcher(
    settings: Settings, *, ahead: timedelta = timedelta(), retry: RetryDelay = QUICK_RETRY
) -> Iterator[Teller]:
    """``ahead``: its clock is."""
    teller = Teller(settings, retry)
    teller.ahead = ahead
    teller.notifying.start()
    try:
        wait_until(teller.has_read_journal)
        yield teller
    finally:
        teller.notifying.stop()
        teller.outbox.close()


def append_event(
    settings: Settings, event: AlarmEvent = AlarmEvent.RAISE, item: str = "T-12", **changes: object
) -> JournalEntry:
    """Something that is in the journal from now on."""
    now = datetime.now(UTC)
    key = AlarmKey("STOCK_LOW", "dosing_system_01", item)
    made = structs.replace(make_entry(event), uuid=uuid4(), id=0, key=key, at=now, received_at=now)
    made = structs.replace(made, message=f"Low inventory: {item} at 19.9 %")
    made = structs.replace(made, **changes)  # type: ignore[arg-type]  # Entry's
    journal.append_entries(settings, [made])
    return made


def read_deliveries(settings: Settings) -> list[tuple[object, ...]]:
    return fetch_rows(settings.database.dsn, FATES)


def are_settled(settings: Settings, count: int) -> bool:
    found = read_deliveries(settings)
    return len(found) == count and all(fate not in ("waiting", "claimed") for _, fate in found)


def list_message_ids(web: WebServer) -> list[UUID]:
    return [UUID(one.headers["Idempotency-Key"]) for one in web.posted]


def test_an_alarm_and_its_end_are_told_once_each(settings: Settings, web: WebServer) -> None:
    with start_dispatcher(settings):
        append_event(settings)
        wait_until(lambda: len(web.accepted) == 1)
        append_event(settings, AlarmEvent.RETURN)
        wait_until(lambda: are_settled(settings, 2))
    raised, returned = (one.content for one in web.accepted)
    assert (raised["occasion"], returned["occasion"]) == ("raise", "return")
    assert raised["alarms"][0]["tag"] == "STOCK_LOW/dosing_system_01/T-12"
    assert returned["follows"] == raised["id"] == web.accepted[0].headers["Idempotency-Key"]


def test_what_was_before_the_channel_is_not_told_but_what_came_while_nobody_told_is(
    settings: Settings, web: WebServer
) -> None:
    append_event(settings, item="OLD")
    with start_dispatcher(settings):
        pass
    append_event(settings, item="NEW")
    with start_dispatcher(settings):
        wait_until(lambda: are_settled(settings, 1))
    with start_dispatcher(settings):
        pass
    assert [one.content["alarms"][0]["item"] for one in web.posted] == ["NEW"]


@pytest.mark.parametrize(
    ("status", "is_told"),
    [
        (DeliveryStatus.SENT, True),
        (DeliveryStatus.IN_SUMMARY, True),
        (DeliveryStatus.CLAIMED, True),  # by a process that was killed
        (DeliveryStatus.FAILED, False),
    ],
)
def test_the_end_of_an_outage_follows_what_told_of_it_though_it_was_journaled_before_the_channel_was_known(
    settings: Settings, web: WebServer, status: DeliveryStatus, is_told: bool
) -> None:
    raised = append_event(settings, key=DATABASE_DOWN)
    with closing(JournalOutbox(Path(settings.collector.spool_dir))) as outbox:
        outbox.save_deliveries("shift", {(DATABASE_DOWN, raised.uuid): status}, raised.at)
    with start_dispatcher(settings):
        append_event(settings, AlarmEvent.RETURN, key=DATABASE_DOWN)
        wait_until(lambda: are_settled(settings, 1))
    first = create_message_id(settings.plant.site, "shift", Trigger.RAISE, raised.uuid)
    expected = [("return", str(first))] if is_told else []
    assert [(one.content["occasion"], one.content["follows"]) for one in web.accepted] == expected


def test_priorities_that_nobody_wants_are_not_told(settings: Settings, web: WebServer) -> None:
    with start_dispatcher(change_channel(settings, priorities=("high",))):
        append_event(settings, item="A", priority=Priority.MEDIUM)
        append_event(settings, item="B", priority=Priority.HIGH)
        wait_until(lambda: are_settled(settings, 1))
    assert [one.content["alarms"][0]["item"] for one in web.posted] == ["B"]


def test_one_that_the_receiver_never_takes_holds_up_no_other(settings: Settings, web: WebServer) -> None:
    web.unwanted = b"POISON"
    with start_dispatcher(settings, retry=RetryDelay(0.2, 600.0, jitter=0.0)):
        append_event(settings, item="POISON", priority=Priority.HIGH)
        wait_until(lambda: len(web.posted) >= 2)
        append_event(settings, item="GOOD")
        wait_until(lambda: len(web.accepted) == 1)
    assert web.accepted[0].content["alarms"][0]["item"] == "GOOD"
    assert read_deliveries(settings) == [("raise", "waiting"), ("raise", "sent")]


@pytest.mark.parametrize("acknowledged", [False, True])
def test_an_alarm_that_nobody_acknowledges_in_time_is_told_of(
    settings: Settings, web: WebServer, acknowledged: bool
) -> None:
    with start_dispatcher(change_channel(settings, on=("unacknowledged",), after_minutes=10)) as teller:
        raised = append_event(settings)
        if acknowledged:
            append_event(settings, AlarmEvent.ACKNOWLEDGE, occurrence=raised.uuid, who=ANNA)
        wait_until(lambda: read_deliveries(settings) == [("unacknowledged", "waiting")])
        assert web.posted == []
        teller.ahead = timedelta(minutes=10, seconds=1)
        wait_until(lambda: are_settled(settings, 1))
    assert [one.content["occasion"] for one in web.posted] == [] if acknowledged else ["unacknowledged"]


@pytest.mark.parametrize(
    "event", [AlarmEvent.SHELVE, AlarmEvent.SUPPRESS, AlarmEvent.REMOVE_FROM_SERVICE, AlarmEvent.ACKNOWLEDGE]
)
def test_what_is_hidden_or_acknowledged_before_its_turn_is_not_told(
    settings: Settings, web: WebServer, event: AlarmEvent
) -> None:
    with start_dispatcher(settings):
        pass
    append_event(settings)
    end = datetime.now(UTC) + timedelta(minutes=20) if event is AlarmEvent.SHELVE else None
    append_event(settings, event, until=end)
    both = [("raise", "withdrawn"), ("hidden", "withdrawn")]
    expected = both[:1] if event is AlarmEvent.ACKNOWLEDGE else both
    with start_dispatcher(settings):
        wait_until(lambda: read_deliveries(settings) == expected)
    assert web.posted == []


@pytest.mark.parametrize("event", [AlarmEvent.SHELVE, AlarmEvent.SUPPRESS, AlarmEvent.REMOVE_FROM_SERVICE])
def test_of_an_alarm_that_was_told_and_is_hidden_then_people_are_told_that_once(
    settings: Settings, web: WebServer, event: AlarmEvent
) -> None:
    by_hand = event is not AlarmEvent.SUPPRESS
    end = datetime.now(UTC) + timedelta(minutes=20) if event is AlarmEvent.SHELVE else None
    with start_dispatcher(settings):
        append_event(settings)
        wait_until(lambda: len(web.accepted) == 1)
        append_event(
            settings, event, until=end, comment="being repaired", who=ANNA if by_hand else SYSTEM_ACTOR
        )
        wait_until(lambda: len(web.accepted) == 2)
        if event is AlarmEvent.SUPPRESS:
            append_event(settings, AlarmEvent.REMOVE_FROM_SERVICE, comment="being repaired", who=ANNA)
        append_event(settings, AlarmEvent.RETURN)
        append_event(
            settings, AlarmEvent.RETURN_TO_SERVICE if event is not AlarmEvent.SHELVE else AlarmEvent.UNSHELVE
        )
        append_event(settings, item="LATER")
        wait_until(lambda: len(web.accepted) == 3)
    raised, hidden, later = (one.content for one in web.accepted)
    assert (hidden["occasion"], hidden["follows"]) == ("hidden", raised["id"])
    (alarm,) = hidden["alarms"]
    assert (alarm["event"], alarm["reason"]) == (event.value, "being repaired")
    assert alarm["by"] == ("Anna" if by_hand else "")
    assert alarm["until"] == (end and end.isoformat())
    assert later["alarms"][0]["item"] == "LATER"


def test_an_end_is_told_of_what_was_told_because_nobody_acknowledged_it_and_of_nothing_else(
    settings: Settings, web: WebServer
) -> None:
    with start_dispatcher(
        change_channel(settings, on=("unacknowledged", "return"), after_minutes=10)
    ) as teller:
        append_event(settings, item="LONG")
        brief = append_event(settings, item="BRIEF")
        append_event(settings, AlarmEvent.ACKNOWLEDGE, item="BRIEF", occurrence=brief.uuid, who=ANNA)
        append_event(settings, AlarmEvent.RETURN, item="BRIEF")
        teller.ahead = timedelta(minutes=10, seconds=1)
        wait_until(lambda: len(web.accepted) == 1)
        append_event(settings, AlarmEvent.RETURN, item="LONG")
        wait_until(lambda: are_settled(settings, 4))
    assert [(one.content["occasion"], one.content["alarms"][0]["item"]) for one in web.accepted] == [
        ("unacknowledged", "LONG"),
        ("return", "LONG"),
    ]


@pytest.mark.parametrize("event", [AlarmEvent.REALARM, AlarmEvent.ESCALATE])
def test_the_end_of_an_alarm_that_was_to_sound_again_is_told_though_that_was_not(
    settings: Settings, web: WebServer, event: AlarmEvent
) -> None:
    with start_dispatcher(change_channel(settings, most_in_10_minutes=2)) as teller:
        raised = append_event(settings, priority=Priority.LOW)
        wait_until(lambda: len(web.accepted) == 1)
        append_event(settings, AlarmEvent.ACKNOWLEDGE, occurrence=raised.uuid, who=ANNA)
        again = append_event(
            settings, event, priority=Priority.MEDIUM
        )  # the last of the limit waits for company
        wait_until(lambda: len(read_deliveries(settings)) == 2)
        append_event(settings, AlarmEvent.ACKNOWLEDGE, occurrence=again.uuid, who=ANNA)
        append_event(settings, AlarmEvent.RETURN)
        wait_until(lambda: read_deliveries(settings)[1] == ("raise", "withdrawn"))
        teller.ahead = timedelta(seconds=11)
        wait_until(lambda: are_settled(settings, 3))
    assert [one.content["occasion"] for one in web.accepted] == ["raise", "return"]
    assert web.accepted[1].content["follows"] == web.accepted[0].content["id"]


def test_all_that_is_told_of_an_alarm_follows_what_told_of_it_first_until_it_returns(
    settings: Settings, web: WebServer
) -> None:
    with start_dispatcher(settings):
        for number, event in enumerate(
            [
                AlarmEvent.RAISE,
                AlarmEvent.ACKNOWLEDGE,
                AlarmEvent.REALARM,
                AlarmEvent.RAISE,
                AlarmEvent.RETURN,
            ]
        ):
            append_event(settings, event, who=ANNA if event is AlarmEvent.ACKNOWLEDGE else SYSTEM_ACTOR)
            wait_until(lambda: len(web.accepted) == [1, 1, 2, 2, 3][number])  # noqa: B023 -- called at once
        append_event(settings)
        wait_until(lambda: len(web.accepted) == 4)
        append_event(settings, AlarmEvent.RETURN)
        wait_until(lambda: are_settled(settings, 5))
    first, again, end, second, its_end = (one.content for one in web.accepted)
    assert again["follows"] == end["follows"] == first["id"]
    assert (second["follows"], its_end["follows"]) == (None, second["id"])


def test_the_end_of_what_may_have_been_told_before_it_was_acknowledged_is_told(
    settings: Settings, web: WebServer
) -> None:
    web.answers = [HANG, *[503] * 1000]
    with start_dispatcher(settings):
        raised = append_event(settings)
        wait_until(lambda: len(web.posted) >= 2)
        append_event(settings, AlarmEvent.ACKNOWLEDGE, occurrence=raised.uuid, who=ANNA)
        wait_until(lambda: read_deliveries(settings) == [("raise", "withdrawn")])
        web.answers.clear()
        append_event(settings, AlarmEvent.RETURN)
        wait_until(lambda: are_settled(settings, 2))
    assert [one.content["occasion"] for one in web.accepted] == ["return"]
    assert web.accepted[0].content["follows"] == web.posted[0].content["id"]


def test_a_server_that_answers_500_and_hangs_gets_the_same_message_until_it_takes_it(
    settings: Settings, web: WebServer
) -> None:
    web.answers = [500, HANG, 503]
    with start_dispatcher(settings) as teller:
        append_event(settings)
        wait_until(lambda: are_settled(settings, 1) and teller.has_said("answers 500"))
    assert [one.status for one in web.posted] == [500, HANG, 503, 200]
    assert len(set(list_message_ids(web))) == 1
    assert read_deliveries(settings) == [("raise", "sent")]


def test_what_the_server_refuses_for_good_does_not_keep_the_next_waiting(
    settings: Settings, web: WebServer
) -> None:
    web.answers = [400]
    with start_dispatcher(settings) as teller:
        append_event(settings, item="A")
        wait_until(lambda: read_deliveries(settings) == [("raise", "failed")])
        append_event(settings, item="B")
        wait_until(
            lambda: are_settled(settings, 2) and teller.has_said("rejected STOCK_LOW/dosing_system_01/A")
        )
    assert len(web.accepted) == 1


def test_a_flood_is_told_in_one_message_after_the_single_ones(settings: Settings, web: WebServer) -> None:
    with start_dispatcher(change_channel(settings, most_in_10_minutes=4)) as teller:
        now = datetime.now(UTC)
        journal.append_entries(
            settings,
            [
                structs.replace(
                    make_entry(AlarmEvent.RAISE), uuid=uuid4(), id=0, at=now, received_at=now,
                    priority=Priority.HIGH if number % 100 == 7 else Priority.LOW,
                    key=AlarmKey("QUARANTINE", "", f"topic {number}"), message=f"Unreadable on {number}",
                )
                for number in range(500)
            ],
        )  # fmt: skip
        wait_until(lambda: len(web.accepted) == 3)
        teller.ahead = timedelta(seconds=11)
        wait_until(lambda: len(web.accepted) == 4)
    *singles, summary = (one.content for one in web.accepted)
    assert {one["alarms"][0]["priority"] for one in singles} == {"high"}
    assert (summary["occasion"], summary["total"]) == ("summary", 497)
    assert summary["counts"] == {"high": 2, "low": 495}
    assert [one["priority"] for one in summary["alarms"][:3]] == ["high", "high", "low"]


def test_after_the_limit_nothing_goes_out_until_the_ten_minutes_are_over(
    settings: Settings, web: WebServer
) -> None:
    with start_dispatcher(change_channel(settings, most_in_10_minutes=1)) as teller:
        append_event(settings, item="A")
        teller.ahead = timedelta(seconds=11)
        wait_until(lambda: len(web.accepted) == 1)
        for item in ("B", "C"):
            append_event(settings, item=item)
        wait_until(lambda: len(read_deliveries(settings)) == 3)
        teller.ahead = timedelta(minutes=10, seconds=12)
        wait_until(lambda: len(web.accepted) == 2)
    assert web.accepted[1].content["total"] == 2


def test_what_is_of_high_priority_goes_out_though_others_have_used_up_the_limit_and_up_to_it(
    settings: Settings, web: WebServer
) -> None:
    with start_dispatcher(change_channel(settings, most_in_10_minutes=2)) as teller:
        append_event(settings, item="A")
        wait_until(lambda: len(web.accepted) == 1)
        for item in ("B", "C"):
            append_event(settings, item=item)
        wait_until(lambda: len(read_deliveries(settings)) == 3)
        teller.ahead = timedelta(seconds=11)
        wait_until(lambda: len(web.accepted) == 2)
        append_event(settings, item="D")
        append_event(settings, item="H-1", priority=Priority.HIGH)
        wait_until(lambda: len(web.accepted) == 3)
        for item in ("H-2", "H-3", "H-4"):
            append_event(settings, item=item, priority=Priority.HIGH, at=teller.get_now())
        wait_until(lambda: len(read_deliveries(settings)) == 9)
        teller.ahead = timedelta(seconds=25)
        wait_until(lambda: len(web.accepted) == 4)
        append_event(settings, item="H-5", priority=Priority.HIGH)
        wait_until(teller.has_read_journal)
        assert [one.content["total"] for one in web.posted] == [1, 2, 1, 3]
        teller.ahead = timedelta(minutes=11)
        wait_until(lambda: len(web.accepted) == 5)
    assert [one["item"] for one in web.accepted[2].content["alarms"]] == ["H-1"]
    assert "H-5" in [one["item"] for one in web.accepted[4].content["alarms"]]


def test_two_processes_that_tell_at_once_tell_once(settings: Settings, web: WebServer) -> None:
    with (
        start_dispatcher(change_channel(settings, most_in_10_minutes=600)),
        start_dispatcher(change_channel(settings, most_in_10_minutes=600)),
    ):
        for number in range(20):
            append_event(settings, item=f"C-{number}")
        wait_until(lambda: are_settled(settings, 20))
    assert len(set(list_message_ids(web))) == len(list_message_ids(web)) == 20


def test_a_hanging_server_delays_neither_the_end_nor_another_channel(
    settings: Settings, web: WebServer
) -> None:
    web.answers = [HANG]
    with web_server() as other:
        both = (*settings.notifications, make_channel(other, name="other"))
        with start_dispatcher(replace(settings, notifications=both)):
            append_event(settings)
            wait_until(lambda: other.accepted and web.posted)
            begun = datetime.now(UTC)
        assert datetime.now(UTC) - begun < timedelta(seconds=5)


def test_a_claim_that_nobody_settled_is_not_told_again(settings: Settings, web: WebServer) -> None:
    web.answers = [HANG]
    book = notification_queue.NotificationQueue(settings)
    with start_dispatcher(change_channel(settings, most_in_10_minutes=1)):
        append_event(settings)
        wait_until(lambda: read_deliveries(settings) == [("raise", "waiting")])  # waits for company
        book.open(["shift"])
        assert book.claim_notice(1, now=datetime.now(UTC))
        book.close()
    with start_dispatcher(settings, ahead=timedelta(minutes=6)) as teller:
        wait_until(lambda: read_deliveries(settings) == [("raise", "unknown")])
        wait_until(lambda: teller.has_said("not re-sent"))
    assert web.posted == []


def test_at_a_clean_end_the_answer_to_what_is_under_way_is_waited_for(
    settings: Settings, web: WebServer
) -> None:
    web.answers = [SLOW]
    with start_dispatcher(change_channel(settings, timeout_s=30.0)):
        append_event(settings)
        wait_until(lambda: len(web.posted) == 1)
    assert read_deliveries(settings) == [("raise", "sent")]


def test_what_has_no_answer_at_a_clean_end_is_not_sent_again(settings: Settings, web: WebServer) -> None:
    web.answers = [HANG]
    with start_dispatcher(change_channel(settings, timeout_s=30.0)) as teller:
        append_event(settings)
        wait_until(lambda: len(web.posted) == 1)
    assert read_deliveries(settings) == [("raise", "unknown")]
    assert teller.has_said("delivery status unknown")
    with start_dispatcher(settings):
        append_event(settings, item="LATER")
        wait_until(lambda: are_settled(settings, 2))
    assert [one.content["alarms"][0]["item"] for one in web.posted] == ["T-12", "LATER"]


SUMMARISED = "SELECT DISTINCT fate FROM alarm_notifications WHERE occasion <> 'summary'"


def test_a_summary_that_does_not_go_out_is_tried_again_with_all_it_tells_of(
    settings: Settings, web: WebServer
) -> None:
    web.answers = [503, 503]
    with start_dispatcher(change_channel(settings, most_in_10_minutes=1)) as teller:
        for item in ("A", "B", "C"):
            append_event(settings, item=item)
        wait_until(lambda: len(read_deliveries(settings)) == 3)
        teller.ahead = timedelta(seconds=11)
        wait_until(lambda: web.accepted)
    assert [one.status for one in web.posted] == [503, 503, 200]
    assert len(set(list_message_ids(web))) == 1
    assert web.accepted[0].content["total"] == 3
    assert fetch_rows(settings.database.dsn, SUMMARISED) == [("summarised",)]


@pytest.mark.parametrize("answer", [400, 503])
def test_what_a_summary_was_to_tell_of_is_lost_with_it_and_counted(
    settings: Settings, web: WebServer, answer: int
) -> None:
    web.answers = [answer] * 1000
    with start_dispatcher(change_channel(settings, most_in_10_minutes=1)) as teller:
        for item in ("A", "B", "C"):
            append_event(settings, item=item)
        wait_until(lambda: len(read_deliveries(settings)) == 3)
        teller.ahead = timedelta(seconds=11)
        wait_until(lambda: web.posted)
        if answer == 503:
            teller.ahead = timedelta(days=1, minutes=1)
        wait_until(lambda: are_settled(settings, 4))
        (state,) = notification_queue.list_channel_states(settings, now=teller.get_now())
    assert fetch_rows(settings.database.dsn, SUMMARISED) == [("failed",)]
    assert state.lost == 3


def test_after_a_day_it_is_given_up(settings: Settings, web: WebServer) -> None:
    web.answers = [503] * 1000
    with start_dispatcher(settings) as teller:
        append_event(settings)
        wait_until(lambda: web.posted)
        teller.ahead = timedelta(days=1, minutes=1)
        wait_until(lambda: read_deliveries(settings) == [("raise", "failed")])
        wait_until(lambda: teller.has_said("1 alarm not sent within a day, dropped. The server answers 503."))


def test_of_high_priority_it_is_told_after_days_if_it_is_active_and_unacknowledged(
    settings: Settings, web: WebServer
) -> None:
    with start_dispatcher(settings):
        pass  # the channel is known from now on
    ago = datetime.now(UTC) - timedelta(days=3)
    for item, priority in (("H", Priority.HIGH), ("M", Priority.MEDIUM), ("GONE", Priority.HIGH)):
        append_event(settings, item=item, priority=priority, at=ago)
    append_event(settings, AlarmEvent.RETURN, item="GONE", at=ago)
    with start_dispatcher(settings) as teller:
        wait_until(lambda: are_settled(settings, 4))
        wait_until(lambda: teller.has_said("2 alarms not sent within a day, dropped."))
        (state,) = notification_queue.list_channel_states(settings, now=teller.get_now())
    assert [one.content["alarms"][0]["item"] for one in web.posted] == ["H"]
    assert state.lost == 2


def test_a_summary_with_one_of_high_priority_is_not_given_up(settings: Settings, web: WebServer) -> None:
    web.answers = [503] * 1000
    with start_dispatcher(change_channel(settings, most_in_10_minutes=1)) as teller:
        for item, priority in (("A", Priority.MEDIUM), ("H", Priority.HIGH)):
            append_event(settings, item=item, priority=priority)
        wait_until(lambda: len(read_deliveries(settings)) == 2)
        teller.ahead = timedelta(seconds=11)
        wait_until(lambda: web.posted)
        teller.ahead = timedelta(days=3)
        posted = len(web.posted)
        wait_until(lambda: len(web.posted) > posted + 2)
        web.answers.clear()
        wait_until(lambda: web.accepted)
    assert web.accepted[0].content["total"] == 2


def test_a_message_that_times_out_waits_from_then_on_and_others_go_past_it(
    settings: Settings, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long the attempt took: the time of the attempt is no part of the wait."""
    monkeypatch.setattr(channel_state, "MAX_PAUSE_S", 0.05)
    web.answers = [HANG]
    with start_dispatcher(settings, retry=RetryDelay(60.0, 600.0)) as teller:
        append_event(settings, item="HANGS", priority=Priority.HIGH)
        wait_until(lambda: web.posted)
        teller.ahead = timedelta(minutes=10)  # the attempt has taken so long
        append_event(settings, item="B")
        wait_until(lambda: web.accepted)
        append_event(settings, item="C")
        wait_until(lambda: len(web.accepted) == 2)
        teller.ahead = timedelta(minutes=13)
        wait_until(lambda: len(web.accepted) == 3)
    assert [one.content["alarms"][0]["item"] for one in web.posted] == ["HANGS", "B", "C", "HANGS"]


def test_an_attempt_that_takes_long_is_not_taken_for_that_of_an_ended_process(
    settings: Settings, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "CLAIM_SWEEP_S", 0.0)
    web.answers = [HANG]
    with web_server() as other:
        both = (make_channel(web, timeout_s=60.0), make_channel(other, name="other"))
        with start_dispatcher(replace(settings, notifications=both)) as teller:
            append_event(settings, item="SLOW")
            wait_until(lambda: web.posted and other.accepted)
            teller.ahead = 2 * notification_queue.CLAIM_TIMEOUT
            append_event(settings, item="LATER")
            wait_until(lambda: len(other.accepted) == 2)
            assert ("raise", "claimed") in read_deliveries(settings)
            assert not teller.has_said("the process ended")
            web.stopping.set()  # it answers, with nothing
            wait_until(lambda: len(web.accepted) == 2)
    assert {one.content["alarms"][0]["item"] for one in web.accepted} == {"SLOW", "LATER"}


@pytest.mark.parametrize("becomes", ["withdrawn", "refused", "given up"])
def test_that_a_channel_does_not_go_out_is_said_only_while_something_is_tried_again(
    settings: Settings, web: WebServer, becomes: str
) -> None:
    web.answers = [503] * 1000
    with start_dispatcher(settings) as teller:
        raised = append_event(settings)
        wait_until(lambda: "failed; retrying" in teller.banner)
        if becomes == "withdrawn":
            append_event(settings, AlarmEvent.ACKNOWLEDGE, occurrence=raised.uuid, who=ANNA)
        elif becomes == "refused":
            web.answers[:] = [400]
        else:
            teller.ahead = timedelta(days=1, minutes=1)
        wait_until(lambda: are_settled(settings, 1))
        wait_until(lambda: "failed; retrying" not in teller.banner)


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """From behind which entries the journal is read."""
    found: list[int] = []
    entries = notification_queue.NotificationQueue.read_entries

    def note_and_read(book: notification_queue.NotificationQueue, after: int) -> list[JournalEntry]:
        found.append(after)
        return entries(book, after)

    monkeypatch.setattr(notification_queue.NotificationQueue, "read_entries", note_and_read)
    return found


def lose_the_session(settings: Settings) -> None:
    fetch_rows(settings.database.dsn, LOSE)


LOSE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'notifications'"


def test_after_an_outage_the_journal_is_read_on_and_not_again(
    settings: Settings, web: WebServer, pages: list[int]
) -> None:
    with start_dispatcher(settings):
        for item in ("A", "B", "C"):
            append_event(settings, item=item)
        wait_until(lambda: len(web.accepted) == 3)
        lose_the_session(settings)
        pages.clear()
        append_event(settings, AlarmEvent.RETURN, item="A")
        wait_until(lambda: len(web.accepted) == 4)
    assert min(pages) >= 3
    assert web.accepted[3].content["follows"] == web.accepted[0].content["id"]


def test_who_tells_next_begins_where_the_alarms_were_remembered(
    settings: Settings, web: WebServer, pages: list[int]
) -> None:
    with start_dispatcher(settings):
        raised = [append_event(settings, item=item) for item in ("A", "B", "C")]
        wait_until(lambda: len(web.accepted) == 3)
    replica = JournalProjection()
    replica.apply_committed(read_journal(settings))
    journal.save_checkpoint(settings, Checkpoint(replica.last_entry_id, replica.confirmed_states))
    pages.clear()
    with start_dispatcher(settings):
        append_event(settings, AlarmEvent.RETURN, item="B")
        wait_until(lambda: len(web.accepted) == 4)
    assert min(pages) == len(raised)
    assert web.accepted[3].content["follows"] == web.accepted[1].content["id"]


def test_what_nobody_has_made_notices_of_is_told_though_the_alarms_are_remembered_from_later_on(
    settings: Settings, web: WebServer, pages: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "CHECKPOINT_INTERVAL", 1)
    with start_dispatcher(settings):
        append_event(settings, item="OLD")
        wait_until(lambda: len(web.accepted) == 1)
    append_event(settings, item="A")
    append_event(settings, AlarmEvent.RETURN, item="OLD")
    replica = JournalProjection()
    replica.apply_committed(read_journal(settings))
    journal.save_checkpoint(settings, Checkpoint(replica.last_entry_id, replica.confirmed_states))
    pages.clear()
    with start_dispatcher(settings):
        wait_until(lambda: len(web.accepted) == 3)
    assert min(pages) == 1  # from its own checkpoint, not from the first entry
    assert [one.content["alarms"][0]["item"] for one in web.accepted] == ["OLD", "A", "OLD"]


def find_states(settings: Settings, wanted: Callable[[ChannelStatus], object]) -> list[ChannelStatus]:
    """The states of the channels that are in the wanted one."""
    found = notification_queue.list_channel_states(settings, now=datetime.now(UTC))
    return [one for one in found if wanted(one)]


def test_the_state_of_a_channel_can_be_asked(settings: Settings, web: WebServer) -> None:
    web.answers = [500] * 1000
    with start_dispatcher(settings):
        append_event(settings)
        (failing,) = wait_until(
            lambda: find_states(settings, lambda one: "500" in one.reason and one.waiting)
        )
        assert (failing.channel, failing.waiting, failing.failing_since is not None) == ("shift", 1, True)
        assert failing.last_error is not None
        web.answers.clear()
        (sent,) = wait_until(lambda: find_states(settings, lambda one: one.last_sent))
        assert (sent.failing_since, sent.last_error, sent.reason) == (None, None, "")


def test_names_that_a_station_made_up_reach_no_receiver_as_more_than_text(
    settings: Settings, web: WebServer
) -> None:
    nasty = '[/]\x1b[2J<!channel>\r\nBcc: x@y.z "q" &'
    with run_mail_server() as box:
        mail = NotificationSettings(
            name="mail", kind=NotificationKind.MAIL, security=MailSecurity.PLAIN, host="127.0.0.1",
            port=box.port, sender="a@plant.example", to=("b@plant.example",),
        )  # fmt: skip
        chat = make_channel(web, kind=NotificationKind.SLACK)
        with start_dispatcher(replace(settings, notifications=(chat, mail))):
            append_event(settings, item=nasty, message=f"Low inventory: {nasty} at 19.9 %", comment=nasty)
            wait_until(lambda: box.envelopes and web.accepted)
    text = web.accepted[0].content["text"]
    assert "[/]�[2J&lt;!channel&gt; Bcc: x＠y.z" in text
    assert "\x1b" not in text
    assert "<" not in text
    assert "[/]�[2J<!channel> Bcc: x@y.z" in box.mails[0]["Subject"]
    assert box.mails[0]["Bcc"] is None
    assert box.envelopes[0].rcpt_tos == ["b@plant.example"]
