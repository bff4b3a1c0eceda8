"""A backup restored into a fresh database equals what was saved, and one changed row is found."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import LiteralString

import pytest
from msgspec.structs import replace
from psycopg.sql import Identifier

from dosing_tui.config.settings import Settings
from dosing_tui.database.backup import client_programs, dump, manifest, restore
from dosing_tui.database.backup.client_programs import find_program
from dosing_tui.database.backup.database_properties import (
    PROPERTIES_FILE,
    apply_properties,
    render_properties,
)
from dosing_tui.database.backup.manifest import BackupManifest
from dosing_tui.database.backup.table_proof import DatabaseProof, TableProof
from dosing_tui.database.connection import StatementTimeouts, use_session
from dosing_tui.database.schema.maintenance import run_maintenance
from dosing_tui.database.server_flavour import ServerFlavour
from dosing_tui.errors import BackupError
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value, flavour_of
from tests.support.database_servers import Server, new_name, skip_absent

pytestmark = pytest.mark.new_database

DOSES: LiteralString = """
    INSERT INTO dosing_consumption (time, device_id, pump, chemical, actual_g)
    SELECT now() - i * INTERVAL '1 hour', 'd', 1, 'BDO', i / 3.0 FROM generate_series(1, 500) AS i
"""
NOTE: LiteralString = "INSERT INTO operator_notes (at, text, author) VALUES (now(), 'x', 'a')"


AGGREGATE: LiteralString = """
    SELECT format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name)
      FROM timescaledb_information.continuous_aggregates
"""
PROPERTIES: LiteralString = """
    DO $$ DECLARE here text := current_database(); BEGIN
        EXECUTE format('ALTER DATABASE %I SET search_path = public, compat', here);
        EXECUTE format('ALTER DATABASE %I SET jit = off', here);
        EXECUTE format('ALTER ROLE %I IN DATABASE %I SET work_mem = ''5MB'';', current_user, here);
        EXECUTE format('REVOKE ALL ON DATABASE %I FROM PUBLIC', here);
        EXECUTE format('GRANT CONNECT ON DATABASE %I TO pg_monitor', here);
    END $$
"""
ODD_SETTINGS: LiteralString = r"""
    CREATE ROLE dosing_test_guest;
    CREATE ROLE dosing_test_host;
    DO $$ DECLARE here text := quote_ident(current_database()); BEGIN
        EXECUTE 'ALTER ROLE dosing_test_guest IN DATABASE ' || here || ' SET role = dosing_test_host';
        EXECUTE 'ALTER ROLE dosing_test_guest IN DATABASE ' || here ||
            ' SET search_path = ''$user'', "O""k, x", b';
        EXECUTE 'ALTER DATABASE ' || here || ' SET role = dosing_test_guest';
        EXECUTE 'ALTER DATABASE ' || here || ' SET search_path = ''''';
        EXECUTE 'ALTER DATABASE ' || here || ' SET session_preload_libraries = ''plpgsql''';
        EXECUTE 'ALTER DATABASE ' || here || ' SET dosing.note = ''it''''s \\ 5, 6''';
        EXECUTE 'ALTER DATABASE ' || here || ' SET statement_timeout = ''1h''';
    END $$
"""
CLEAN: LiteralString = "ALTER DATABASE {0} RESET ALL; ALTER ROLE dosing_test_guest IN DATABASE {0} RESET ALL"
OWN_SETTINGS: LiteralString = """
    SELECT setconfig
      FROM pg_db_role_setting
     WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())
     ORDER BY setrole
"""
SCHEDULED: LiteralString = (
    "SELECT job_id FROM timescaledb_information.jobs WHERE job_id >= 1000 AND scheduled"
)
OFF: LiteralString = "SELECT alter_job(min(job_id), scheduled => false) FROM timescaledb_information.jobs"


def check_jobs(settings: Settings, made: BackupManifest, restored: str, name: str) -> None:
    """One of them was off before: it stays off. In a database in use none is switched on."""
    if not made.proof.timescaledb:
        return
    assert fetch_rows(restored, SCHEDULED) == []
    restore.start_jobs(settings, made, database=name)
    running = fetch_rows(restored, SCHEDULED)
    assert sorted(running) == sorted((job,) for job in made.scheduled_jobs or ())
    if len(running) > 1:
        execute_statements(restored, OFF + f" WHERE job_id = {running[0][0]}")
        restore.start_jobs(settings, made, database=name)
        assert sorted(fetch_rows(restored, SCHEDULED)) == sorted(running[1:])


def check_failed_restore(
    server: Server, settings: Settings, folder: Path, made: BackupManifest, name: str
) -> None:
    """A role is named before anything is made; what a restore that fails has made is gone."""
    assert made.roles
    lacking = replace(made, roles=(*made.roles, "nobody_here"))
    (broken := folder.with_name("broken")).mkdir()
    (broken / manifest.DUMP_FILE).write_bytes((folder / manifest.DUMP_FILE).read_bytes()[:5000])
    for wanted, place, reason in (
        (lacking, folder, "The server has no role nobody_here, which the backup needs"),
        (made, broken, "pg_restore failed"),
    ):
        with pytest.raises(BackupError, match=reason):
            restore.restore_database(settings, place, wanted, database=name, report=print)
        assert fetch_rows(server.dsn, f"SELECT FROM pg_database WHERE datname = '{name}'") == []


def test_rights_on_functions_of_the_server_are_left_out(migrated: str, tmp_path: Path) -> None:
    """PostgreSQL 17 has another form of one of them: a backup of 15 could not be restored there."""
    folder, _ = dump.back_up_database(
        settings_for(migrated), tmp_path, now=datetime.now(UTC), texts={}, spool_file=None
    )
    program = find_program(
        "pg_restore", postgresql=int(fetch_value(migrated, "SHOW server_version_num")) // 10_000
    )
    everything = client_programs.read_output([program, "--list", str(folder / manifest.DUMP_FILE)])
    kept = restore._list_entries(program, folder / manifest.DUMP_FILE)
    assert "ACL pg_catalog FUNCTION lo_creat(integer)" in everything
    assert "ACL pg_catalog" not in kept
    assert "TABLE public dosing_consumption" in kept


def check_properties(settings: Settings, folder: Path, restored: str, name: str) -> None:
    """What a dump leaves out of the database itself is as it was, and can be set again."""
    found = fetch_rows(restored, OWN_SETTINGS)
    assert ({"search_path=public, compat", "jit=off"}, "work_mem=5MB") == (
        set(found[0][0]),
        found[1][0][0],
    )
    with use_session(restore.point_to(settings, name), application="test") as session:
        text = (folder / PROPERTIES_FILE).read_text()
        assert render_properties(session) == text
        assert 'GRANT CONNECT ON DATABASE :"DBNAME" TO pg_monitor' in text
        assert "TO PUBLIC" not in text
        assert apply_properties(session, text, name) == ""
        assert "nobody_here" in apply_properties(session, text.replace("pg_monitor", "nobody_here"), name)
        assert render_properties(session) == text


def test_a_restored_backup_equals_what_was_saved(
    server: Server, flavour: Server, migrated: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    settings = settings_for(migrated)
    try:
        find_program("pg_dump", postgresql=int(fetch_value(migrated, "SHOW server_version_num")) // 10_000)
    except BackupError:
        skip_absent(request, "no pg_dump is new enough for this server")
    execute_statements(migrated, DOSES, NOTE, PROPERTIES)
    is_community = flavour_of(migrated) is ServerFlavour.COMMUNITY
    if is_community:
        execute_statements(migrated, OFF + " WHERE job_id >= 1000")
        run_maintenance(settings, now=datetime.now(UTC))
    folder, made = dump.back_up_database(
        settings, tmp_path, now=datetime.now(UTC), texts={"settings.txt": "x = 1\n"}, spool_file=None
    )
    assert {table.name: table.rows for table in made.proof.tables}["dosing_consumption"] == 500
    execute_statements(migrated, DOSES.replace("'d'", "'later'"))
    name = new_name("restored")
    try:
        read = manifest.read_manifest(folder)
        assert read == made
        check_failed_restore(server, settings, folder, read, name)
        restore.restore_database(settings, folder, read, database=name, report=print)
        assert restore.verify_database(settings, read, database=name) == []
        restored = server.dsn_of(name)
        may_write = "SELECT has_function_privilege('public', 'lo_creat(integer)', 'EXECUTE')"
        assert fetch_value(restored, may_write) == fetch_value(migrated, may_write)
        check_jobs(settings, read, restored, name)
        check_properties(settings, folder, restored, name)
        # its triggers work, and one changed value is found
        execute_statements(
            restored,
            DOSES.replace("'d'", "'new'"),
            "DELETE FROM dosing_consumption WHERE device_id = 'new'",
            "UPDATE dosing_consumption SET actual_g = actual_g + 1e-9 WHERE actual_g = 1",
        )
        faults = restore.verify_database(settings, read, database=name)
        assert "dosing_consumption has as many rows as before (500), but they differ." in faults
        if is_community:
            kept = [table for table in read.proof.tables if table.name != "dosing_consumption_hourly"]
            old = replace(read, scheduled_jobs=None, proof=replace(read.proof, tables=tuple(kept)))
            assert restore.verify_database(settings, old, database=name) == faults
            execute_statements(restored, f"DELETE FROM {fetch_value(restored, AGGREGATE)}")
            faults = restore.verify_database(settings, read, database=name)
            assert [
                line for line in faults if line.startswith("dosing_consumption_hourly has 0 rows instead of")
            ]
        with pytest.raises(BackupError, match="is not empty"):
            restore.restore_database(settings, folder, read, database=name, report=print)
    finally:
        server.drop_database(name)


def test_settings_of_the_database_come_back_as_they_were_whatever_they_set(
    database: str, tmp_path: Path
) -> None:
    """Also those that would change the role or the reading of the session that restores them."""
    execute_statements(database, ODD_SETTINGS)
    settings, printed = settings_for(database), list[str]()
    files = {PROPERTIES_FILE: ""}
    listed = BackupManifest("", "plant1", datetime.now(UTC), DatabaseProof(15, "", 0, ""), files)
    try:
        with use_session(settings, application="test") as session:
            session.execute("SET ROLE NONE; SET search_path = public, pg_catalog")
            name, before = session.info.dbname, session.execute(OWN_SETTINGS).fetchall()
            text = render_properties(session)
            (tmp_path / PROPERTIES_FILE).write_text(text)
            clean = CLEAN.format(Identifier(name).as_string(session)).encode()
            session.execute(clean)
            restore.restore_properties(session, tmp_path, replace(listed, files={}), name, printed.append)
            assert session.execute(OWN_SETTINGS).fetchall() == []  # a file that the manifest does not list
            restore.restore_properties(session, tmp_path, listed, name, printed.append)
            assert printed == []
            found = session.execute(OWN_SETTINGS).fetchall()
            assert [set(one) for (one,) in found] == [set(one) for (one,) in before]
            assert render_properties(session) == text
            session.execute(clean)
    finally:
        execute_statements(database, "SET ROLE NONE; DROP ROLE dosing_test_guest, dosing_test_host")


def test_a_long_dump_keeps_its_snapshot(
    migrated: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dump_slowly(command: list[str], _: Settings) -> None:
        state = "SELECT count(*)::int FROM pg_stat_activity WHERE application_name = 'dosing-tui/backup'"
        execute_statements(migrated, "SELECT pg_sleep(0.5)")
        assert fetch_value(migrated, state + " AND state = 'idle in transaction'") == 1
        Path(command[-1].partition("=")[2]).write_text("dump")

    monkeypatch.setattr(dump, "NO_TIMEOUTS", StatementTimeouts(statement_s=0, lock_s=0, idle_s=0.2))
    monkeypatch.setattr(client_programs, "find_program", lambda name, **_: name)
    monkeypatch.setattr(client_programs, "run_program", dump_slowly)
    folder, _ = dump.back_up_database(
        settings_for(migrated), tmp_path, now=datetime.now(UTC), texts={}, spool_file=None
    )
    assert (folder / manifest.DUMP_FILE).read_text() == "dump"


def test_a_changed_or_missing_file_is_no_backup(tmp_path: Path) -> None:
    (tmp_path / "settings.txt").write_text("x")
    files = {"settings.txt": manifest.hash_file(tmp_path / "settings.txt")}
    proof = DatabaseProof(15, "", 1, "ab", (TableProof("dosing_consumption", 1, "2/3"),))
    made = BackupManifest("0.1.0", "plant1", datetime.now(UTC), proof, files)
    manifest.write_manifest(tmp_path, made)
    assert manifest.read_manifest(tmp_path) == made
    path = tmp_path / "manifest.json"
    document = json.loads(path.read_text())
    assert document.pop("format") == 2
    path.write_text(json.dumps(document | {"format": 3}))
    with pytest.raises(BackupError, match="has format 3: use the dosing-tui that made it"):
        manifest.read_manifest(tmp_path)
    path.write_text(json.dumps(document | {"format": 1}))  # it may have jobs
    assert manifest.read_manifest(tmp_path) == made
    del document["scheduled_jobs"], document["roles"]
    path.write_text(json.dumps(document | {"format": 1}))
    assert manifest.read_manifest(tmp_path) == replace(made, scheduled_jobs=None)
    path.write_text(json.dumps(document | {"format": 2}))
    with pytest.raises(BackupError, match="is not the manifest of a backup"):
        manifest.read_manifest(tmp_path)
    manifest.write_manifest(tmp_path, made)
    (tmp_path / "settings.txt").write_text("y")
    with pytest.raises(BackupError, match=r"settings\.txt was changed after the backup"):
        manifest.read_manifest(tmp_path)
    (tmp_path / "settings.txt").unlink()
    with pytest.raises(BackupError, match=r"settings\.txt is missing"):
        manifest.read_manifest(tmp_path)
    (tmp_path / "manifest.json").unlink()
    with pytest.raises(BackupError, match="holds no backup"):
        manifest.read_manifest(tmp_path)
