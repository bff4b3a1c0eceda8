"""The embedded server on real programs: whoever runs it, wherever it lies, however its owner ends."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from signal import SIGINT, SIGKILL

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from dosing_tui.demo.servers import postgres_binaries as programs
from dosing_tui.demo.servers.embedded_postgres import DEFAULT_SETTINGS, EmbeddedPostgres
from dosing_tui.demo.servers.postgres_binaries import find_binaries
from dosing_tui.errors import DemoError
from tests.support.database_servers import copy_cluster, reachable_temp
from tests.support.demo.server_owners import owner_of
from tests.support.os_processes import is_alive
from tests.support.polling import wait_until

OWNER = """
import pathlib, sys, time
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
server = EmbeddedPostgres(pathlib.Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    with reachable_temp() as folder:
        yield folder


@pytest.fixture
def used_folder(cluster: Path) -> Iterator[Path]:
    """With a server's data: to make them takes longer than all the rest of a test."""
    with copy_cluster(cluster) as folder:
        yield folder


def query_value(server: EmbeddedPostgres, question: str) -> object:
    with psycopg.connect(server.dsn) as connection:
        row = connection.execute(question.encode()).fetchone()
    return row[0] if row else None


def test_data_outlives_the_server(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server, psycopg.connect(server.dsn) as connection:
        connection.execute("CREATE TABLE t AS SELECT 7 AS n")
    with EmbeddedPostgres(folder) as server:
        assert query_value(server, "SELECT n FROM t") == 7


def test_folders_may_have_spaces_quotes_and_commas(folder: Path) -> None:
    with EmbeddedPostgres(folder / "a b" / 'it\'s, "here"') as server:
        assert query_value(server, "SELECT current_database()") == "factory_metrics"


@pytest.mark.parametrize("name", ['it\'s \\ "here"', "here, or there"])
def test_sockets_may_lie_in_a_folder_with_an_odd_name(
    used_folder: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    (used_folder / name).mkdir(mode=0o755)
    monkeypatch.setattr("tempfile.tempdir", str(used_folder / name))
    with EmbeddedPostgres(used_folder) as server:
        assert query_value(server, "SELECT 1") == 1


def test_a_long_path_still_gets_a_short_socket(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = folder.joinpath(*["a-rather-long-name"] * 8)
    deep.mkdir(parents=True)
    monkeypatch.setattr("tempfile.tempdir", str(deep))
    with EmbeddedPostgres(deep) as server:
        assert query_value(server, "SELECT 1") == 1


def test_it_listens_on_no_network_unless_given_a_port(used_folder: Path) -> None:
    with EmbeddedPostgres(used_folder) as server:
        assert query_value(server, "SHOW listen_addresses") == ""


def test_nobody_else_reaches_its_socket(used_folder: Path) -> None:
    with EmbeddedPostgres(used_folder) as server:
        sockets = Path(str(conninfo_to_dict(server.dsn)["host"]))
        assert sockets.stat().st_mode & 0o777 == 0o700
    assert not sockets.exists()


def test_settings_of_the_caller_win(used_folder: Path) -> None:
    with EmbeddedPostgres(used_folder, settings={"max_connections": "7"}) as server:
        assert query_value(server, "SHOW max_connections") == "7" != DEFAULT_SETTINGS["max_connections"]


def test_a_refused_setting_is_told_in_the_servers_words(used_folder: Path) -> None:
    with pytest.raises(DemoError, match="no_such_setting"):
        EmbeddedPostgres(used_folder, settings={"no_such_setting": "1"}).start()


def test_a_folder_serves_one_process_at_a_time(used_folder: Path) -> None:
    with EmbeddedPostgres(used_folder), pytest.raises(DemoError, match="in use by another process"):
        EmbeddedPostgres(used_folder).start()


def test_a_folder_is_free_again_after_a_failed_start(used_folder: Path) -> None:
    with pytest.raises(DemoError):
        EmbeddedPostgres(used_folder, settings={"max_connections": "many"}).start()
    with EmbeddedPostgres(used_folder) as server:
        assert server.pid


@pytest.mark.parametrize("ending", [SIGKILL, SIGINT])
def test_the_server_ends_with_its_owner(used_folder: Path, ending: int) -> None:
    with owner_of(OWNER, used_folder) as (owner, said):
        server = int(said)
        assert is_alive(server)
        owner.send_signal(ending)
        owner.wait()
        wait_until(lambda: not is_alive(server), why="the server outlives its owner")


def test_a_server_left_over_is_ended_and_its_data_kept(used_folder: Path) -> None:
    with EmbeddedPostgres(used_folder) as server:
        with psycopg.connect(server.dsn) as connection:
            connection.execute("CREATE TABLE t AS SELECT 7 AS n")
        data = Path(str(query_value(server, "SHOW data_directory")))
    left_over = untied_server(data)
    try:
        wait_until(lambda: (data / "postmaster.pid").exists())
        with EmbeddedPostgres(used_folder) as server:
            assert left_over.wait(60) is not None
            assert query_value(server, "SELECT n FROM t") == 7
    finally:
        left_over.kill()
        left_over.wait()


def untied_server(data: Path) -> subprocess.Popen[bytes]:
    """One that no kernel ends with its owner, as on systems that cannot."""
    owner = data.stat().st_uid if os.geteuid() == 0 else None
    postgres = find_binaries(int((data / "PG_VERSION").read_text())).bin / "postgres"
    return subprocess.Popen(
        [postgres, "-D", data, "-c", "listen_addresses=", "-k", data],
        cwd="/", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=owner,
    )  # fmt: skip


@pytest.mark.parametrize("pid", [None, 1, 4_000_000, 0], ids=["ours", "1", "4000000", "0"])
def test_a_note_of_a_dead_run_whose_number_is_somebody_elses_now_is_forgotten(
    used_folder: Path, pid: int | None
) -> None:
    with EmbeddedPostgres(used_folder) as server:
        data = Path(str(query_value(server, "SHOW data_directory")))
    note = data / "postmaster.pid"
    note.write_text(f"{os.getpid() if pid is None else pid}\n{data}\n1700000000\n5432\n\n\n")
    with EmbeddedPostgres(used_folder) as server:
        assert query_value(server, "SELECT 1") == 1


def test_a_half_made_cluster_is_made_again(folder: Path) -> None:
    half = folder / f"making-pg{find_binaries().major}"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(folder) as server:
        assert query_value(server, "SELECT 1") == 1
    assert not half.exists()


def test_data_of_another_version_is_refused_in_one_sentence(folder: Path) -> None:
    (folder / "pg99").mkdir()
    (folder / "pg99" / "PG_VERSION").write_text("99\n")
    with pytest.raises(DemoError, match="belongs to PostgreSQL 99"):
        EmbeddedPostgres(folder).start()


def test_without_any_postgresql_it_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(programs, "WHEEL", "no_such_module")
    monkeypatch.setattr(programs, "SYSTEM", ())
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DemoError, match=r"dosing-tui\[demo\]"):
        EmbeddedPostgres(folder).start()


def test_without_the_extra_the_systems_own_is_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(programs, "WHEEL", "no_such_module")
    try:
        system = find_binaries()
    except DemoError:
        pytest.skip("no PostgreSQL of the system's")
    with EmbeddedPostgres(folder) as server:
        assert str(query_value(server, "SHOW server_version")).startswith(str(system.major))


def test_the_module_that_carries_the_programs_is_never_imported() -> None:
    code = (
        "import sys; "
        "from dosing_tui.demo.servers.postgres_binaries import find_binaries; "
        "find_binaries(); print(*sys.modules)"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert programs.WHEEL not in loaded
