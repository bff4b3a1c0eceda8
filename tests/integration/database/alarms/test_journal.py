"""The alarm journal: added to, never changed, in one order for all, heard at once, and harmless to read."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg
import pytest
from msgspec.structs import replace
from psycopg import sql
from psycopg.conninfo import make_conninfo

from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms import journal
from dosing_tui.database.alarms.journal import JournalUpdate
from dosing_tui.database.reading_writer import ReadingWriter
from dosing_tui.database.sql_files import read_statement
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.domain.alarms.checkpoint import EMPTY_CHECKPOINT, Checkpoint
from dosing_tui.domain.alarms.journal_filter import JournalFilter
from dosing_tui.domain.alarms.journal_projection import JournalProjection, fold_entries
from dosing_tui.domain.alarms.kpis import calculate_kpis
from dosing_tui.domain.alarms.models import (
    Actor,
    AlarmEvent,
    AlarmKey,
    AlarmState,
    AlarmStateName,
    JournalEntry,
)
from dosing_tui.errors import DatabaseAccessError, InvalidRowError
from tests.support.database.reading_samples import make_doses, number_rows, settings_for
from tests.support.database.stored_journal import read_journal
from tests.support.database_servers import Server
from tests.support.domain.alarm_entries import ANNA, KEY, NOW, build_history, make_entry
from tests.support.polling import wait_until

LATER = NOW + timedelta(seconds=120)
DAY = JournalFilter(NOW - timedelta(hours=12), NOW + timedelta(hours=12))


def new_entry(event: AlarmEvent, **changes: object) -> JournalEntry:
    """An entry that no journal has yet."""
    return replace(make_entry(event), **{"uuid": uuid4(), "id": 0, **changes})  # type: ignore[arg-type]  # Entry's


@dataclass(slots=True)
class JournalListener:
    """What a process hears of the journal."""

    entries: list[JournalEntry] = field(default_factory=list)
    links: list[bool] = field(default_factory=list)
    anew: int = 0
    known: Checkpoint = EMPTY_CHECKPOINT

    def on_link(self, up: bool, why: str) -> None:
        if self.links[-1:] != [up]:
            self.links.append(up)

    def apply_update(self, heard: JournalUpdate) -> None:
        self.anew += heard.is_restart
        self.known = heard.checkpoint if heard.is_restart else self.known
        self.entries += heard.entries

    @property
    def uuids(self) -> list[UUID]:
        return [one.uuid for one in self.entries]


@contextmanager
def follow_in_thread(settings: Settings) -> Iterator[JournalListener]:
    ear, stopping = JournalListener(), threading.Event()

    def run() -> None:
        for heard in journal.follow_journal(settings, stopping, on_link=ear.on_link):
            ear.apply_update(heard)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        wait_until(lambda: ear.links)
        yield ear
    finally:
        stopping.set()
        thread.join(10)
        assert not thread.is_alive()


def test_every_field_arrives_and_the_server_says_who_and_in_which_order(
    flavour: Server, migrated: str
) -> None:
    settings = settings_for(migrated)
    first = new_entry(AlarmEvent.RAISE, latching=True, active=True)
    second = new_entry(AlarmEvent.SHELVE, who=Actor("Anna", "anna", "not asked"), occurrence=first.uuid)
    journal.append_entries(settings, [first, second])
    found = read_journal(settings)
    with psycopg.connect(migrated) as session:
        (role,) = session.execute("SELECT session_user::text").fetchone() or ("",)
    assert [one.id for one in found] == sorted(one.id for one in found)
    assert [replace(one, id=0, who=replace(one.who, role="")) for one in found] == [
        first,
        replace(second, who=Actor("Anna", "anna")),
    ]
    assert {one.who.role for one in found} == {role}


def test_what_was_entered_without_the_database_is_of_no_database_role(migrated: str) -> None:
    settings = settings_for(migrated)
    with psycopg.connect(migrated) as session:
        (role,) = session.execute("SELECT session_user::text").fetchone() or ("",)
    now = datetime.now(UTC)  # an older one is refused
    today = JournalFilter(now - timedelta(hours=1), now + timedelta(hours=1))
    offline = new_entry(AlarmEvent.ACKNOWLEDGE, who=ANNA, offline=True, at=now, received_at=now)
    journal.append_entries(settings, [offline])
    (found,) = read_journal(settings)
    assert (found.who, found.offline) == (ANNA, True)
    assert journal.list_entries(settings, replace(today, user=role)) == []
    assert [one.who for one in journal.list_entries(settings, replace(today, user="anna"))] == [ANNA]


def test_the_entries_of_alarms_in_a_state_are_found(migrated: str) -> None:
    settings = settings_for(migrated)
    shelved, other = KEY._replace(item="A"), KEY._replace(item="B")
    raised = [new_entry(AlarmEvent.RAISE, key=key) for key in (shelved, other)]
    journal.append_entries(settings, [*raised, new_entry(AlarmEvent.SHELVE, key=shelved)])

    def list_matches(*shown: AlarmStateName) -> list[tuple[str, AlarmEvent]]:
        return [
            (one.key.item, one.event)
            for one in journal.list_entries(settings, replace(DAY, state_names=shown))
        ]

    assert list_matches(AlarmStateName.SHELVED) == [("A", AlarmEvent.SHELVE), ("A", AlarmEvent.RAISE)]
    assert list_matches(AlarmStateName.UNACK) == [("B", AlarmEvent.RAISE)]
    assert list_matches(AlarmStateName.OUT_OF_SERVICE) == []
    assert len(list_matches(AlarmStateName.SHELVED, AlarmStateName.UNACK)) == 3


def test_an_entry_that_is_sent_twice_is_one(migrated: str) -> None:
    settings = settings_for(migrated)
    first, second = new_entry(AlarmEvent.RAISE), new_entry(AlarmEvent.RETURN)
    journal.append_entries(settings, [first])
    journal.append_entries(settings, [first, second])
    assert [one.uuid for one in read_journal(settings)] == [first.uuid, second.uuid]


def test_the_journal_is_live_when_all_that_is_in_it_was_heard(migrated: str) -> None:
    settings, stopping = settings_for(migrated), threading.Event()
    journal.append_entries(settings, [new_entry(AlarmEvent.RAISE)])
    heard: list[int] = []

    def on_link(up: bool, why: str) -> None:
        assert up, why
        heard.append(-1)
        stopping.set()

    for update in journal.follow_journal(settings, stopping, on_link=on_link):
        assert -1 not in heard
        heard.append(len(update.entries))
    assert heard == [0, 1, -1]


@pytest.mark.parametrize("change", ["UPDATE alarm_journal SET comment = ''", "DELETE FROM alarm_journal",
                                    "TRUNCATE alarm_journal"])  # fmt: skip
def test_nobody_changes_the_journal_not_even_its_owner(migrated: str, change: str) -> None:
    journal.append_entries(settings_for(migrated), [new_entry(AlarmEvent.RAISE)])
    with psycopg.connect(migrated) as session, pytest.raises(psycopg.errors.RaiseException):
        session.execute(sql.SQL(change))


def test_sites_do_not_mix(migrated: str) -> None:
    journal.append_entries(settings_for(migrated, site="north"), [new_entry(AlarmEvent.RAISE)])
    assert read_journal(settings_for(migrated, site="south")) == []
    assert journal.list_entries(settings_for(migrated, site="south"), DAY) == []


def test_an_entry_is_announced_to_others_and_not_found_by_polling(
    migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "POLL_INTERVAL_S", 3600.0)
    settings = settings_for(migrated)
    old, new = new_entry(AlarmEvent.RAISE), new_entry(AlarmEvent.ACKNOWLEDGE, who=ANNA)
    journal.append_entries(settings, [old])
    with follow_in_thread(settings) as one, follow_in_thread(settings) as other:
        wait_until(lambda: one.uuids == other.uuids == [old.uuid])
        journal.append_entries(settings, [new])
        wait_until(lambda: one.uuids == other.uuids == [old.uuid, new.uuid])
        assert (one.anew, one.links) == (1, [True])


def test_many_writers_are_heard_by_all_in_one_order_and_whole(migrated: str) -> None:
    settings = settings_for(migrated)
    with follow_in_thread(settings) as one, follow_in_thread(settings) as other:

        def write() -> None:
            for _ in range(10):
                journal.append_entries(settings, [new_entry(AlarmEvent.RAISE)])

        writers = [threading.Thread(target=write) for _ in range(4)]
        for writer in writers:
            writer.start()
        for writer in writers:
            writer.join()
        wait_until(lambda: len(one.entries) == len(other.entries) == 40)
        assert one.entries == other.entries == read_journal(settings)
        assert fold_entries(one.entries) == fold_entries(other.entries)


def test_a_row_that_is_committed_late_is_not_passed_over(migrated: str) -> None:
    """The second writer waits for the first, though it began later and would be faster."""
    settings = settings_for(migrated)
    late = new_entry(AlarmEvent.RAISE)
    with follow_in_thread(settings) as ear, psycopg.connect(migrated) as session:
        session.execute(
            "INSERT INTO alarm_journal (uuid, site, rule, event, at, received_at, priority, rule_version)"
            " VALUES (%s, 'plant1', 'X', 'raise', now(), now(), 'low', 1)",
            (late.uuid,),
        )
        quick = new_entry(AlarmEvent.RAISE)
        writer = threading.Thread(target=lambda: journal.append_entries(settings, [quick]))
        writer.start()
        session.commit()
        writer.join()
        wait_until(lambda: ear.uuids == [late.uuid, quick.uuid])


def test_listening_goes_on_after_the_server_was_away(own_postgres: EmbeddedPostgres) -> None:
    settings = settings_for(own_postgres.dsn)
    first, second = new_entry(AlarmEvent.RAISE), new_entry(AlarmEvent.RETURN)
    journal.append_entries(settings, [first])
    with follow_in_thread(settings) as ear:
        wait_until(lambda: ear.uuids == [first.uuid])
        own_postgres.kill()
        wait_until(lambda: ear.links == [True, False])
        own_postgres.restart()
        wait_until(lambda: ear.links == [True, False, True])
        journal.append_entries(settings, [second])
        wait_until(lambda: ear.uuids == [first.uuid, second.uuid])
        assert ear.anew == 1


def test_who_starts_reads_only_what_came_after_the_checkpoint(flavour: Server, migrated: str) -> None:
    settings = settings_for(migrated)
    journal.append_entries(
        settings, [new_entry(AlarmEvent.RAISE), new_entry(AlarmEvent.ACKNOWLEDGE, who=ANNA)]
    )
    replica = JournalProjection()
    replica.apply_committed(read_journal(settings))
    journal.save_checkpoint(settings, Checkpoint(replica.last_entry_id, replica.confirmed_states))
    after = new_entry(AlarmEvent.REMOVE_FROM_SERVICE)
    journal.append_entries(settings, [after])
    with follow_in_thread(settings) as ear:
        wait_until(lambda: ear.uuids == [after.uuid])
        assert ear.known == Checkpoint(replica.last_entry_id, replica.confirmed_states)
    assert journal.read_alarm_states(settings) == fold_entries(read_journal(settings))
    assert fold_entries(ear.entries, ear.known) == fold_entries(read_journal(settings))


def test_a_checkpoint_of_another_fold_or_of_another_database_is_not_used(migrated: str) -> None:
    settings = settings_for(migrated)
    raised = new_entry(AlarmEvent.RAISE)
    journal.append_entries(settings, [raised])
    (found,) = read_journal(settings)
    wrong = Checkpoint(found.id, (AlarmState(KEY, count=1, active=True, message="wrong"),))
    for change in ("fold = 0", "last_id = 999"):
        journal.save_checkpoint(settings, wrong)
        assert journal.read_alarm_states(settings)[KEY].message == "wrong"
        with psycopg.connect(migrated) as session:
            session.execute(sql.SQL(f"UPDATE alarm_checkpoints SET {change}"))
        assert journal.read_alarm_states(settings) == fold_entries([found])
        with psycopg.connect(migrated) as session:
            session.execute("DELETE FROM alarm_checkpoints")


def test_an_older_checkpoint_never_replaces_a_newer_one(migrated: str) -> None:
    settings = settings_for(migrated)
    journal.append_entries(settings, [new_entry(AlarmEvent.RAISE), new_entry(AlarmEvent.RETURN)])
    first, second = read_journal(settings)
    newer = Checkpoint(second.id, tuple(fold_entries([first, second]).values()))
    journal.save_checkpoint(settings, newer)
    journal.save_checkpoint(settings, Checkpoint(first.id, tuple(fold_entries([first]).values())))
    assert journal.read_alarm_states(settings) == fold_entries([first, second])


def test_the_health_is_judged_by_the_last_thirty_days_and_knows_how_old_the_journal_is(migrated: str) -> None:
    settings = settings_for(migrated)
    assert journal.read_kpi_history(settings, LATER) == build_history([])
    stale = new_entry(AlarmEvent.RAISE, at=NOW - timedelta(days=40), key=AlarmKey("DEVICE_OFFLINE", "x"))
    journal.append_entries(settings, [stale])
    before = journal.read_kpi_history(settings, LATER)
    assert (before.entries, before.first_entry_at, len(before.states)) == ([], stale.at, 1)
    journal.append_entries(
        settings, [new_entry(AlarmEvent.RAISE), new_entry(AlarmEvent.ACKNOWLEDGE, who=ANNA)]
    )
    found, whole = (
        calculate_kpis(one, LATER)
        for one in (journal.read_kpi_history(settings, LATER), build_history(read_journal(settings)))
    )
    assert found == whole
    assert found is not None
    assert (found.annunciated_count, found.stale_count, found.has_full_period) == (1, 1, True)


def test_which_entries_the_journal_has(migrated: str) -> None:
    settings = settings_for(migrated)
    raised = new_entry(AlarmEvent.RAISE)
    journal.append_entries(settings, [raised])
    assert journal.find_stored(settings, [raised.uuid, uuid4()]) == {raised.uuid}


def test_pages_follow_on_each_other_also_among_entries_of_one_moment(migrated: str) -> None:
    settings = settings_for(migrated)
    journal.append_entries(
        settings, [new_entry(AlarmEvent.RAISE, at=NOW + timedelta(seconds=n // 4)) for n in range(30)]
    )
    found, wanted = list[JournalEntry](), replace(DAY, max_entries=7)
    while page := journal.list_entries(settings, wanted):
        found += page
        wanted = replace(wanted, until=page[-1].at, before_id=page[-1].id)
    assert found == journal.list_entries(settings, DAY)
    assert len(found) == 30


def test_a_page_of_the_journal_is_read_by_its_index(migrated: str) -> None:
    asked = {"site": "plant1", "from": DAY.since, "to": DAY.until, "tag": None, "event": None, "user": None,
             "rows": 200, "before": 0, "rules": None, "devices": None, "items": None,
             "device": None}  # fmt: skip
    with psycopg.connect(migrated) as session:
        session.execute("SET enable_seqscan = off")
        query = sql.SQL("EXPLAIN ") + sql.SQL(read_statement("reads/select_alarm_journal"))
        plan = "\n".join(row[0] for row in session.execute(query, asked))
    assert "alarm_journal_page" in plan
    assert "Sort" not in plan


def test_the_journal_is_filtered_by_time_tag_event_and_user(migrated: str) -> None:
    settings = settings_for(migrated)
    raised = new_entry(AlarmEvent.RAISE)
    acked = new_entry(AlarmEvent.ACKNOWLEDGE, who=ANNA, at=NOW + timedelta(seconds=60))
    other = new_entry(AlarmEvent.RAISE, key=AlarmKey("DOSE_GROSS", "x", "50%_off"), at=LATER)
    journal.append_entries(settings, [raised, acked, other])

    def list_matches(**changes: object) -> list[UUID]:
        wanted = replace(DAY, **changes)  # type: ignore[arg-type]  # JournalFilter's fields
        return [one.uuid for one in journal.list_entries(settings, wanted)]

    assert list_matches() == [other.uuid, acked.uuid, raised.uuid]
    assert list_matches(tag="stock_low/dosing") == [acked.uuid, raised.uuid]
    assert list_matches(tag="50%_") == [other.uuid]
    assert list_matches(tag="%") == [other.uuid]
    assert list_matches(events=(AlarmEvent.ACKNOWLEDGE,)) == [acked.uuid]
    assert list_matches(user="anna") == [acked.uuid]
    assert list_matches(until=NOW + timedelta(seconds=60)) == [raised.uuid]
    assert list_matches(max_entries=1) == [other.uuid]


def test_hostile_text_in_the_journal_is_harmless_when_read(migrated: str) -> None:
    """Of an earlier version, which took it."""
    with psycopg.connect(migrated) as session:
        session.execute("ALTER TABLE alarm_journal DROP CONSTRAINT alarm_text_harmless")
        session.execute(
            "INSERT INTO alarm_journal (uuid, site, rule, item, event, at, received_at, priority,"
            " rule_version, message, comment)"
            " VALUES (gen_random_uuid(), 'plant1', 'X', E'\\x1b]0;x\\x07', 'raise', now(),"
            " now(), 'low', 1, E'two\\nlines \\x1b[2J', E'\\u202eabc')"
        )
    (found,) = read_journal(settings_for(migrated))
    assert not {"\x1b", "\x07", "\n", "\u202e"} & set(found.message + found.comment + found.key.item)


def test_text_of_the_plant_does_not_keep_an_alarm_out_of_the_journal(migrated: str) -> None:
    settings = settings_for(migrated)
    hostile = "two\nlines \x1b[2J\u202e\u200babc" + "ภู่" * 2000
    journal.append_entries(settings, [replace(new_entry(AlarmEvent.RAISE), message=hostile, comment=hostile)])
    (found,) = read_journal(settings)
    assert found.message.startswith("two lines \ufffd[2J\ufffd\ufffdabcภู่")


def test_an_entry_that_cannot_be_stored_says_so(migrated: str) -> None:
    long_ago = new_entry(AlarmEvent.RAISE, at=datetime(1999, 1, 1, tzinfo=UTC))
    with pytest.raises(InvalidRowError):
        journal.append_entries(settings_for(migrated), [long_ago])


def test_who_may_only_read_hears_what_right_is_missing(migrated: str) -> None:
    with psycopg.connect(migrated, autocommit=True) as session:
        session.execute("DROP ROLE IF EXISTS alarm_viewer")
        session.execute("CREATE ROLE alarm_viewer LOGIN")
        session.execute("GRANT SELECT ON alarm_journal TO alarm_viewer")
        viewer = settings_for(make_conninfo(migrated, user="alarm_viewer"))
        assert read_journal(viewer) == []
        with pytest.raises(DatabaseAccessError, match="right to insert into alarm_journal"):
            journal.append_entries(viewer, [new_entry(AlarmEvent.RAISE)])
        session.execute("DROP OWNED BY alarm_viewer")
        session.execute("DROP ROLE alarm_viewer")


def test_the_errors_of_the_last_hour_are_counted_by_minute_and_pump(migrated: str) -> None:
    settings = settings_for(migrated)
    writer = ReadingWriter(settings)
    begun = NOW.replace(second=0)
    writer.write(uuid4(), number_rows(*(replace(one, error_g=0.6) for one in make_doses(3, start=begun))))
    writer.close()
    (minute,) = journal.list_dose_errors(settings, since=begun - timedelta(hours=1))
    assert (minute.device, minute.pump, minute.minute, minute.doses, minute.outside) == (
        "station-1", 1, begun, 3, 3,
    )  # fmt: skip
    assert minute.error_g == pytest.approx(1.8)


def test_the_key_of_an_alarm_comes_back_as_it_was(migrated: str) -> None:
    journal.append_entries(
        settings_for(migrated), [new_entry(AlarmEvent.RAISE, key=AlarmKey("A", "x/y", "CU-65/75"))]
    )
    assert [one.key for one in read_journal(settings_for(migrated))] == [AlarmKey("A", "x/y", "CU-65/75")]
    assert KEY.tag == "STOCK_LOW/dosing_system_01/T-12"
