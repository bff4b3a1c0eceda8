"""Batches become rows, each unit exactly once, whatever is repeated, refused or torn off."""

import json
import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from threading import Thread
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import psycopg
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from msgspec.structs import replace
from psycopg import sql
from psycopg.rows import class_row

from dosing_tui.database.reading_writer import ReadingWriter, SpoolRow, WriteProgress, WriteReceipt
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.domain.messages.models import Dose, ParsedItem, Reading, ReadingKind, Rejection
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.errors import DatabaseAccessError, DatabaseUnavailableError
from tests.support.database.reading_samples import (
    DOSE,
    EVENT,
    LEVEL,
    NOW,
    REJECTION,
    make_doses,
    number_rows,
    settings_for,
)
from tests.support.database.schema_inspection import execute_statements, fetch_value
from tests.support.database_servers import Server
from tests.support.polling import wait_until

SPOOL = UUID("6c1b0a5e-0000-4000-8000-000000000001")
TOO_MANY_PUMPS = 2**40


@pytest.fixture
def writer(flavour: Server, migrated: str) -> Iterator[ReadingWriter]:
    writer = ReadingWriter(settings_for(migrated))
    yield writer
    writer.close()


@pytest.fixture
def plain_writer(migrated: str) -> Iterator[ReadingWriter]:
    """On one flavour: for what does not depend on it."""
    writer = ReadingWriter(settings_for(migrated))
    yield writer
    writer.close()


@pytest.mark.parametrize("is_known", [True, False])
def test_two_spools_that_wait_for_each_other_are_both_stored(
    plain_writer: ReadingWriter, migrated: str, is_known: bool
) -> None:
    """Another writer holds what the chunk changes last, and then wants what the chunk changed first."""
    earlier = replace(DOSE, time=DOSE.time - timedelta(hours=1))
    plain_writer.write(SPOOL if is_known else uuid4(), number_rows(earlier))
    with psycopg.connect(migrated) as other, psycopg.connect(migrated, autocommit=True) as observer:
        other.execute("SET deadlock_timeout = '5min'")  # it is the writer that the server ends
        other.execute("UPDATE device_last_seen SET last_time = last_time")
        receipts: list[WriteReceipt] = []
        thread = Thread(target=lambda: receipts.append(write_units(plain_writer, DOSE, first=2)))
        thread.start()

        def is_writer_waiting() -> bool:
            query = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            return observer.execute(query).fetchone() == (1,)

        wait_until(is_writer_waiting)
        other.execute("LOCK TABLE dosing_consumption")
        other.commit()
        thread.join(60)
    assert [receipt.progress.stored for receipt in receipts] == [1 + is_known]


def write_units(writer: ReadingWriter, *units: ParsedItem, first: int = 1) -> WriteReceipt:
    return writer.write(SPOOL, number_rows(*units, first=first))


def test_what_is_prepared_stores_nothing_and_the_first_chunk_is_one_statement(
    plain_writer: ReadingWriter, migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain_writer.prepare(SPOOL)
    assert plain_writer.read_progress(SPOOL) == WriteProgress()
    assert fetch_value(migrated, "SELECT count(*) FROM device_last_seen") == 0
    monkeypatch.setattr(ReadingWriter, "_write_in_steps", None)
    assert write_units(plain_writer, DOSE, EVENT, LEVEL).progress == WriteProgress(last_seq=3, stored=3)


def test_nothing_is_prepared_where_nothing_may_be_stored(plain_writer: ReadingWriter, migrated: str) -> None:
    execute_statements(migrated, "DROP TABLE spool_progress CASCADE")
    plain_writer.prepare(SPOOL)
    with pytest.raises(DatabaseAccessError):
        write_units(plain_writer, DOSE)


def count_rows(dsn: str, table: str) -> int:
    with psycopg.connect(dsn) as connection:
        query = sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
        row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def test_all_three_kinds_are_stored_in_one_batch(writer: ReadingWriter, migrated: str) -> None:
    written = write_units(writer, DOSE, EVENT, LEVEL, REJECTION)
    assert written.progress == WriteProgress(last_seq=4, stored=3, duplicates=0, rejected=1)
    assert set(written.stored_readings) == {DOSE, EVENT, LEVEL}
    assert written.stored_kinds == set(ReadingKind)
    tables = [*ReadingKind, "rejected_messages"]
    assert [count_rows(migrated, table) for table in tables] == [1, 1, 1, 1]


def test_every_field_of_a_dose_arrives(plain_writer: ReadingWriter, migrated: str) -> None:
    dose = replace(DOSE, flags=("error_g: recomputed", 'actual_g: text, with {braces} and "quotes"'))
    write_units(plain_writer, dose)
    with psycopg.connect(migrated, row_factory=class_row(Dose)) as connection:
        found = connection.execute(
            "SELECT time, device_id, pump, chemical, target_g, actual_g, error_g, recipe, mode, duration_ms,"
            " dedup, received_at, time_quality, flags FROM dosing_consumption"
        ).fetchall()
    assert [replace(row, flags=tuple(row.flags)) for row in found] == [dose]


def test_what_is_not_said_is_null(plain_writer: ReadingWriter, migrated: str) -> None:
    nothing = replace(DOSE, target_g=None, actual_g=None, error_g=None, duration_ms=None)
    write_units(plain_writer, nothing, replace(nothing, dedup=2, target_g=50))
    with psycopg.connect(migrated) as connection:
        rows = connection.execute(
            "SELECT target_g, actual_g, duration_ms, flags FROM dosing_consumption ORDER BY dedup"
        ).fetchall()
    assert rows == [(None, None, None, None), (50.0, None, None, None)]


def test_a_redelivered_reading_is_a_duplicate(writer: ReadingWriter, migrated: str) -> None:
    write_units(writer, DOSE, EVENT, LEVEL)
    again = write_units(writer, replace(DOSE, received_at=NOW + timedelta(hours=1)), EVENT, LEVEL, first=4)
    assert again.progress == WriteProgress(last_seq=6, stored=3, duplicates=3)
    assert again.stored_readings == ()
    assert len(again.duplicate_readings) == 3
    assert count_rows(migrated, "dosing_consumption") == 1


def test_of_two_alike_in_one_batch_one_is_stored(writer: ReadingWriter) -> None:
    written = write_units(writer, DOSE, DOSE, replace(DOSE, dedup=2), LEVEL, LEVEL, EVENT, EVENT)
    assert written.progress == WriteProgress(last_seq=7, stored=4, duplicates=3)


def test_doses_of_the_repeated_hour_are_told_apart_from_duplicates(plain_writer: ReadingWriter) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first = replace(DOSE, time=datetime(2026, 10, 25, 2, 30, tzinfo=berlin))
    second = replace(DOSE, time=datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=berlin))
    written = write_units(plain_writer, first, second)
    assert written.progress == WriteProgress(last_seq=2, stored=2)
    assert len(written.stored_readings) == 2


def test_a_replayed_batch_changes_nothing(writer: ReadingWriter, migrated: str) -> None:
    units: list[ParsedItem] = [*make_doses(10), DOSE, REJECTION]
    before = write_units(writer, *units)
    after = write_units(writer, *units)
    assert after == WriteReceipt(before.progress)
    assert count_rows(migrated, "rejected_messages") == 1


def test_a_batch_that_overlaps_the_last_one_counts_only_what_is_new(writer: ReadingWriter) -> None:
    made = make_doses(10)
    write_units(writer, *made[:6])
    written = write_units(writer, *made)
    assert written.progress == WriteProgress(last_seq=10, stored=10)
    assert list(written.stored_readings) == made[6:]


def test_numbers_of_one_spool_say_nothing_about_another(writer: ReadingWriter) -> None:
    write_units(writer, *make_doses(3))
    other = writer.write(uuid4(), number_rows(*make_doses(3)))
    assert other.progress == WriteProgress(last_seq=3, duplicates=3)


def test_the_books_are_zero_for_an_unknown_spool_and_kept_for_a_known_one(writer: ReadingWriter) -> None:
    assert writer.read_progress(SPOOL) == WriteProgress()
    written = write_units(writer, DOSE, DOSE, REJECTION)
    assert (
        writer.read_progress(SPOOL)
        == written.progress
        == WriteProgress(3, stored=1, duplicates=1, rejected=1)
    )


def test_the_books_carry_the_site(plain_writer: ReadingWriter, migrated: str) -> None:
    write_units(plain_writer, DOSE)
    with psycopg.connect(migrated) as connection:
        assert connection.execute("SELECT site FROM spool_progress").fetchall() == [("plant1",)]


def test_a_message_of_several_units_counts_each(writer: ReadingWriter) -> None:
    written = writer.write(SPOOL, [(7, (*make_doses(3), REJECTION)), (9, (EVENT, EVENT))])
    assert written.progress == WriteProgress(last_seq=9, stored=4, duplicates=1, rejected=1)


def test_an_empty_batch_is_nothing(writer: ReadingWriter) -> None:
    assert writer.write(SPOOL, []) == WriteReceipt(WriteProgress())


def test_a_refused_row_is_set_aside_and_its_neighbours_are_stored(
    writer: ReadingWriter, migrated: str
) -> None:
    made = make_doses(20)
    bad = replace(made[7], actual_g=float("nan"))
    written = write_units(writer, *made[:7], bad, *made[8:], EVENT, LEVEL)
    assert written.progress == WriteProgress(last_seq=22, stored=21, rejected=1)
    assert bad not in written.stored_readings
    assert count_rows(migrated, "dosing_consumption") == 19
    written = write_units(writer, *made[:7], bad, *made[8:], first=23)
    assert written.progress == WriteProgress(last_seq=42, stored=21, duplicates=19, rejected=2)


def test_a_chunk_that_another_process_stored_meanwhile_is_not_stored_again(
    plain_writer: ReadingWriter, migrated: str
) -> None:
    made = make_doses(9)
    write_units(plain_writer, *made[:3])
    other = ReadingWriter(settings_for(migrated))
    write_units(other, *made[:6])
    other.close()
    written = write_units(plain_writer, *made)
    assert written.progress == WriteProgress(last_seq=9, stored=9)
    assert list(written.stored_readings) == made[6:]


def test_the_next_chunk_is_one_statement_whatever_it_contains(
    plain_writer: ReadingWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_units(plain_writer, DOSE)
    monkeypatch.setattr(plain_writer, "_write_in_steps", lambda *_: pytest.fail("in steps"))
    mixed = (LEVEL, replace(DOSE, dedup=2), DOSE, EVENT, LEVEL)
    written = write_units(plain_writer, *mixed, first=2)
    assert written.progress == WriteProgress(last_seq=6, stored=4, duplicates=2)
    assert set(written.stored_readings) == {LEVEL, mixed[1], EVENT}
    assert set(written.duplicate_readings) == {DOSE, LEVEL}


def test_the_reason_names_the_columns_and_the_record_holds_the_reading(
    writer: ReadingWriter, migrated: str
) -> None:
    written = write_units(writer, replace(DOSE, actual_g=float("inf")))
    (rejection,) = written.rejections
    assert rejection.topic == "factory/dosing/consumption"
    assert rejection.received_at == DOSE.received_at
    assert rejection.reason.startswith("target_g, actual_g, error_g: new row for relation ")
    assert "violates check constraint" in rejection.reason
    with psycopg.connect(migrated) as connection:
        row = connection.execute("SELECT topic, record, reason FROM rejected_messages").fetchone()
    assert row == (rejection.topic, rejection.record, rejection.reason)
    assert json.loads(rejection.record)["device_id"] == DOSE.device_id


@pytest.mark.parametrize(
    ("unit", "reason"),
    [
        (replace(DOSE, pump=TOO_MANY_PUMPS), 'pump: value "1099511627776" is out of range'),
        (replace(DOSE, duration_ms=2**80), 'duration_ms: value "1208925819614629174706176" is out of range'),
        (replace(DOSE, time=NOW.replace(year=2150)), "time: "),
        (replace(DOSE, chemical="B\x00DO"), "chemical: "),
        (replace(DOSE, recipe="\ud800"), "recipe: "),
        (replace(DOSE, device_id="long" * 1000), "device_id, chemical, recipe, mode: "),
        (replace(EVENT, pumps=TOO_MANY_PUMPS), 'pumps: value "1099511627776" is out of range'),
        (replace(LEVEL, dedup=2**31), 'dedup: value "2147483648" is out of range'),
        (replace(LEVEL, remaining_g=float("nan")), "remaining_g, capacity_g, percent_full: "),
        (replace(EVENT, device_id=None), 'null value in column "device_id"'),  # type: ignore[arg-type]
    ],
)  # fmt: skip
def test_the_reason_says_which_column_the_server_refuses(
    writer: ReadingWriter, unit: Reading, reason: str
) -> None:
    written = write_units(writer, unit, replace(DOSE, dedup=99))
    assert written.progress == WriteProgress(last_seq=2, stored=1, rejected=1)
    assert written.rejections[0].reason.startswith(reason)


def test_a_rejection_with_text_that_no_column_takes_is_kept_all_the_same(writer: ReadingWriter) -> None:
    odd = Rejection(topic="a\x00b", record=b"\x00\xff", reason="it said \ud800\x00", received_at=NOW)
    assert write_units(writer, odd).progress == WriteProgress(last_seq=1, rejected=1)


def test_a_rejection_that_the_table_refuses_takes_no_neighbour_with_it(
    writer: ReadingWriter, migrated: str
) -> None:
    """Collectors up to now spooled the topic as it was sent, longer than a key of the database can be."""
    long = replace(REJECTION, topic="".join(f"{number:x}" for number in range(1_500)))
    written = write_units(writer, REJECTION, long, DOSE, replace(REJECTION, record=b"third"))
    assert written.progress == WriteProgress(last_seq=4, stored=1, rejected=3)
    with psycopg.connect(migrated) as connection:
        rows = connection.execute("SELECT topic, record FROM rejected_messages ORDER BY id").fetchall()
    assert [record for _, record in rows] == [REJECTION.record, long.record, b"third"]
    assert rows[1][0] == clean_line(long.topic)


def test_of_a_record_that_the_table_refuses_the_beginning_stays(
    plain_writer: ReadingWriter, migrated: str
) -> None:
    with psycopg.connect(migrated) as connection:
        connection.execute("ALTER TABLE rejected_messages ADD CHECK (octet_length(record) < 2000)")
    write_units(plain_writer, replace(REJECTION, record=b"x" * 5_000), DOSE)
    with psycopg.connect(migrated) as connection:
        ((record, reason),) = connection.execute("SELECT record, reason FROM rejected_messages").fetchall()
    assert record == b"x" * 1_024
    assert reason.startswith("only the first 1024 of 5000 bytes are kept: ")
    assert count_rows(migrated, "dosing_consumption") == 1


def test_a_table_that_takes_no_rejection_at_all_loses_none(
    plain_writer: ReadingWriter, migrated: str
) -> None:
    """Then the row is not at fault: what waits stays in the spool until the table takes it."""
    with psycopg.connect(migrated) as connection:
        connection.execute("ALTER TABLE rejected_messages ADD CONSTRAINT nothing CHECK (false) NOT VALID")
    with pytest.raises(DatabaseAccessError, match="nothing"):
        write_units(plain_writer, REJECTION, DOSE)
    assert count_rows(migrated, "dosing_consumption") == 0


def test_rejections_are_counted_even_if_the_same_record_came_twice(
    writer: ReadingWriter, migrated: str
) -> None:
    assert write_units(writer, REJECTION, REJECTION).progress == WriteProgress(last_seq=2, rejected=2)
    assert count_rows(migrated, "rejected_messages") == 1


def test_a_level_without_capacity_gets_the_last_known_one(writer: ReadingWriter, migrated: str) -> None:
    unsaid = replace(
        LEVEL,
        time=NOW + timedelta(minutes=1),
        remaining_g=5000.0,
        capacity_g=None,
        percent_full=None,
        dedup=2,
    )
    write_units(writer, LEVEL)
    write_units(writer, unsaid, replace(unsaid, chemical="never heard of"), first=2)
    with psycopg.connect(migrated) as connection:
        rows = connection.execute(
            "SELECT chemical, capacity_g, percent_full, flags FROM inventory_levels"
            " WHERE dedup = 2 ORDER BY chemical"
        ).fetchall()
        last = connection.execute("SELECT capacity_g, percent_full FROM inventory_latest ORDER BY chemical")
        assert last.fetchall() == [(10000.0, 50.0), (None, None)]
    assert rows == [("BDO", 10000.0, 50.0, ["capacity_g: last known"]), ("never heard of", None, None, None)]


def test_a_duplicate_is_not_rolled_up_again(writer: ReadingWriter, migrated: str) -> None:
    write_units(writer, DOSE, DOSE)
    write_units(writer, DOSE, first=3)
    with psycopg.connect(migrated) as connection:
        rows = connection.execute("SELECT doses, sum_actual_g FROM plant_rollup WHERE grain = 2").fetchall()
    assert rows == [(1, DOSE.actual_g)]


def test_two_writers_of_one_spool_do_not_apply_a_batch_twice(writer: ReadingWriter, migrated: str) -> None:
    other = ReadingWriter(settings_for(migrated))
    batch = number_rows(*make_doses(200))
    results: list[WriteReceipt] = []
    threads = [Thread(target=lambda w=w: results.append(w.write(SPOOL, batch))) for w in (writer, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.close()
    assert sorted(len(result.stored_readings) for result in results) == [0, 200]
    assert writer.read_progress(SPOOL) == WriteProgress(last_seq=200, stored=200)


def test_a_lock_that_is_not_had_is_temporary_and_nothing_is_counted(
    plain_writer: ReadingWriter, migrated: str
) -> None:
    write_units(plain_writer, DOSE)
    with psycopg.connect(migrated) as connection:
        connection.execute("LOCK TABLE batch_events IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(
            DatabaseUnavailableError, match="not available: canceling statement due to lock timeout"
        ):
            write_units(plain_writer, *make_doses(3), EVENT, first=2)
    assert plain_writer.read_progress(SPOOL) == WriteProgress(last_seq=1, stored=1)
    assert count_rows(migrated, "dosing_consumption") == 1


def test_a_lost_session_is_temporary_and_the_next_call_has_a_new_one(
    plain_writer: ReadingWriter, migrated: str
) -> None:
    write_units(plain_writer, DOSE)
    with psycopg.connect(migrated, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'dosing-tui/collector' AND datname = current_database()"
        )
    with pytest.raises(DatabaseUnavailableError):
        write_units(plain_writer, EVENT, first=2)
    plain_writer.open()
    assert write_units(plain_writer, EVENT, first=2).progress == WriteProgress(last_seq=2, stored=2)


def test_a_batch_torn_off_by_the_death_of_its_session_is_stored_whole_by_the_replay(
    plain_writer: ReadingWriter, migrated: str
) -> None:
    """The session dies between the rows and the COMMIT: while it waits for the lock on the books."""
    write_units(plain_writer, EVENT)
    batch = number_rows(*make_doses(50), first=2)
    refused: list[BaseException] = []

    def run() -> None:
        try:
            plain_writer.write(SPOOL, batch)
        except DatabaseUnavailableError as error:
            refused.append(error)

    with psycopg.connect(migrated) as blocking, psycopg.connect(migrated, autocommit=True) as killing:
        blocking.execute("LOCK TABLE plant_rollup IN ACCESS EXCLUSIVE MODE")
        thread = Thread(target=run)
        thread.start()
        wait_until(
            lambda: killing.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND application_name = 'dosing-tui/collector' AND datname = current_database()"
            ).fetchall()
        )
        thread.join()
    assert refused
    assert plain_writer.read_progress(SPOOL) == WriteProgress(last_seq=1, stored=1)
    assert plain_writer.write(SPOOL, batch).progress == WriteProgress(last_seq=51, stored=51)


def write_persistently(
    writer: ReadingWriter, spool: UUID, batches: list[list[SpoolRow]], done: list[WriteReceipt]
) -> None:
    """What a collector does: the same batch again and again until the database has taken it."""
    for batch in batches:
        while True:
            try:
                done.append(writer.write(spool, batch))
                break
            except DatabaseUnavailableError:
                continue


def _longer_than(done: list[WriteReceipt], length: int) -> bool:
    return len(done) > length


def test_collectors_with_overlapping_spools_do_not_disturb_each_other(migrated: str) -> None:
    made: list[ParsedItem] = [*make_doses(300), *(replace(LEVEL, dedup=number) for number in range(50))]
    chance = random.Random(7)
    writers = [ReadingWriter(settings_for(migrated)) for _ in range(4)]
    results: list[list[WriteReceipt]] = [[] for _ in writers]
    threads = []
    for writer, done in zip(writers, results, strict=True):
        rows = number_rows(*chance.sample(made, len(made)))
        batches = [rows[start : start + 50] for start in range(0, len(rows), 50)]
        threads.append(Thread(target=write_persistently, args=(writer, uuid4(), batches, done)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for writer in writers:
        writer.close()
    ends = [done[-1].progress for done in results]
    assert sum(end.stored for end in ends) == len(made)
    assert all(end.stored + end.duplicates == len(made) for end in ends)
    with psycopg.connect(migrated) as connection:
        assert connection.execute("SELECT sum(doses)::int FROM plant_rollup WHERE grain = 2").fetchone() == (
            300,
        )


def test_a_server_that_is_killed_meanwhile_has_everything_once(own_postgres: EmbeddedPostgres) -> None:
    settings = settings_for(own_postgres.dsn)
    writer, spool = ReadingWriter(settings), uuid4()
    rows = number_rows(*make_doses(4000))
    batches = [rows[start : start + 20] for start in range(0, len(rows), 20)]
    done: list[WriteReceipt] = []
    thread = Thread(target=write_persistently, args=(writer, spool, batches, done))
    thread.start()
    for killed_at in (20, 100):
        wait_until(partial(_longer_than, done, killed_at))
        own_postgres.kill()
        own_postgres.restart()
    thread.join()
    assert writer.read_progress(spool) == WriteProgress(last_seq=4000, stored=4000)
    writer.close()
    assert count_rows(own_postgres.dsn, "dosing_consumption") == 4000
    with psycopg.connect(own_postgres.dsn) as connection:
        assert connection.execute("SELECT sum(doses)::int FROM dosing_rollup_15m").fetchone() == (4000,)


def test_without_the_schema_somebody_has_to_migrate(database: str) -> None:
    writer = ReadingWriter(settings_for(database))
    with pytest.raises(DatabaseAccessError, match="lacks the schema; run dosing-tui migrate"):
        write_units(writer, DOSE)
    writer.close()


def test_commits_are_durable_even_where_the_server_would_not_wait(
    plain_writer: ReadingWriter, migrated: str
) -> None:
    with psycopg.connect(migrated) as connection:
        connection.execute("CREATE TABLE seen (waits text)")
        connection.execute(
            "CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
            " INSERT INTO seen VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$"
        )
        connection.execute(
            "CREATE TRIGGER note AFTER INSERT ON spool_progress FOR EACH ROW EXECUTE FUNCTION note()"
        )
    write_units(plain_writer, DOSE)
    with psycopg.connect(migrated) as connection:
        assert connection.execute("SELECT waits FROM seen").fetchall() == [("on",)]


units = st.one_of(
    st.builds(
        lambda second, dedup, actual: replace(
            DOSE, time=NOW + timedelta(seconds=second), dedup=dedup, actual_g=actual
        ),
        st.integers(0, 3),
        st.integers(0, 2),
        st.sampled_from([None, 50.0, float("nan"), 51]),
    ),
    st.builds(lambda pumps: replace(EVENT, pumps=pumps), st.sampled_from([None, 2, TOO_MANY_PUMPS])),
    st.builds(lambda dedup: replace(LEVEL, dedup=dedup), st.integers(0, 2)),
    st.just(REJECTION),
)


@examples(
    max_examples=examples().max_examples // 2,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(batches=st.lists(st.lists(units, max_size=12), max_size=4), replays=st.integers(0, 2))
def test_every_unit_is_counted_exactly_once(
    plain_writer: ReadingWriter, batches: list[list[ParsedItem]], replays: int
) -> None:
    spool, seq = uuid4(), 1
    for batch in batches:
        rows = number_rows(*batch, first=seq)
        for _ in range(1 + replays):
            written = plain_writer.write(spool, rows)
        seq += len(batch)
        progress = written.progress
        assert progress.stored + progress.duplicates + progress.rejected == seq - 1
