"""Root's demo runs its servers as somebody else and opens no folder for that; a user's demo needs no root."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from dosing_tui.demo.servers import embedded_postgres, mqtt_broker
from dosing_tui.demo.servers import postgres_binaries as programs
from dosing_tui.demo.servers.child_processes import ServiceAccount, can_reach, find_first_account
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.folders import make_private_folder, make_reachable_folder
from dosing_tui.demo.servers.mqtt_broker import find_mosquitto, start_broker
from dosing_tui.demo.servers.postgres_binaries import PostgresBinaries, ensure_reachable, find_binaries
from dosing_tui.errors import DemoError
from tests.support.database_servers import reachable_temp
from tests.support.demo.server_owners import owner_of, python_for

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes its account")

AS_USER = """
import pathlib, sys
from dosing_tui.demo.servers.mqtt_broker import start_broker
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
folder = pathlib.Path(sys.argv[1])
with EmbeddedPostgres(folder) as server:
    broker = start_broker(folder)
    print(server.pid, broker.pid, flush=True)
    sys.stdin.read()
    broker.stop()
"""


@pytest.fixture
def nobody() -> ServiceAccount:
    account = find_first_account(("nobody",))
    assert account
    return account


@pytest.fixture
def private(tmp_path: Path) -> Path:
    tmp_path.chmod(0o700)
    return tmp_path / "x"


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    with reachable_temp() as folder:
        for room in (programs, mqtt_broker, embedded_postgres):
            monkeypatch.setattr(room, "COPIES", folder / "copies")
        yield folder / "copies"


@pytest.fixture
def folder_under_umask(private: Path) -> Iterator[Path]:
    before = os.umask(0o077)
    yield private / "y"
    os.umask(before)


def owner_id(pid: int) -> int:
    return Path(f"/proc/{pid}").stat().st_uid


@only_root
def test_postgresql_does_not_run_as_root() -> None:
    with reachable_temp() as folder, EmbeddedPostgres(folder) as server:
        assert owner_id(server.pid) != 0


@only_root
@pytest.mark.skipif(find_mosquitto() is None, reason="Mosquitto is not installed")
def test_mosquitto_does_not_run_as_root() -> None:
    with reachable_temp() as folder:
        broker = start_broker(folder)
        try:
            assert owner_id(broker.pid) != 0
        finally:
            broker.stop()


@only_root
def test_a_private_folder_of_roots_stays_private_and_its_servers_data_lives_beside(
    private: Path, copies: Path
) -> None:
    with EmbeddedPostgres(private) as server, psycopg.connect(server.dsn) as connection:
        place = connection.execute("SHOW data_directory").fetchone()
        broker = start_broker(private)
        broker.stop()
    assert place
    assert Path(place[0]).is_relative_to(copies)
    assert private.parent.stat().st_mode & 0o777 == 0o700


@only_root
def test_a_private_folder_finds_its_data_again(private: Path, copies: Path) -> None:
    with EmbeddedPostgres(private) as server, psycopg.connect(server.dsn) as connection:
        connection.execute("CREATE TABLE t AS SELECT 7 AS n")
    with EmbeddedPostgres(private) as server, psycopg.connect(server.dsn) as connection:
        assert connection.execute("SELECT n FROM t").fetchone() == (7,)


@only_root
def test_a_strict_umask_keeps_nobody_out(folder_under_umask: Path, copies: Path) -> None:
    with EmbeddedPostgres(folder_under_umask) as server:
        assert server.pid


@only_root
def test_data_of_a_deleted_folder_is_removed_at_the_next_start(
    private: Path, copies: Path, nobody: ServiceAccount
) -> None:
    gone, kept = private / "gone", private / "kept"
    for folder in (gone, kept):
        folder.mkdir(parents=True)
    stand_in = make_reachable_folder(gone, nobody, copies)
    gone.rmdir()
    make_reachable_folder(kept, nobody, copies)
    assert not stand_in.exists()
    assert make_reachable_folder(kept, nobody, copies).exists()


@only_root
def test_programs_in_a_private_folder_are_copied_and_find_their_libraries(
    private: Path, copies: Path, nobody: ServiceAccount
) -> None:
    found = find_binaries()
    if found.package is None:
        pytest.skip("the system's programs are never in a private folder")
    package = private / found.package.name
    package.mkdir(parents=True)
    (package / "install").symlink_to(found.bin.parent)
    libraries = f"{found.package.name}.libs"
    (private / libraries).symlink_to(found.package.with_name(libraries))
    copied = ensure_reachable(PostgresBinaries(package / "install/bin", found.major, package), nobody)
    assert copied.bin.is_relative_to(copies)
    assert can_reach(copied.bin / "postgres", nobody)
    said = subprocess.run([copied.bin / "initdb", "--version"], capture_output=True, user=nobody.uid, cwd="/")
    assert said.returncode == 0


@only_root
def test_an_ordinary_user_needs_nothing_of_roots(nobody: ServiceAccount) -> None:
    if python_for(nobody) is None:
        pytest.skip("no Python of this version that an ordinary user may run")
    with reachable_temp() as folder:
        os.chown(folder, nobody.uid, nobody.gid)
        with owner_of(AS_USER, folder / "a b", account=nobody) as (_, said):
            assert [owner_id(int(pid)) for pid in said.split()] == [nobody.uid] * 2


def test_a_folder_somebody_else_made_first_is_refused(tmp_path: Path) -> None:
    (tmp_path / "sockets").mkdir(mode=0o755)
    with pytest.raises(DemoError, match="not a private folder"):
        make_private_folder(tmp_path / "sockets", None)


def test_a_link_in_place_of_a_private_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir(mode=0o700)
    (tmp_path / "sockets").symlink_to(tmp_path / "real")
    with pytest.raises(DemoError, match="not a private folder"):
        make_private_folder(tmp_path / "sockets", None)
