"""The maintenance page: the same figures as the command, opened by its key or the palette."""

import psycopg
import pytest
from msgspec.structs import replace
from psycopg.conninfo import make_conninfo

from dosing_tui.config.settings import DatabaseSettings
from dosing_tui.database.maintenance.maintenance_facts import MaintenanceStatus
from dosing_tui.database.maintenance.maintenance_status import read_status
from dosing_tui.domain.quantities.quantity_text import format_bytes
from dosing_tui.errors import DatabaseUnavailableError
from dosing_tui.tui import lazy_screens
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements
from tests.support.database_servers import Server
from tests.support.tui.console_driver import LARGE, SMALL, make_settings, open_console, wait_for
from tests.support.tui.maintenance_samples import make_status


async def test_the_page_has_the_figures_of_the_command(flavour: Server, migrated: str) -> None:
    execute_statements(
        migrated,
        "INSERT INTO dosing_consumption (time, device_id, pump, chemical, actual_g)"
        " SELECT now() - i * INTERVAL '1 day', 'd', 1, 'BDO', 2.5 FROM generate_series(0, 30) AS i",
    )
    status = read_status(settings_for(migrated))
    settings = replace(make_settings(), database=DatabaseSettings(dsn=migrated))
    async with open_console(size=LARGE, chosen=settings) as driven:
        await driven.press_keys("colon", *"jobs of the database", "enter")
        shown = await driven.wait_for_text("all other tables")
        for table in status.tables:
            line = next(each for each in shown.splitlines() if table.size.table_name in each)
            assert line.split()[1:4] == [*format_bytes(table.size.bytes).split(), str(table.size.chunk_count)]
        assert len([each for each in status.chunks if each.table_name == "dosing_consumption"]) >= 5
        assert sum(map(status.is_dropped_next, status.chunks)) == 1
        shown = await driven.press_keys("end")
        assert f"– {status.chunks[-1].until:%Y-%m-%d}" in shown


async def test_an_account_without_rights_and_a_database_that_is_down_are_named(migrated: str) -> None:
    role = "reads_nothing"
    with psycopg.connect(migrated, autocommit=True) as session:
        session.execute("DROP ROLE IF EXISTS reads_nothing")
        session.execute("CREATE ROLE reads_nothing LOGIN PASSWORD 'x'")
    settings = replace(
        make_settings(), database=DatabaseSettings(dsn=make_conninfo(migrated, user=role, password="x"))
    )
    try:
        async with open_console(size=SMALL, chosen=settings) as driven:
            await driven.press_keys("M")
            assert "■ " in await driven.wait_for_text("permission denied")
    finally:
        with psycopg.connect(migrated, autocommit=True) as session:
            session.execute("DROP ROLE reads_nothing")


async def test_faults_come_first_and_figures_stay_with_their_time_while_the_database_is_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answers: list[MaintenanceStatus | DatabaseUnavailableError] = [
        make_status(),
        DatabaseUnavailableError("No database server listens at db.plant:5432."),
        make_status(),
    ]

    def read_next(settings: object) -> MaintenanceStatus:
        answer = answers.pop(0)
        if isinstance(answer, DatabaseUnavailableError):
            raise answer
        return answer

    monkeypatch.setattr(lazy_screens, "read_status_once", read_next)
    async with open_console(size=SMALL) as driven:
        await driven.press_keys("M")
        lines = (await driven.wait_for_text("■ FAILED")).splitlines()
        assert "1 of 5 jobs failed." in lines[3]
        jobs = [line.split()[:3] for line in lines if line.split()[:1] in (["■"], ["▲"], ["ok"])]
        assert ["■", "FAILED", "1005"] in jobs
        assert "→ Remove the cause, then: CALL run_job(1005)" in driven.screen
        await driven.press_keys("r")
        shown = await driven.wait_for_text("■ No database server listens at db.plant:5432.")
        assert "Maintenance, 14:26:44." in shown
        assert "dosing_consumption" in shown
        await driven.press_keys("r")
        await wait_for(lambda: "■ No database" not in driven.screen and "Reading" not in driven.screen)
        assert "Inventory" in await driven.press_keys("M")
