"""How a session is set up, and what is said when none can be had or the server refuses."""

import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from dosing_tui.config.sections.site_settings import SECRET_DSN_KEYS
from dosing_tui.config.settings import Settings
from dosing_tui.database.backup.client_programs import run_program
from dosing_tui.database.connection import (
    NO_TIMEOUTS,
    StatementTimeouts,
    describe_target,
    open_connection,
    use_session,
)
from dosing_tui.database.error_mapping import DatabaseTarget, translate_error, translate_errors
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import find_free_port
from dosing_tui.errors import (
    BackupError,
    DatabaseAccessError,
    DatabaseError,
    DatabaseUnavailableError,
    InvalidRowError,
)
from tests.support.database.reading_samples import settings_for
from tests.support.database_servers import reachable_temp

PASSWORD = "sesame {open} 'quoted'"
HBA = """
local all all trust
host all locked_out 127.0.0.1/32 reject
host all operator 127.0.0.1/32 scram-sha-256
host all all 127.0.0.1/32 trust
"""


@dataclass(frozen=True, slots=True)
class Guarded:
    """A server that asks one user for a password and keeps another out."""

    dsn: str
    port: int

    def as_user(self, user: str, *, password: str = "", database: str = "postgres") -> Settings:
        return settings_for(
            f"host=127.0.0.1 port={self.port} user={user} dbname={database}", password=password
        )


@pytest.fixture(scope="module")
def guarded() -> Iterator[Guarded]:
    with reachable_temp() as folder:
        rules = folder / "rules.conf"
        rules.write_text(HBA)
        rules.chmod(0o644)
        port = find_free_port()
        with EmbeddedPostgres(folder / "data", port=port, settings={"hba_file": str(rules)}) as server:
            with psycopg.connect(server.dsn, autocommit=True) as connection:
                for role in ("operator", "locked_out", "viewer"):
                    connection.execute(f"CREATE ROLE {role} LOGIN")
                connection.execute(
                    psycopg.sql.SQL("ALTER ROLE operator PASSWORD {}").format(psycopg.sql.Literal(PASSWORD))
                )
                connection.execute("CREATE TABLE doses (n int)")
            yield Guarded(server.dsn, port)


def find_refusal(settings: Settings, kind: type[DatabaseError]) -> str:
    """The sentence; it names the user and the database, or says that the connection string is at fault."""
    with pytest.raises(kind) as caught:
        open_connection(settings, application="test")
    assert caught.type is kind
    assert settings.database.password == "" or settings.database.password not in str(caught.value)
    assert str(caught.value).isprintable()
    assert caught.value.__cause__ is not None
    return str(caught.value)


def test_a_session_is_set_up_for_the_plant(database: str) -> None:
    with open_connection(settings_for(database, zone="Asia/Kolkata"), application="console") as session:
        shown = {
            name: session.execute("SELECT current_setting(%s)", (name,)).fetchone()
            for name in (
                "TimeZone",
                "application_name",
                "client_encoding",
                "search_path",
                "statement_timeout",
                "lock_timeout",
                "DateStyle",
            )
        }
    assert shown == {
        "TimeZone": ("Asia/Kolkata",),
        "application_name": ("dosing-tui/console",),
        "client_encoding": ("UTF8",),
        "search_path": ("public,compat",),
        "statement_timeout": ("5s",),
        "lock_timeout": ("3s",),
        "DateStyle": ("ISO, MDY",),
    }


def test_a_panels_statement_is_not_compiled_whatever_the_server_does_else(database: str) -> None:
    with open_connection(settings_for(database), application="console") as session:
        asked = "SELECT setting, source FROM pg_settings WHERE name = 'jit'"
        assert session.execute(asked).fetchone() == ("off", "client")


def test_work_that_may_take_long_has_no_limits(database: str) -> None:
    with open_connection(settings_for(database), application="migrate", timeouts=NO_TIMEOUTS) as session:
        assert session.execute("SHOW statement_timeout").fetchone() == ("0",)
        assert session.execute("SHOW lock_timeout").fetchone() == ("0",)


def test_the_connection_string_has_the_last_word_on_options(database: str) -> None:
    settings = settings_for(f"{database} options='-c statement_timeout=77ms -c work_mem=5MB'")
    with open_connection(settings, application="test") as session:
        assert session.execute("SHOW statement_timeout").fetchone() == ("77ms",)
        assert session.execute("SHOW work_mem").fetchone() == ("5MB",)
        assert session.execute("SHOW TimeZone").fetchone() == ("Europe/Berlin",)


def test_the_password_of_the_settings_is_used(guarded: Guarded) -> None:
    with open_connection(guarded.as_user("operator", password=PASSWORD), application="test") as session:
        assert session.execute("SELECT current_user").fetchone() == ("operator",)


def test_without_one_libpq_finds_it_its_own_way(guarded: Guarded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    with open_connection(guarded.as_user("operator"), application="test") as session:
        assert session.execute("SELECT current_user").fetchone() == ("operator",)


def test_a_wrong_password(guarded: Guarded) -> None:
    said = find_refusal(guarded.as_user("operator", password="wrong-one"), DatabaseAccessError)
    assert said == (
        f"The server 127.0.0.1:{guarded.port} refuses the password of user operator for database postgres."
    )


def test_no_password_known(guarded: Guarded) -> None:
    said = find_refusal(guarded.as_user("operator"), DatabaseAccessError)
    assert said == (
        f"The server 127.0.0.1:{guarded.port} requires a password for user operator and database postgres;"
        " none is set."
    )


def test_a_user_that_is_kept_out(guarded: Guarded) -> None:
    said = find_refusal(guarded.as_user("locked_out"), DatabaseAccessError)
    assert said == (
        f"The server 127.0.0.1:{guarded.port} rejects user locked_out and database postgres from this"
        " machine (pg_hba.conf)."
    )


def test_an_unknown_database(guarded: Guarded) -> None:
    said = find_refusal(guarded.as_user("viewer", database="{nowhere}"), DatabaseAccessError)
    assert said == f"There is no database {{nowhere}} on 127.0.0.1:{guarded.port}."


def test_an_unknown_user(guarded: Guarded) -> None:
    said = find_refusal(guarded.as_user("stranger"), DatabaseAccessError)
    assert said == f"There is no database user stranger on 127.0.0.1:{guarded.port}."


def test_nobody_listens() -> None:
    port = find_free_port()
    said = find_refusal(
        settings_for(f"host=127.0.0.1 port={port} user=u dbname=plant"), DatabaseUnavailableError
    )
    assert said == f"No database server listens at 127.0.0.1:{port} (database plant, user u)."


def test_no_socket() -> None:
    said = find_refusal(settings_for("host=/nowhere user=u dbname=plant"), DatabaseUnavailableError)
    assert said == "No database server listens at /nowhere (database plant, user u)."


def test_somebody_listens_but_does_not_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        port = deaf.getsockname()[1]
        settings = settings_for(f"host=127.0.0.1 port={port} user=u dbname=plant connect_timeout=1")
        said = find_refusal(settings, DatabaseUnavailableError)
    assert said == f"The database plant on 127.0.0.1:{port} (user u) does not answer."


def test_a_socket_file_at_which_nobody_accepts(tmp_path: Path) -> None:
    address = str(tmp_path / ".s.PGSQL.5432")
    with ExitStack() as stack:
        server = stack.enter_context(socket.socket(socket.AF_UNIX))
        server.bind(address)
        server.listen(0)
        with suppress(BlockingIOError):  # the queue is full
            while True:
                waiting = stack.enter_context(socket.socket(socket.AF_UNIX))
                waiting.setblocking(False)
                waiting.connect(address)
        settings = settings_for(f"host={tmp_path} user=u dbname=plant connect_timeout=1")
        said = find_refusal(settings, DatabaseUnavailableError)
    assert said == f"The database plant on {tmp_path} (user u) does not answer."


def test_a_host_name_that_is_none() -> None:
    said = find_refusal(settings_for(f"host={'a' * 70} user=u dbname=plant"), DatabaseAccessError)
    assert said.startswith("The database plant on aaaa")
    assert "label too long" in said


@pytest.mark.parametrize(
    ("words", "kind", "said"),
    [
        (
            "failed to resolve host 'db1': [Errno -2] Name or service not known",
            DatabaseUnavailableError,
            "The host name db1 of database plant is unknown (user u).",
        ),
        (
            'connection failed: connection to server at "10.0.0.1", port 5432 failed: FATAL:  the database'
            " system is starting up",
            DatabaseUnavailableError,
            "The database plant on db1:5432 (user u) is starting or stopping.",
        ),
        (
            'connection failed: connection to server at "10.0.0.1", port 5432 failed: FATAL:  sorry, too many'
            " clients already",
            DatabaseUnavailableError,
            "The database plant on db1:5432 (user u) has no free connection.",
        ),
        (
            'connection failed: connection to server at "10.0.0.1", port 5432 failed: server does not support'
            " SSL, but SSL was required",
            DatabaseAccessError,
            "No encrypted connection to database plant on db1:5432 (user u): server does not support SSL,"
            " but SSL was required.",
        ),
        (
            'connection failed: connection to server at "10.0.0.1", port 5432 failed: FATAL:  etwas anderes',
            DatabaseUnavailableError,
            "The database plant on db1:5432 (user u) cannot be reached: etwas anderes.",
        ),
    ],
)
def test_words_of_libpq_that_no_server_here_says(words: str, kind: type[DatabaseError], said: str) -> None:
    meant = DatabaseTarget(host="db1", port="5432", database="plant", user="u")
    error = translate_error(psycopg.OperationalError(words), meant)
    assert (type(error), str(error)) == (kind, said)


def test_a_connection_string_that_is_none_does_not_show_what_may_be_a_password() -> None:
    said = find_refusal(settings_for("postgresql://u:sec ret@db1/plant"), DatabaseAccessError)
    assert said.startswith("database.dsn is not a libpq connection string: ")
    assert "sec" not in said
    assert "ret" not in said


def test_an_unknown_time_zone(guarded: Guarded) -> None:
    settings = settings_for(
        f"host=127.0.0.1 port={guarded.port} user=viewer dbname=postgres", zone="Mars/Olympus"
    )
    said = find_refusal(settings, DatabaseAccessError)
    assert "does not know the time zone of plant.timezone" in said
    assert "Mars/Olympus" in said


def test_a_right_that_is_missing_is_named_with_its_relation(guarded: Guarded) -> None:
    settings = guarded.as_user("viewer", database="factory_metrics")
    with (
        open_connection(settings, application="test") as session,
        pytest.raises(
            DatabaseAccessError,
            match=r"^User viewer lacks a right in database factory_metrics .*denied for table doses\.$",
        ),
        translate_errors(describe_target(settings)),
    ):
        session.execute("SELECT n FROM doses")


SPOKEN = [
    ("SET default_transaction_read_only = on", "INSERT INTO t VALUES (1)", DatabaseAccessError, "read-only"),
    (
        "SET statement_timeout = '20ms'",
        "SELECT pg_sleep(60)",
        DatabaseUnavailableError,
        "took too long to answer",
    ),
    ("", "SELECT n FROM nowhere", DatabaseAccessError, "lacks the schema; run dosing-tui migrate"),
    ("", "SELECT time_bucket(1, 2)", DatabaseAccessError, "lacks the schema; run dosing-tui migrate"),
    ("", "SELECT pg_terminate_backend(pg_backend_pid())", DatabaseUnavailableError, "is not available"),
    ("", "INSERT INTO t VALUES (1), (1)", InvalidRowError, "duplicate key value"),
    ("", "INSERT INTO t VALUES (NULL)", InvalidRowError, 'column "n"'),
    ("", "SELECT 1 / 0", InvalidRowError, "division by zero"),
    ("", "DO $$ BEGIN RAISE EXCEPTION E'bell \\x07 and \\x1b]52;c;x\\x07'; END $$", InvalidRowError, "bell"),
    (
        "",
        "DO $$ BEGIN RAISE EXCEPTION 'disk' USING ERRCODE = '53100'; END $$",
        DatabaseUnavailableError,
        "disk",
    ),
    (
        "",
        "DO $$ BEGIN RAISE EXCEPTION 'lock' USING ERRCODE = '40P01'; END $$",
        DatabaseUnavailableError,
        "lock",
    ),
    (
        "",
        "DO $$ BEGIN RAISE EXCEPTION 'lock' USING ERRCODE = '55P03'; END $$",
        DatabaseUnavailableError,
        "lock",
    ),
    ("", "this is not SQL", DatabaseAccessError, "syntax error"),
]


@pytest.mark.parametrize(("before", "statement", "kind", "part"), SPOKEN)
def test_what_the_server_says_is_sorted_by_who_has_to_act(
    database: str, before: str, statement: str, kind: type[DatabaseError], part: str
) -> None:
    settings = settings_for(database)
    with open_connection(
        settings, application="test", autocommit=True, timeouts=StatementTimeouts(60)
    ) as session:
        session.execute("CREATE TABLE t (n int PRIMARY KEY)")
        session.execute(before)
        with pytest.raises(kind, match=part) as caught, translate_errors(describe_target(settings)):
            session.execute(statement)
    assert caught.type is kind
    assert str(caught.value).isprintable()
    assert caught.value.__cause__ is not None


def test_a_password_in_the_servers_words_is_struck_out() -> None:
    meant = DatabaseTarget(host="h", port="", database="d", user="u", secrets=("hunter2",))
    error = translate_error(psycopg.OperationalError("odd: hunter2 is what it got"), meant)
    assert "hunter2" not in str(error)
    assert "hunter2" not in repr(meant)


@pytest.mark.parametrize("key", sorted(SECRET_DSN_KEYS))
def test_every_secret_of_a_connection_string_is_struck_out(key: str, tmp_path: Path) -> None:
    settings = settings_for(f"host=h dbname=d user=u {key}=hunter2")
    error = translate_error(
        psycopg.OperationalError("odd: hunter2 is what it got"), describe_target(settings)
    )
    assert "hunter2" not in str(error)
    script = (
        "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text(' '.join(sys.argv)); sys.exit('hunter2')"
    )
    with pytest.raises(BackupError) as caught:
        run_program([sys.executable, "-c", script, str(tmp_path / "arguments")], settings)
    assert "hunter2" not in str(caught.value)
    arguments = (tmp_path / "arguments").read_text()
    assert "dbname=d" in arguments
    assert "hunter2" not in arguments


def test_other_peoples_errors_pass() -> None:
    with pytest.raises(KeyError), translate_errors(DatabaseTarget("h", "", "d", "u")):
        raise KeyError


def test_a_server_that_goes_between_a_statement_and_its_commit_is_unavailable(
    own_postgres: EmbeddedPostgres,
) -> None:
    def lose_server() -> None:
        with use_session(settings_for(own_postgres.dsn), application="test", autocommit=False) as session:
            session.execute("SELECT 1")
            own_postgres.kill()

    with pytest.raises(DatabaseUnavailableError):
        lose_server()
