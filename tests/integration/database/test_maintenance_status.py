"""``maintain status`` says what is stored and goes next; a failed job of the database is an alarm."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import LiteralString

import pytest
from click.testing import CliRunner

from dosing_tui.cli.main import main
from dosing_tui.database.maintenance.maintenance_status import read_status
from dosing_tui.database.schema.maintenance import run_maintenance
from dosing_tui.database.server_flavour import ServerFlavour
from dosing_tui.errors import DatabaseAccessError
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_value, flavour_of
from tests.support.database_servers import Server
from tests.support.polling import wait_until

DOSES: LiteralString = """
    INSERT INTO dosing_consumption (time, device_id, pump, chemical, actual_g)
    SELECT now() - i * INTERVAL '1 day', 'd', 1, 'BDO', 2.5 FROM generate_series(0, 59) AS i
"""


def test_status_says_what_is_dropped_next_and_when(flavour: Server, migrated: str, tmp_path: Path) -> None:
    settings = settings_for(migrated)
    execute_statements(migrated, DOSES)
    run_maintenance(settings, now=datetime.now(UTC))
    doses = {table.size.table_name: table for table in read_status(settings).tables}["dosing_consumption"]
    assert doses.keep_days == 90
    assert doses.oldest is not None
    assert doses.next_drop is not None
    assert doses.oldest + timedelta(days=90) < doses.next_drop <= doses.oldest + timedelta(days=97)
    assert 1 <= doses.next_rows <= 7
    file = tmp_path / "config.toml"
    file.write_text(f"[database]\ndsn = {migrated!r}\n")
    file.chmod(0o600)
    printed = CliRunner().invoke(main, ["--config", str(file), "maintain", "status"])
    assert printed.exit_code == 0
    drop = f"{doses.next_drop.astimezone(UTC):%Y-%m-%d %H:%M}, {doses.next_rows} rows"
    assert re.search(rf"dosing_consumption +.* 90 d +{drop}\n", printed.output)


def test_a_failed_job_of_the_database_is_a_fault_of_the_maintenance(flavour: Server, migrated: str) -> None:
    if flavour_of(migrated) is not ServerFlavour.COMMUNITY:
        assert read_status(settings_for(migrated)).jobs == ()
        return
    execute_statements(
        migrated,
        "CREATE PROCEDURE spoil(job_id int, config jsonb) LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION 'out of disk'; END $$",
        "SELECT add_job('spoil', '1 hour')",
    )
    wait_until(lambda: fetch_value(migrated, "SELECT count(*) FROM timescaledb_information.job_errors"))
    with pytest.raises(
        DatabaseAccessError, match=r"Background job \d+ \(User-Defined Action\) failed: out of disk"
    ):
        run_maintenance(settings_for(migrated), now=datetime.now(UTC))
