"""What is committed in the journal is told once, in time, and to nobody whom it does not concern any more."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.collector.context.status import CollectorStatus
from dosing_tui.collector.dependencies import build_database
from dosing_tui.collector.notifications import dispatcher
from dosing_tui.collector.notifications.dispatcher import NotificationDispatcher
from dosing_tui.config.notification_channel import MailSecurity, NotificationKind, NotificationSettings
from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms import journal, notification_queue
from dosing_tui.domain.alarms.checkpoint import Checkpoint
from dosing_tui.domain.alarms.journal_projection import JournalProjection
from dosing_tui.domain.alarms.models import SYSTEM_ACTOR, AlarmEvent, AlarmKey, JournalEntry, Priority
from dosing_tui.live_state import LiveState
from tests.support.collector.protocol_fakes import PlainParser
from tests.support.collector.running_collector import PACE
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import rows
from tests.support.domain.alarm_entries import ANNA, entry
from tests.support.notifiers.mail_server import postbox
from tests.support.notifiers.message_receivers import HANG, SLOW, WebServer, web_server
from tests.support.polling import until

FATES = "SELECT occasion, fate FROM alarm_notifications ORDER BY id"


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


@pytest.fixture
def settings(migrated: str, web: WebServer) -> Settings:
    return replace(settings_for(migrated), notifications=(channel(web),))


def channel(web: WebServer, **changes: object) -> NotificationSettings:
    made = NotificationSettings(name="shift", url=web.url, on=("raise", "return"), timeout_s=1.0)
    return replace(made, **changes)  # type: ignore[arg-type]  # NotificationSettings'


def wanting(settings: Settings, **changes: object) -> Settings:
    """The same with another channel."""
    (one,) = settings.notifications
    return replace(settings, notifications=(replace(one, **changes),))  # type: ignore[arg-type]  # its fields


class Teller:
    """The notifying part of a collector, on the real database."""

    def __init__(self, settings: Settings) -> None:
        self.said: list[str] = []
        self.settings = settings
        self.ahead = timedelta()
        self.live = live = LiveState()
        pace = replace(
            PACE, notify_retry_min_s=0.05, notify_retry_max_s=0.1, notify_poll_s=0.1, rate_limit_s=0.1
        )
        self.notifying = NotificationDispatcher(
            CollectorContext(
                settings,
                build_database(settings),
                PlainParser,
                live,
                CollectorStatus(live, report=self.said.append, clock=self.now),
                pace,
                self.now,
            )
        )

    def now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    @property
    def banner(self) -> str:
        """What it has to say as long as it is so."""
        return self.live.get_snapshot(self.now()).notice

    def follows(self) -> bool:
        """It has read what is in the journal."""
        head = len(journal.read_journal(self.settings))
        found = rows(self.settings.database.dsn, "SELECT last_id FROM alarm_notification_channels")
        return bool(found) and all(last_id >= head for (last_id,) in found)


@contextmanager
def telling(settings: Settings, *, ahead: timedelta = timedelta()) -> Iterator[Teller]:
    """``ahead``: its clock is."""
    teller = Teller(settings)
    teller.ahead = ahead
    teller.notifying.start()
    try:
        until(teller.follows)
        yield teller
    finally:
        teller.notifying.stop()


def happened(
    settings: Settings, event: AlarmEvent = AlarmEvent.RAISE, item: str = "T-12", **changes: object
) -> JournalEntry:
    """Something that is in the journal from now on."""
    now = datetime.now(UTC)
    key = AlarmKey("STOCK_LOW", "dosing_system_01", item)
    made = replace(entry(event), uuid=uuid4(), id=0, key=key, at=now, received_at=now)
    made = replace(made, message=f"Low inventory: {item} at 19.9 %")
    made = replace(made, **changes)  # type: ignore[arg-type]  # Entry's
    journal.append_entries(settings, [made])
    return made


def fates(settings: Settings) -> list[tuple[object, ...]]:
    return rows(settings.database.dsn, FATES)


def settled(settings: Settings, count: int) -> bool:
    found = fates(settings)
    return len(found) == count and all(fate not in ("waiting", "claimed") for _, fate in found)


def ids(web: WebServer) -> list[UUID]:
    return [UUID(one.headers["Idempotency-Key"]) for one in web.posted]


def test_an_alarm_and_its_end_are_told_once_each(settings: Settings, web: WebServer) -> None:
    with telling(settings):
        happened(settings)
        until(lambda: len(web.taken) == 1)
        happened(settings, AlarmEvent.RETURN)
        until(lambda: settled(settings, 2))
    raised, returned = (one.said for one in web.taken)
    assert (raised["occasion"], returned["occasion"]) == ("raise", "return")
    assert raised["alarms"][0]["tag"] == "STOCK_LOW/dosing_system_01/T-12"
    assert returned["follows"] == raised["id"] == web.taken[0].headers["Idempotency-Key"]


def test_what_was_before_the_channel_is_not_told_but_what_came_while_nobody_told_is(
    settings: Settings, web: WebServer
) -> None:
    happened(settings, item="OLD")
    with telling(settings):
        pass
    happened(settings, item="NEW")
    with telling(settings):
        until(lambda: settled(settings, 1))
    with telling(settings):
        pass
    assert [one.said["alarms"][0]["item"] for one in web.posted] == ["NEW"]


def test_priorities_that_nobody_wants_are_not_told(settings: Settings, web: WebServer) -> None:
    with telling(wanting(settings, priorities=("high",))):
        happened(settings, item="A", priority=Priority.MEDIUM)
        happened(settings, item="B", priority=Priority.HIGH)
        until(lambda: settled(settings, 1))
    assert [one.said["alarms"][0]["item"] for one in web.posted] == ["B"]


@pytest.mark.parametrize("acknowledged", [False, True])
def test_an_alarm_that_nobody_acknowledges_in_time_is_told_of(
    settings: Settings, web: WebServer, acknowledged: bool
) -> None:
    with telling(wanting(settings, on=("unacknowledged",), after_minutes=10)) as teller:
        raised = happened(settings)
        if acknowledged:
            happened(settings, AlarmEvent.ACKNOWLEDGE, occurrence=raised.uuid, who=ANNA)
        until(lambda: fates(settings) == [("unacknowledged", "waiting")])
        assert web.posted == []
        teller.ahead = timedelta(minutes=10, seconds=1)
        until(lambda: settled(settings, 1))
    assert [one.said["occasion"] for one in web.posted] == [] if acknowledged else ["unacknowledged"]


@pytest.mark.parametrize(
    "event", [AlarmEvent.SHELVE, AlarmEvent.SUPPRESS, AlarmEvent.REMOVE_FROM_SERVICE, AlarmEvent.ACKNOWLEDGE]
)
def test_what_is_hidden_or_acknowledged_before_its_turn_is_not_told(
    settings: Settings, web: WebServer, event: AlarmEvent
) -> None:
    with telling(settings):
        pass
    happened(settings)
    end = datetime.now(UTC) + timedelta(minutes=20) if event is AlarmEvent.SHELVE else None
    happened(settings, event, until=end)
    both = [("raise", "withdrawn"), ("hidden", "withdrawn")]
    expected = both[:1] if event is AlarmEvent.ACKNOWLEDGE else both
    with telling(settings):
        until(lambda: fates(settings) == expected)
    assert web.posted == []


@pytest.mark.parametrize("event", [AlarmEvent.SHELVE, AlarmEvent.SUPPRESS, AlarmEvent.REMOVE_FROM_SERVICE])
def test_of_an_alarm_that_was_told_and_is_hidden_then_people_are_told_that_once(
    settings: Settings, web: WebServer, event: AlarmEvent
) -> None:
    by_hand = event is not AlarmEvent.SUPPRESS
    end = datetime.now(UTC) + timedelta(minutes=20) if event is AlarmEvent.SHELVE else None
    with telling(settings):
        happened(settings)
        until(lambda: len(web.taken) == 1)
        happened(settings, event, until=end, comment="being repaired", who=ANNA if by_hand else SYSTEM_ACTOR)
        until(lambda: len(web.taken) == 2)
        if event is AlarmEvent.SUPPRESS:
            happened(settings, AlarmEvent.REMOVE_FROM_SERVICE, comment="being repaired", who=ANNA)
        happened(settings, AlarmEvent.RETURN)
        happened(
            settings, AlarmEvent.RETURN_TO_SERVICE if event is not AlarmEvent.SHELVE else AlarmEvent.UNSHELVE
        )
        happened(settings, item="LATER")
        until(lambda: len(web.taken) == 3)
    raised, hidden, later = (one.said for one in web.taken)
    assert (hidden["occasion"], hidden["follows"]) == ("hidden", raised["id"])
    (alarm,) = hidden["alarms"]
    assert (alarm["event"], alarm["reason"]) == (event.value, "being repaired")
    assert alarm["by"] == ("Anna" if by_hand else "")
    assert alarm["until"] == (end and end.isoformat())
    assert later["alarms"][0]["item"] == "LATER"


def test_an_end_is_told_of_what_was_told_because_nobody_acknowledged_it_and_of_nothing_else(
    settings: Settings, web: WebServer
) -> None:
    with telling(wanting(settings, on=("unacknowledged", "return"), after_minutes=10)) as teller:
        happened(settings, item="LONG")
        brief = happened(settings, item="BRIEF")
        happened(settings, AlarmEvent.ACKNOWLEDGE, item="BRIEF", occurrence=brief.uuid, who=ANNA)
        happened(settings, AlarmEvent.RETURN, item="BRIEF")
        teller.ahead = timedelta(minutes=10, seconds=1)
        until(lambda: len(web.taken) == 1)
        happened(settings, AlarmEvent.RETURN, item="LONG")
        until(lambda: settled(settings, 4))
    assert [(one.said["occasion"], one.said["alarms"][0]["item"]) for one in web.taken] == [
        ("unacknowledged", "LONG"),
        ("return", "LONG"),
    ]


@pytest.mark.parametrize("event", [AlarmEvent.REALARM, AlarmEvent.ESCALATE])
def test_the_end_of_an_alarm_that_was_to_sound_again_is_told_though_that_was_not(
    settings: Settings, web: WebServer, event: AlarmEvent
) -> None:
    with telling(wanting(settings, most_in_10_minutes=2)) as teller:
        raised = happened(settings, priority=Priority.LOW)
        until(lambda: len(web.taken) == 1)
        happened(settings, AlarmEvent.ACKNOWLEDGE, occurrence=raised.uuid, who=ANNA)
        again = happened(settings, event, priority=Priority.MEDIUM)  # the last of the limit waits for company
        until(lambda: len(fates(settings)) == 2)
        happened(settings, AlarmEvent.ACKNOWLEDGE, occurrence=again.uuid, who=ANNA)
        happened(settings, AlarmEvent.RETURN)
        until(lambda: fates(settings)[1] == ("raise", "withdrawn"))
        teller.ahead = timedelta(seconds=11)
        until(lambda: settled(settings, 3))
    assert [one.said["occasion"] for one in web.taken] == ["raise", "return"]
    assert web.taken[1].said["follows"] == web.taken[0].said["id"]


def test_all_that_is_told_of_an_alarm_follows_what_told_of_it_first_until_it_returns(
    settings: Settings, web: WebServer
) -> None:
    with telling(settings):
        for number, event in enumerate(
            [
                AlarmEvent.RAISE,
                AlarmEvent.ACKNOWLEDGE,
                AlarmEvent.REALARM,
                AlarmEvent.RAISE,
                AlarmEvent.RETURN,
            ]
        ):
            happened(settings, event, who=ANNA if event is AlarmEvent.ACKNOWLEDGE else SYSTEM_ACTOR)
            until(lambda: len(web.taken) == [1, 1, 2, 2, 3][number])  # noqa: B023 -- called at once
        happened(settings)
        until(lambda: len(web.taken) == 4)
        happened(settings, AlarmEvent.RETURN)
        until(lambda: settled(settings, 5))
    first, again, end, second, its_end = (one.said for one in web.taken)
    assert again["follows"] == end["follows"] == first["id"]
    assert (second["follows"], its_end["follows"]) == (None, second["id"])


def test_the_end_of_what_may_have_been_told_before_it_was_acknowledged_is_told(
    settings: Settings, web: WebServer
) -> None:
    web.answers = [HANG, *[503] * 1000]
    with telling(settings):
        raised = happened(settings)
        until(lambda: len(web.posted) >= 2)
        happened(settings, AlarmEvent.ACKNOWLEDGE, occurrence=raised.uuid, who=ANNA)
        until(lambda: fates(settings) == [("raise", "withdrawn")])
        web.answers.clear()
        happened(settings, AlarmEvent.RETURN)
        until(lambda: settled(settings, 2))
    assert [one.said["occasion"] for one in web.taken] == ["return"]
    assert web.taken[0].said["follows"] == web.posted[0].said["id"]


def test_a_server_that_answers_500_and_hangs_gets_the_same_message_until_it_takes_it(
    settings: Settings, web: WebServer
) -> None:
    web.answers = [500, HANG, 503]
    with telling(settings) as teller:
        happened(settings)
        until(lambda: settled(settings, 1))
        assert any("answers 500" in sentence for sentence in teller.said)
    assert [one.status for one in web.posted] == [500, HANG, 503, 200]
    assert len(set(ids(web))) == 1
    assert fates(settings) == [("raise", "sent")]


def test_what_the_server_refuses_for_good_does_not_keep_the_next_waiting(
    settings: Settings, web: WebServer
) -> None:
    web.answers = [400]
    with telling(settings) as teller:
        happened(settings, item="A")
        until(lambda: fates(settings) == [("raise", "failed")])
        happened(settings, item="B")
        until(lambda: settled(settings, 2))
        assert any("cannot tell of STOCK_LOW/dosing_system_01/A" in one for one in teller.said)
    assert len(web.taken) == 1


def test_a_flood_is_told_in_one_message_after_the_single_ones(settings: Settings, web: WebServer) -> None:
    with telling(wanting(settings, most_in_10_minutes=4)) as teller:
        now = datetime.now(UTC)
        journal.append_entries(
            settings,
            [
                replace(
                    entry(AlarmEvent.RAISE), uuid=uuid4(), id=0, at=now, received_at=now,
                    priority=Priority.HIGH if number % 100 == 7 else Priority.LOW,
                    key=AlarmKey("QUARANTINE", "", f"topic {number}"), message=f"Unreadable on {number}",
                )
                for number in range(500)
            ],
        )  # fmt: skip
        until(lambda: len(web.taken) == 3)
        teller.ahead = timedelta(seconds=11)
        until(lambda: len(web.taken) == 4)
    *singles, summary = (one.said for one in web.taken)
    assert {one["alarms"][0]["priority"] for one in singles} == {"high"}
    assert (summary["occasion"], summary["total"]) == ("summary", 497)
    assert summary["counts"] == {"high": 2, "low": 495}
    assert [one["priority"] for one in summary["alarms"][:3]] == ["high", "high", "low"]


def test_after_the_limit_nothing_goes_out_until_the_ten_minutes_are_over(
    settings: Settings, web: WebServer
) -> None:
    with telling(wanting(settings, most_in_10_minutes=1)) as teller:
        happened(settings, item="A")
        teller.ahead = timedelta(seconds=11)
        until(lambda: len(web.taken) == 1)
        for item in ("B", "C"):
            happened(settings, item=item)
        until(lambda: len(fates(settings)) == 3)
        teller.ahead = timedelta(minutes=10, seconds=12)
        until(lambda: len(web.taken) == 2)
    assert web.taken[1].said["total"] == 2


def test_what_is_of_high_priority_goes_out_though_others_have_used_up_the_limit_and_up_to_it(
    settings: Settings, web: WebServer
) -> None:
    with telling(wanting(settings, most_in_10_minutes=2)) as teller:
        happened(settings, item="A")
        until(lambda: len(web.taken) == 1)
        for item in ("B", "C"):
            happened(settings, item=item)
        until(lambda: len(fates(settings)) == 3)
        teller.ahead = timedelta(seconds=11)
        until(lambda: len(web.taken) == 2)
        happened(settings, item="D")
        happened(settings, item="H-1", priority=Priority.HIGH)
        until(lambda: len(web.taken) == 3)
        for item in ("H-2", "H-3", "H-4"):
            happened(settings, item=item, priority=Priority.HIGH, at=teller.now())
        until(lambda: len(fates(settings)) == 9)
        teller.ahead = timedelta(seconds=25)
        until(lambda: len(web.taken) == 4)
        happened(settings, item="H-5", priority=Priority.HIGH)
        until(teller.follows)
        assert [one.said["total"] for one in web.posted] == [1, 2, 1, 3]
        teller.ahead = timedelta(minutes=11)
        until(lambda: len(web.taken) == 5)
    assert [one["item"] for one in web.taken[2].said["alarms"]] == ["H-1"]
    assert "H-5" in [one["item"] for one in web.taken[4].said["alarms"]]


def test_two_processes_that_tell_at_once_tell_once(settings: Settings, web: WebServer) -> None:
    with (
        telling(wanting(settings, most_in_10_minutes=600)),
        telling(wanting(settings, most_in_10_minutes=600)),
    ):
        for number in range(20):
            happened(settings, item=f"C-{number}")
        until(lambda: settled(settings, 20))
    assert len(set(ids(web))) == len(ids(web)) == 20


def test_a_hanging_server_delays_neither_the_end_nor_another_channel(
    settings: Settings, web: WebServer
) -> None:
    web.answers = [HANG]
    with web_server() as other:
        both = (*settings.notifications, channel(other, name="other"))
        with telling(replace(settings, notifications=both)):
            happened(settings)
            until(lambda: other.taken and web.posted)
            begun = datetime.now(UTC)
        assert datetime.now(UTC) - begun < timedelta(seconds=5)


def test_a_claim_that_nobody_settled_is_not_told_again(settings: Settings, web: WebServer) -> None:
    web.answers = [HANG]
    book = notification_queue.NotificationQueue(settings)
    with telling(wanting(settings, most_in_10_minutes=1)):
        happened(settings)
        until(lambda: fates(settings) == [("raise", "waiting")])  # waits for company
        book.open(["shift"])
        assert book.claim_notice(1, now=datetime.now(UTC))
        book.close()
    with telling(settings, ahead=timedelta(minutes=6)) as teller:
        until(lambda: fates(settings) == [("raise", "unknown")])
        until(lambda: any("is not told again" in sentence for sentence in teller.said))
    assert web.posted == []


def test_at_a_clean_end_the_answer_to_what_is_under_way_is_waited_for(
    settings: Settings, web: WebServer
) -> None:
    web.answers = [SLOW]
    with telling(wanting(settings, timeout_s=30.0)):
        happened(settings)
        until(lambda: len(web.posted) == 1)
    assert fates(settings) == [("raise", "sent")]


def test_what_has_no_answer_at_a_clean_end_is_not_sent_again(settings: Settings, web: WebServer) -> None:
    web.answers = [HANG]
    with telling(wanting(settings, timeout_s=30.0)) as teller:
        happened(settings)
        until(lambda: len(web.posted) == 1)
    assert fates(settings) == [("raise", "unknown")]
    assert any("whether it was told is not known" in sentence for sentence in teller.said)
    with telling(settings):
        happened(settings, item="LATER")
        until(lambda: settled(settings, 2))
    assert [one.said["alarms"][0]["item"] for one in web.posted] == ["T-12", "LATER"]


SUMMARISED = "SELECT DISTINCT fate FROM alarm_notifications WHERE occasion <> 'summary'"


def test_a_summary_that_does_not_go_out_is_tried_again_with_all_it_tells_of(
    settings: Settings, web: WebServer
) -> None:
    web.answers = [503, 503]
    with telling(wanting(settings, most_in_10_minutes=1)) as teller:
        for item in ("A", "B", "C"):
            happened(settings, item=item)
        until(lambda: len(fates(settings)) == 3)
        teller.ahead = timedelta(seconds=11)
        until(lambda: web.taken)
    assert [one.status for one in web.posted] == [503, 503, 200]
    assert len(set(ids(web))) == 1
    assert web.taken[0].said["total"] == 3
    assert rows(settings.database.dsn, SUMMARISED) == [("summarised",)]


@pytest.mark.parametrize("answer", [400, 503])
def test_what_a_summary_was_to_tell_of_is_lost_with_it_and_counted(
    settings: Settings, web: WebServer, answer: int
) -> None:
    web.answers = [answer] * 1000
    with telling(wanting(settings, most_in_10_minutes=1)) as teller:
        for item in ("A", "B", "C"):
            happened(settings, item=item)
        until(lambda: len(fates(settings)) == 3)
        teller.ahead = timedelta(seconds=11)
        until(lambda: web.posted)
        if answer == 503:
            teller.ahead = timedelta(days=1, minutes=1)
        until(lambda: settled(settings, 4))
        (state,) = notification_queue.list_channel_states(settings, now=teller.now())
    assert rows(settings.database.dsn, SUMMARISED) == [("failed",)]
    assert state.lost == 3


def test_after_a_day_it_is_given_up(settings: Settings, web: WebServer) -> None:
    web.answers = [503] * 1000
    with telling(settings) as teller:
        happened(settings)
        until(lambda: web.posted)
        teller.ahead = timedelta(days=1, minutes=1)
        until(lambda: fates(settings) == [("raise", "failed")])
        assert any("given up after a day: The server answers 503." in one for one in teller.said)


@pytest.mark.parametrize("becomes", ["withdrawn", "refused", "given up"])
def test_that_a_channel_does_not_go_out_is_said_only_while_something_is_tried_again(
    settings: Settings, web: WebServer, becomes: str
) -> None:
    web.answers = [503] * 1000
    with telling(settings) as teller:
        raised = happened(settings)
        until(lambda: "is tried again" in teller.banner)
        if becomes == "withdrawn":
            happened(settings, AlarmEvent.ACKNOWLEDGE, occurrence=raised.uuid, who=ANNA)
        elif becomes == "refused":
            web.answers[:] = [400]
        else:
            teller.ahead = timedelta(days=1, minutes=1)
        until(lambda: settled(settings, 1))
        until(lambda: "is tried again" not in teller.banner, timeout=5)


@pytest.fixture
def pages(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """From behind which entries the journal is read."""
    found: list[int] = []
    entries = notification_queue.NotificationQueue.read_entries

    def watched(book: notification_queue.NotificationQueue, after: int) -> list[JournalEntry]:
        found.append(after)
        return entries(book, after)

    monkeypatch.setattr(notification_queue.NotificationQueue, "read_entries", watched)
    return found


def lose_the_session(settings: Settings) -> None:
    rows(settings.database.dsn, LOSE)


LOSE = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'notifications'"


def test_after_an_outage_the_journal_is_read_on_and_not_again(
    settings: Settings, web: WebServer, pages: list[int]
) -> None:
    with telling(settings):
        for item in ("A", "B", "C"):
            happened(settings, item=item)
        until(lambda: len(web.taken) == 3)
        lose_the_session(settings)
        pages.clear()
        happened(settings, AlarmEvent.RETURN, item="A")
        until(lambda: len(web.taken) == 4)
    assert min(pages) >= 3
    assert web.taken[3].said["follows"] == web.taken[0].said["id"]


def test_who_tells_next_begins_where_the_alarms_were_remembered(
    settings: Settings, web: WebServer, pages: list[int]
) -> None:
    with telling(settings):
        raised = [happened(settings, item=item) for item in ("A", "B", "C")]
        until(lambda: len(web.taken) == 3)
    replica = JournalProjection()
    replica.apply_committed(journal.read_journal(settings))
    journal.save_checkpoint(settings, Checkpoint(replica.last_entry_id, replica.confirmed_states))
    pages.clear()
    with telling(settings):
        happened(settings, AlarmEvent.RETURN, item="B")
        until(lambda: len(web.taken) == 4)
    assert min(pages) == len(raised)
    assert web.taken[3].said["follows"] == web.taken[1].said["id"]


def test_what_nobody_has_made_notices_of_is_told_though_the_alarms_are_remembered_from_later_on(
    settings: Settings, web: WebServer, pages: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher, "CHECKPOINT_INTERVAL", 1)
    with telling(settings):
        happened(settings, item="OLD")
        until(lambda: len(web.taken) == 1)
    happened(settings, item="A")
    happened(settings, AlarmEvent.RETURN, item="OLD")
    replica = JournalProjection()
    replica.apply_committed(journal.read_journal(settings))
    journal.save_checkpoint(settings, Checkpoint(replica.last_entry_id, replica.confirmed_states))
    pages.clear()
    with telling(settings):
        until(lambda: len(web.taken) == 3)
    assert min(pages) == 1  # from its own checkpoint, not from the first entry
    assert [one.said["alarms"][0]["item"] for one in web.taken] == ["OLD", "A", "OLD"]


def test_the_state_of_a_channel_can_be_asked(settings: Settings, web: WebServer) -> None:
    web.answers = [500] * 1000
    with telling(settings) as teller:
        happened(settings)
        until(
            lambda: any(
                "500" in one.reason
                for one in notification_queue.list_channel_states(settings, now=teller.now())
            )
        )
        (state,) = notification_queue.list_channel_states(settings, now=teller.now())
        assert (state.channel, state.waiting, state.failing_since is not None) == ("shift", 1, True)
        assert state.last_error is not None
        web.answers.clear()
        until(lambda: notification_queue.list_channel_states(settings, now=teller.now())[0].last_sent)
        (state,) = notification_queue.list_channel_states(settings, now=teller.now())
        assert (state.failing_since, state.last_error, state.reason) == (None, None, "")


def test_names_that_a_station_made_up_reach_no_receiver_as_more_than_text(
    settings: Settings, web: WebServer
) -> None:
    nasty = '[/]\x1b[2J<!channel>\r\nBcc: x@y.z "q" &'
    with postbox() as box:
        mail = NotificationSettings(
            name="mail", kind=NotificationKind.MAIL, security=MailSecurity.PLAIN, host="127.0.0.1",
            port=box.port, sender="a@plant.example", to=("b@plant.example",),
        )  # fmt: skip
        chat = channel(web, kind=NotificationKind.SLACK)
        with telling(replace(settings, notifications=(chat, mail))):
            happened(settings, item=nasty, message=f"Low inventory: {nasty} at 19.9 %", comment=nasty)
            until(lambda: box.mails and web.taken)
    text = web.taken[0].said["text"]
    assert "[/]�[2J&lt;!channel&gt; Bcc: x＠y.z" in text
    assert "\x1b" not in text
    assert "<" not in text
    assert "[/]�[2J<!channel> Bcc: x@y.z" in box.mails[0]["Subject"]
    assert box.mails[0]["Bcc"] is None
    assert box.envelopes[0].rcpt_tos == ["b@plant.example"]
