"""The facts can be read on each kind of server, and a failed job is found where there are jobs."""

from datetime import UTC, datetime

import psycopg
import pytest

from dosing_tui.database.diagnosis import fact_reader
from dosing_tui.database.diagnosis.fact_reader import read_database_facts
from dosing_tui.database.server_flavour import ServerFlavour
from dosing_tui.doctor.checks.maintenance_checks import check_maintenance
from dosing_tui.errors import DatabaseUnavailableError
from tests.support.database.reading_samples import settings_for
from tests.support.database_servers import Server

pytestmark = pytest.mark.new_database


def test_every_fact_can_be_read(flavour: Server, migrated: str) -> None:
    facts = read_database_facts(settings_for(migrated))
    assert facts.unreadable == ()
    assert facts.missing_rights == ()
    assert len(facts.chunks) in (0, 3)
    assert not [result for result in check_maintenance(facts, datetime.now(UTC)) if result.is_fault]


def test_a_failed_job_is_named_with_its_error(flavour: Server, migrated: str) -> None:
    settings = settings_for(migrated)
    if read_database_facts(settings).schema_flavour is not ServerFlavour.COMMUNITY:
        pytest.skip("only TimescaleDB Community has jobs of its own")
    with psycopg.connect(migrated, autocommit=True) as session:
        session.execute(
            "CREATE PROCEDURE break_down(job_id int, config jsonb) LANGUAGE plpgsql"
            " AS $$ BEGIN RAISE EXCEPTION 'no room left'; END $$"
        )
        row = session.execute("SELECT add_job('break_down', '1 day', scheduled => false)").fetchone()
        assert row
        with pytest.raises(psycopg.Error):
            session.execute("CALL run_job(%s)", row)
    facts = read_database_facts(settings)
    (job,) = [job for job in facts.jobs if job.job_id == row[0]]
    assert not job.is_scheduled


def test_a_session_that_ends_meanwhile_is_a_sentence(
    flavour: Server, migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when the server is stopped between two questions."""

    def end_session(session: psycopg.Connection[object]) -> None:
        session.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    monkeypatch.setattr(fact_reader, "detect_server", end_session)
    with pytest.raises(DatabaseUnavailableError):
        read_database_facts(settings_for(migrated))
