"""A PIN is checked and counted by the server, and is written down nowhere."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from msgspec.structs import replace
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from dosing_tui.config.settings import ReviewSettings, Settings
from dosing_tui.database.audit.pins import enter_pin, prepare_pin_entry, set_pin, verify_pin
from dosing_tui.database.batches.audit_verify import verify_audit_trail
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.batch_review.review_rules import Decision
from dosing_tui.errors import DatabaseAccessError, ReviewError
from tests.integration.database.batches.test_review_writer import LATER, review_batch
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value
from tests.support.database.stored_batches import store_and_rebuild
from tests.support.database_servers import Server, new_name
from tests.support.domain.batch_messages import normal_batch

REVIEWER_RIGHTS = """
GRANT SELECT ON ALL TABLES IN SCHEMA public TO {0};
REVOKE ALL ON reviewer_pins, pin_checks, pin_counters FROM {0};
GRANT INSERT ON pin_entry TO {0};
GRANT EXECUTE ON FUNCTION lock_audit_trail(), prepare_pin_entry(text), take_pin_check(text, boolean),
    enter_review(text, text, text, text, text, bigint, text, text) TO {0}
"""


@pytest.fixture
def plant(migrated: str) -> Settings:
    """A batch, and the PINs of Anna and Ben."""
    store_and_rebuild(migrated, *normal_batch(), now=LATER)
    settings = replace(settings_for(migrated), review=ReviewSettings(pin=True))
    for who in ("Anna", "Ben"):
        set_pin(settings, who=who, pin="1234")
    return settings


@pytest.fixture
def reviewers(server: Server, plant: Settings) -> Iterator[list[Settings]]:
    """Two roles that may review, and nothing else."""
    names = [new_name("reviewer") for _ in range(2)]
    with psycopg.connect(plant.database.dsn, autocommit=True) as session:
        for name in names:
            session.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
            session.execute(sql.SQL(REVIEWER_RIGHTS).format(sql.Identifier(name)))
    try:
        yield [log_in(plant, name) for name in names]
    finally:
        with psycopg.connect(plant.database.dsn, autocommit=True) as session:
            for name in names:
                session.execute(sql.SQL("DROP OWNED BY {}").format(sql.Identifier(name)))
                session.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def log_in(plant: Settings, role: str) -> Settings:
    return replace(plant, database=settings_for(make_conninfo(plant.database.dsn, user=role)).database)


def try_pin(session: psycopg.Connection[tuple[object, ...]], who: str, pin: str) -> str:
    """What the server finds of a PIN, in a transaction that is rolled back."""
    session.execute("BEGIN")
    enter_pin(session, who, pin)
    ((refusal,),) = session.execute("SELECT take_pin_check(%s, false)", (who,)).fetchall()
    session.execute("ROLLBACK")
    return str(refusal)


def test_six_tries_that_are_each_rolled_back_are_six_tries(reviewers: list[Settings]) -> None:
    first, second = reviewers
    with psycopg.connect(first.database.dsn, autocommit=True) as session:
        prepare_pin_entry(session, "Anna")
        found = [try_pin(session, "Anna", pin) for pin in ("0000", "0001", "0002", "0003", "0004", "1234")]
    assert [each[-14:] for each in found[:5]] == [f"tries left: {left}." for left in (4, 3, 2, 1, 0)]
    assert found[5].startswith("Too many wrong PINs of Anna: the next try is possible at ")
    with pytest.raises(ReviewError, match="Too many wrong PINs of Anna"):
        review_batch(first, pin="1234")
    assert review_batch(first, who="Ben", pin="1234").who == "Ben"
    assert review_batch(second, Decision.COMMENT, "seen", pin="1234").signature == "signed with a PIN"


def test_tries_below_savepoints_and_of_sessions_that_end_are_counted(reviewers: list[Settings]) -> None:
    dsn = reviewers[0].database.dsn
    with psycopg.connect(dsn, autocommit=True) as session:
        prepare_pin_entry(session, "Anna")
        session.execute("BEGIN")
        for _ in range(3):
            session.execute("SAVEPOINT one")
            enter_pin(session, "Anna", "0000")
            session.execute("ROLLBACK TO one")
    for _ in range(2):
        with psycopg.connect(dsn) as other:
            enter_pin(other, "Anna", "0000")
            other.close()
    with psycopg.connect(dsn, autocommit=True) as session:
        assert "Too many wrong PINs" in try_pin(session, "Anna", "1234")


def test_no_pin_is_checked_without_a_counter_that_stays(reviewers: list[Settings]) -> None:
    """Else a ROLLBACK would take the counter, and its count."""
    with psycopg.connect(reviewers[0].database.dsn, autocommit=True) as session:
        assert "no counter for tries" in try_pin(session, "Anna", "1234")
        session.execute("BEGIN")
        session.execute("SAVEPOINT one")
        prepare_pin_entry(session, "Anna")
        enter_pin(session, "Anna", "1234")
        ((refusal,),) = session.execute("SELECT take_pin_check('Anna', false)").fetchall()
        assert "no counter for tries" in refusal
        session.execute("ROLLBACK")
        prepare_pin_entry(session, "Anna")
        assert try_pin(session, "Anna", "1234") == ""


def test_after_a_pause_tries_begin_anew_and_a_right_pin_forgets_wrong_ones(
    plant: Settings, reviewers: list[Settings]
) -> None:
    with psycopg.connect(reviewers[0].database.dsn, autocommit=True) as session:
        prepare_pin_entry(session, "Anna")
        for _ in range(4):
            try_pin(session, "Anna", "0000")
        assert try_pin(session, "Anna", "1234") == ""
        assert try_pin(session, "Anna", "0000").endswith("tries left: 4.")
        for _ in range(4):
            try_pin(session, "Anna", "0000")
        assert "Too many" in try_pin(session, "Anna", "1234")
        shift_counter(plant, seconds=600)
        assert "Too many" in try_pin(session, "Anna", "1234")
        shift_counter(plant, seconds=301)
        assert try_pin(session, "Anna", "1234") == ""


def shift_counter(plant: Settings, *, seconds: int) -> None:
    """As the schema's owner: the last try was earlier."""
    number = fetch_value(plant.database.dsn, "SELECT max(counter) FROM pin_counters")
    query = f"SELECT setval('pin_tries_{number}', last_value - 16 * {seconds}) FROM pin_tries_{number}"
    with psycopg.connect(plant.database.dsn, autocommit=True) as session:
        session.execute(query.encode())


def test_the_first_pin_is_an_act_of_the_owner_or_of_a_reviewer_admin(
    server: Server, plant: Settings, reviewers: list[Settings]
) -> None:
    reviewer, admin = reviewers
    with pytest.raises(ReviewError, match="The first PIN of Carl is set by the schema's owner or a reviewer"):
        set_pin(reviewer, who="Carl", pin="4711")
    with pytest.raises(ReviewError, match="a change needs the old PIN"):
        set_pin(reviewer, who="Anna", pin="4711")
    set_pin(reviewer, who="Anna", pin="4711", old="1234")
    assert review_batch(reviewer, pin="4711").signature == "signed with a PIN"
    role = conninfo_to_dict(admin.database.dsn)["user"]
    with psycopg.connect(plant.database.dsn, autocommit=True) as session:
        session.execute(
            "DO $$ BEGIN CREATE ROLE dosing_reviewer_admin NOLOGIN;"
            " EXCEPTION WHEN duplicate_object THEN NULL; END $$"
        )
        session.execute(sql.SQL("GRANT dosing_reviewer_admin TO {}").format(sql.Identifier(str(role))))
    set_pin(admin, who="Carl", pin="4711")
    set_pin(admin, who="Anna", pin="forgotten")
    entries = fetch_rows(
        plant.database.dsn, "SELECT subject, who FROM audit_trail WHERE action = 'pin' ORDER BY seq"
    )
    assert entries[2:] == [("Anna", "Anna"), ("Carl", role), ("Anna", role)]
    assert verify_audit_trail(reviewer).faults == ()


@pytest.mark.new_database
def test_a_pin_reaches_no_log_and_no_statistics(
    server: Server, plant: Settings, reviewers: list[Settings]
) -> None:
    """With all that PostgreSQL can log of statements, their parameters and errors."""
    database = conninfo_to_dict(plant.database.dsn)["dbname"]
    for setting in (
        "log_statement = 'all'", "log_min_duration_statement = 0", "log_parameter_max_length = -1",
        "log_parameter_max_length_on_error = -1", "log_error_verbosity = 'verbose'",
        "log_min_messages = 'debug1'", "debug_print_plan = on", "log_min_error_statement = 'debug5'",
    ):  # fmt: skip
        execute_statements(plant.database.dsn, f'ALTER DATABASE "{database}" SET {setting}')
    secrets = ("731955-new", "820461-wrong")
    reviewer = reviewers[0]
    set_pin(reviewer, who="Anna", pin=secrets[0], old="1234")
    with pytest.raises(ReviewError, match="not the PIN"):
        review_batch(reviewer, pin=secrets[1])
    with psycopg.connect(reviewer.database.dsn) as session:
        enter_pin(session, "Anna", secrets[0])
        seen = fetch_rows(plant.database.dsn, "SELECT query FROM pg_stat_activity")
    assert review_batch(reviewer, pin=secrets[0]).signature == "signed with a PIN"
    break_off_entry(plant, reviewer, secrets[0])
    path = Path(fetch_value(plant.database.dsn, "SHOW data_directory")).parent / "postgres.log"
    if not path.exists():
        pytest.skip("the log of this server is not at hand")
    log = path.read_text(encoding="utf-8", errors="replace")
    entered = "COPY pin_entry (who, pin, new_pin) FROM STDIN (FORMAT BINARY)"
    assert entered in log
    for secret in secrets:
        for written in (secret, secret.encode().hex()):
            assert written not in log
            assert written not in str(seen)
    for name in ("pin_checks", "pin_counters", "reviewer_pins", "audit_trail", "batch_reviews"):
        assert not any(
            secret in str(fetch_rows(plant.database.dsn, f"SELECT * FROM {name}")) for secret in secrets
        )


def break_off_entry(plant: Settings, reviewer: Settings, pin: str) -> None:
    """End the COPY with an error while the server checks the PIN."""
    with psycopg.connect(plant.database.dsn) as other, psycopg.connect(reviewer.database.dsn) as session:
        other.execute("SELECT FROM pin_counters FOR UPDATE")
        session.execute("SET lock_timeout = 50")
        with pytest.raises(psycopg.errors.LockNotAvailable) as caught:
            enter_pin(session, "Anna", pin)
        assert "COPY pin_entry, line 1" in str(caught.value.diag.context)
        assert pin not in str(caught.value.diag.context)


def test_who_has_no_right_to_sign_is_told_so(server: Server, plant: Settings) -> None:
    name = new_name("reader")
    with psycopg.connect(plant.database.dsn, autocommit=True) as session:
        session.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(name)))
        session.execute(sql.SQL("GRANT pg_read_all_data TO {}").format(sql.Identifier(name)))
    try:
        reader = log_in(plant, name)
        with pytest.raises(DatabaseAccessError):
            set_pin(reader, who="Anna", pin="4711", old="1234")
        with pytest.raises(DatabaseAccessError):
            review_batch(reader, pin="1234")
    finally:
        with psycopg.connect(plant.database.dsn, autocommit=True) as session:
            session.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(name)))


def test_who_stores_batches_does_not_say_that_they_are_reviewed(server: Server, plant: Settings) -> None:
    """Also where rights follow those on doses, without the roles of ``deploy/``."""
    name = new_name("writer")
    role = sql.Identifier(name)
    with psycopg.connect(plant.database.dsn, autocommit=True) as session:
        session.execute(sql.SQL("CREATE ROLE {} LOGIN").format(role))
        try:
            session.execute(sql.SQL("GRANT SELECT, INSERT, UPDATE ON batches TO {}").format(role))
            session.execute(read_statement("schema/any/0019_review_columns"))
            with psycopg.connect(log_in(plant, name).database.dsn) as writer:
                writer.execute("UPDATE batches SET status = status, gone = gone")
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    writer.execute("UPDATE batches SET disposition = 'approved'")
        finally:
            session.execute(sql.SQL("DROP OWNED BY {}").format(role))
            session.execute(sql.SQL("DROP ROLE {}").format(role))


def test_a_sign_on_checks_a_pin_counts_wrong_ones_and_signs_nothing(plant: Settings) -> None:
    dsn = plant.database.dsn
    before = fetch_value(dsn, "SELECT count(*) FROM audit_trail")
    assert verify_pin(plant, "Anna", "1234")
    for tries_left in (4, 3, 2, 1, 0):
        with pytest.raises(ReviewError, match=f"not the PIN of Anna; tries left: {tries_left}"):
            verify_pin(plant, "Anna", "0000")
    with pytest.raises(ReviewError, match="Too many wrong PINs"):
        verify_pin(plant, "Anna", "1234")
    with pytest.raises(ReviewError, match="has no PIN yet"):
        verify_pin(plant, "Zoe", "1234")
    assert fetch_value(dsn, "SELECT count(*) FROM audit_trail") == before
