"""The doctor's page: opened by its key or the palette, faults first, each with its remedy."""

from dataclasses import replace

from dosing_tui.config.settings import DatabaseSettings, MqttSettings, Settings
from tests.support.tui.console_driver import SMALL, make_settings, open_console


def make_unreachable_plant() -> Settings:
    return replace(
        make_settings(),
        mqtt=MqttSettings(host="127.0.0.1", port=1),
        database=DatabaseSettings(dsn="host=127.0.0.1 port=1 dbname=factory_metrics"),
    )


async def test_faults_come_first_with_their_remedy_and_every_line_can_be_reached() -> None:
    async with open_console(size=SMALL, chosen=make_unreachable_plant()) as driven:
        before = driven.screen.splitlines()[0]
        await driven.press_keys("D")
        shown = (await driven.wait_for_text("2 errors")).splitlines()
        assert shown[0] == before
        faults = [line for line in shown if "■ ERROR" in line]
        assert [line.split("ERROR")[1].split()[0] for line in faults] == ["broker:", "database:"]
        assert "→ Start the broker" in driven.screen
        assert "esc Back" in shown[-1]
        assert "notifications: channels" in await driven.press_keys("end")
        assert "Inventory" in await driven.press_keys("escape")


async def test_the_palette_finds_it() -> None:
    async with open_console(chosen=make_unreachable_plant()) as driven:
        await driven.press_keys("colon", *"spool", "enter")
        await driven.wait_for_text("2 errors")
