"""What the screen learns at start, and how it learns that the database is away."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest
from msgspec import structs
from msgspec.structs import replace

from dosing_tui.database.batches.incremental_rebuild import rebuild_batches
from dosing_tui.database.panel_reader import RECENT_ROWS, PanelReader
from dosing_tui.database.reading_writer import ReadingWriter
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import find_free_port
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, TimeQuality
from dosing_tui.domain.panels.panel_catalog import CONSUMPTION_TODAY, OVERVIEW_PANELS, PanelQuery
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
from tests.support.database.schema_inspection import fetch_rows
from tests.support.database_servers import Server
from tests.support.polling import wait_until

LAST_DAY = PanelQuery(NOW - timedelta(days=1), NOW, NOW)


@pytest.fixture
def reader(migrated: str) -> Iterator[PanelReader]:
    reader = PanelReader(settings_for(migrated))
    reader.open()
    yield reader
    reader.close()


@pytest.fixture
def writer(migrated: str) -> Iterator[ReadingWriter]:
    writer = ReadingWriter(settings_for(migrated))
    yield writer
    writer.close()


def is_answering(reader: PanelReader) -> bool:
    try:
        reader.list_other_writers()
    except DatabaseUnavailableError:
        return False
    return True


def test_the_picture_starts_with_what_was_stored(
    flavour: Server, reader: PanelReader, writer: ReadingWriter
) -> None:
    later = structs.replace(
        LEVEL, time=NOW + timedelta(minutes=1), remaining_g=1.0, percent_full=0.01, dedup=2
    )
    other = structs.replace(LEVEL, chemical="T-12", flags=("capacity_g: last known",))
    flagged = structs.replace(
        DOSE, dedup=77, time=NOW + timedelta(days=1), flags=("error_g: recomputed", "odd")
    )
    writer.write(uuid4(), number_rows(LEVEL, later, other, EVENT, flagged, *make_doses(RECENT_ROWS + 5)))
    seeded = reader.load_readings()
    assert [row for row in seeded if isinstance(row, InventoryLevel)] == [later, other]
    assert [row for row in seeded if isinstance(row, BatchEvent)] == [EVENT]
    assert [row for row in seeded if isinstance(row, Dose)] == [*make_doses(RECENT_ROWS + 5)[6:], flagged]


def test_what_stations_say_of_one_second_is_in_the_order_of_its_arrival(
    reader: PanelReader, writer: ReadingWriter
) -> None:
    """Else a batch that ended in the second in which the next began would never have ended."""
    ended = structs.replace(EVENT, event="complete", dedup=1, received_at=NOW + timedelta(milliseconds=300))
    began = structs.replace(EVENT, event="start", dedup=2, received_at=NOW + timedelta(milliseconds=800))
    for seed in range(4):
        told = [structs.replace(each, device_id=f"station {seed}") for each in (ended, began)]
        writer.write(uuid4(), number_rows(*(told if seed % 2 else told[::-1])))
    events = [each for each in reader.load_readings() if isinstance(each, BatchEvent)]
    assert {each.event for each in events[:4]} == {"complete"}
    assert {each.event for each in events[4:]} == {"start"}


def test_the_picture_of_an_empty_database_is_empty(reader: PanelReader) -> None:
    assert reader.load_readings() == []


def test_rows_of_other_writers_are_read_and_cleaned(reader: PanelReader, migrated: str) -> None:
    with psycopg.connect(migrated) as connection:
        connection.execute(
            "INSERT INTO dosing_consumption (time, device_id, pump, chemical, recipe, time_quality, flags)"
            " VALUES (%s, E'a\\x1b[2J', 1, E'\\u202eB', '[/bold]', 'by hand', ARRAY[E'\\x07'])",
            (NOW,),
        )
    (dose,) = reader.load_readings()
    assert isinstance(dose, Dose)
    assert (dose.device_id, dose.chemical, dose.recipe) == ("a\ufffd[2J", "\ufffdB", "[/bold]")
    assert dose.time_quality is TimeQuality.RECEIVE
    assert dose.flags == ("\ufffd",)


def test_times_come_in_the_zone_of_the_plant(reader: PanelReader, writer: ReadingWriter) -> None:
    writer.write(uuid4(), number_rows(DOSE))
    (dose,) = reader.load_readings()
    assert str(dose.time.tzinfo) == "Europe/Berlin"


def test_books_are_those_of_the_site(reader: PanelReader, writer: ReadingWriter, migrated: str) -> None:
    spool, elsewhere = uuid4(), ReadingWriter(settings_for(migrated, site="elsewhere"))
    writer.write(spool, number_rows(DOSE, DOSE, REJECTION))
    elsewhere.write(uuid4(), number_rows(EVENT))
    elsewhere.close()
    (books,) = reader.list_spools()
    assert (books.spool_id, books.last_seq) == (spool, 3)
    assert (books.stored, books.duplicates, books.rejected) == (1, 1, 1)


def test_telegraf_is_noticed_and_this_program_is_not(
    flavour: Server, reader: PanelReader, writer: ReadingWriter, migrated: str
) -> None:
    writer.write(uuid4(), number_rows(DOSE))
    assert reader.list_other_writers() == []
    with psycopg.connect(migrated, application_name="telegraf"):
        (found,) = reader.list_other_writers()
    assert found.startswith("telegraf (")


def test_who_copies_into_the_tables_is_noticed_whatever_its_name(reader: PanelReader, migrated: str) -> None:
    with psycopg.connect(migrated, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO public.batch_events (time, device_id, event) VALUES (now(), 'by hand', 'start')"
        )
        (found,) = reader.list_other_writers()
    assert found.startswith("unnamed (")


def test_who_only_reads_is_not_noticed(reader: PanelReader, migrated: str) -> None:
    with psycopg.connect(migrated, autocommit=True, application_name="grafana") as connection:
        connection.execute("SELECT count(*) FROM dosing_consumption")
        assert reader.list_other_writers() == []


def test_many_threads_may_ask_at_once(reader: PanelReader, writer: ReadingWriter, migrated: str) -> None:
    started = structs.replace(EVENT, time=NOW - timedelta(minutes=5), event="start")
    writer.write(uuid4(), number_rows(started, EVENT, *make_doses(100)))
    day = timedelta(days=1)
    rebuild_batches(settings_for(migrated), since=NOW - day, until=NOW + day, now=NOW + day, report=print)

    def ask(number: int) -> int:
        panel = OVERVIEW_PANELS[number % len(OVERVIEW_PANELS)]
        return len(
            reader.read_panel(panel, PanelQuery(NOW - timedelta(days=1), NOW + timedelta(days=1), NOW))
        )

    with ThreadPoolExecutor(16) as pool:
        assert min(pool.map(ask, range(64))) > 0


def test_without_the_schema_somebody_has_to_migrate(database: str) -> None:
    reader = PanelReader(settings_for(database))
    reader.open()
    with pytest.raises(DatabaseAccessError, match="lacks the schema; run dosing-tui migrate"):
        reader.load_readings()
    reader.close()


def test_opening_does_not_wait_and_the_reason_is_told_when_something_is_asked(
    capfd: pytest.CaptureFixture[str],
) -> None:
    port = find_free_port()
    reader = PanelReader(settings_for(f"host=127.0.0.1 port={port} user=u dbname=plant"))
    reader.open()
    with pytest.raises(DatabaseUnavailableError, match=f"No database server listens at 127.0.0.1:{port}"):
        reader.list_other_writers()
    reader.close()
    assert capfd.readouterr() == ("", "")


def test_a_reader_that_is_closed_says_so(reader: PanelReader) -> None:
    reader.close()
    with pytest.raises(DatabaseUnavailableError, match="closed"):
        reader.list_other_writers()


def test_a_server_that_comes_back_is_asked_again(
    own_postgres: EmbeddedPostgres, capfd: pytest.CaptureFixture[str]
) -> None:
    settings = settings_for(own_postgres.dsn)
    reader = PanelReader(settings)
    reader.open()
    assert reader.load_readings() == []
    own_postgres.kill()
    with pytest.raises(DatabaseUnavailableError):
        reader.load_readings()
    own_postgres.restart()
    wait_until(lambda: is_answering(reader))
    assert reader.load_readings() == []
    reader.close()
    assert capfd.readouterr().err == ""


@contextmanager
def blocked_reader(dsn: str) -> Iterator[PanelReader]:
    """A reader with two seconds' patience, whose panels wait for a table that somebody else holds."""
    settings = settings_for(dsn)
    reader = PanelReader(replace(settings, database=replace(settings.database, statement_timeout_s=2.0)))
    reader.open()
    with closing(reader), psycopg.connect(dsn) as other:
        other.execute("LOCK TABLE plant_rollup IN ACCESS EXCLUSIVE MODE")
        yield reader


def test_a_panel_that_takes_too_long_is_given_up(migrated: str) -> None:
    with (
        blocked_reader(migrated) as reader,
        pytest.raises(DatabaseUnavailableError, match="took too long to answer"),
    ):
        reader.read_panel(CONSUMPTION_TODAY, LAST_DAY)


def test_a_database_that_goes_while_it_answers_is_told_in_a_sentence(own_postgres: EmbeddedPostgres) -> None:
    waiting = "SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%dosing_sums%'"
    with (
        ThreadPoolExecutor(1) as pool,
        suppress(psycopg.OperationalError),  # of the session that holds the table
        blocked_reader(own_postgres.dsn) as reader,
    ):
        answer = pool.submit(reader.read_panel, CONSUMPTION_TODAY, LAST_DAY)
        wait_until(lambda: fetch_rows(own_postgres.dsn, waiting))
        own_postgres.kill()
        with pytest.raises(DatabaseUnavailableError, match=r"^The database .*\.$"):
            answer.result(timeout=30)
