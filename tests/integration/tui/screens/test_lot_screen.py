"""The lots page: what tanks hold, from a lot to its batches, from a batch to its lots."""

from msgspec.structs import replace

from dosing_tui.config.settings import DatabaseSettings
from tests.support.database.ledger_entries import enter_material
from tests.support.database.schema_inspection import execute_statements
from tests.support.database.traced_batches import at_hour, store_traced_batches
from tests.support.tui.console_driver import LARGE, SMALL, make_settings, open_console

MIXED = "dosing_system_01-20261123-004"


async def test_lots_lead_to_their_batches_and_batches_to_their_lots(migrated: str) -> None:
    store_traced_batches(migrated)
    enter_material(
        migrated, at_hour(1), "delivery", 25_000.0, "D-9", device_id="store", expires_on="2198-01-01"
    )
    execute_statements(migrated, "UPDATE batch_lots SET share = 0.009 WHERE share = 0.25")
    settings = replace(make_settings(), database=DatabaseSettings(dsn=migrated))
    async with open_console(size=LARGE, chosen=settings) as driven:
        await driven.press_keys("T")
        shown = await driven.wait_for_text("Lots in tanks and in store")
        first, second = (line.split() for line in shown.splitlines() if "B-2" in line or "D-9" in line)
        assert first[:2] == ["T-12", "B-2"]
        assert "100.0" in first
        assert second[:3] == ["T-12", "D-9", "store"]
        assert second[-2:] == ["open", "next"]

        await driven.press_keys("enter")
        shown = await driven.wait_for_text("Lot B-2 of T-12: 3 batches, 110.0 g")
        batches = [line.split()[0] for line in shown.splitlines() if "complete" in line]
        assert batches == [f"dosing_system_01-20261123-{number:03}" for number in (6, 5, 4)]

        await driven.press_keys("end", "enter")
        shown = await driven.wait_for_text(f"Lots of batch {MIXED}")
        assert "A-17" not in shown
        assert "1 share below 1 %" in shown
        shown = await driven.press_keys("w")
        assert "A-17" in shown
        assert "▲ 2026-11-22" in shown
        assert "CoA 4711" in shown
        assert "Lot B-2" in await driven.press_keys("escape")
        assert "in store" in await driven.press_keys("escape")
        assert "Overview" in await driven.press_keys("escape")


async def test_a_plant_without_lots_says_where_they_come_from(migrated: str) -> None:
    settings = replace(make_settings(), database=DatabaseSettings(dsn=migrated))
    async with open_console(size=SMALL, chosen=settings) as driven:
        await driven.press_keys("T")
        assert "drum change with a lot" in await driven.wait_for_text("No lots:")
        await driven.press_keys("T")
        assert "No lots:" not in await driven.press_keys("2")
