"""The doctor's page: opened by its key or the palette, faults first, each with its remedy."""

from queue import SimpleQueue
from threading import Event

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import DatabaseSettings, MqttSettings, PlantSettings, Settings
from dosing_tui.doctor.checks.check_result import Diagnosis
from dosing_tui.tui import lazy_screens
from dosing_tui.tui.rendering.palette import TEXT
from dosing_tui.tui.screens.report_page import PageSpan, render_lines
from tests.support.polling import PATIENCE_S
from tests.support.tui.console_driver import SMALL, make_settings, open_console
from tests.support.tui.sample_plant import NOW


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
        assert shown[0].startswith(before.partition("Overview")[0])
        assert "› Doctor " in shown[0]
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


async def test_one_diagnosis_runs_at_a_time_and_no_panel_waits_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    started, release = SimpleQueue[None](), Event()

    def diagnose(settings: Settings) -> Diagnosis:
        started.put(None)
        release.wait(PATIENCE_S)
        return Diagnosis(NOW, "", "1", ())

    monkeypatch.setattr(lazy_screens, "run_checks", diagnose)
    try:
        plant = PlantSettings(timezone="Europe/Berlin", devices=("dosing_system_01",))
        async with open_console(chosen=replace(make_settings(), plant=plant)) as driven:
            await driven.press_keys("D", "r", "r", "r", "r")
            await driven.press_on_next_screen("escape", "D", "r")
            started.get(timeout=PATIENCE_S)
            await driven.press_on_next_screen("escape", "4")
            await driven.wait_for_answers()
            assert "error_rate" in driven.source.asked
            await driven.press_keys("D")
            release.set()
            await driven.wait_for_text("Doctor, 15:26:44.")
            started.get(timeout=PATIENCE_S)
            assert started.empty()
    finally:
        release.set()


def test_the_number_of_hidden_lines_covers_none_in_sight() -> None:
    lines = [(PageSpan(0, f"ok subject {number}", TEXT, 79),) for number in range(10)]
    drawn = ["".join(cell for cell, _ in row).strip() for row in render_lines(lines, 0, 0, 80, 5)]
    assert [line.split()[:3] for line in drawn[:4]] == [["ok", "subject", str(n)] for n in range(4)]
    assert drawn[4] == "6 more lines"
    last = ["".join(cell for cell, _ in row).strip() for row in render_lines(lines, 5, 0, 80, 5)]
    assert last[4].startswith("ok")
