"""What has failed is said at once and listed until somebody has seen it."""

import logging

import pytest

from dosing_tui.tui.controllers.dashboard_controller import DashboardController
from dosing_tui.tui.controllers.failure_controller import MAX_FAILURE_CELLS, FailureController
from dosing_tui.tui.controllers.scope_controller import ScopeController
from dosing_tui.tui.dialogs.failures_dialog import FailuresDialog
from dosing_tui.tui.screens.dashboard_screen import DashboardScreen
from tests.support.tui.fake_host import ControllerBench


def test_a_mistake_of_the_program_is_said_logged_and_listed_until_it_is_seen(
    bench: ControllerBench, caplog: pytest.LogCaptureFixture
) -> None:
    failures = FailureController(bench.services, bench.host)
    with caplog.at_level(logging.ERROR):
        failures.note_error("The key x", ValueError("no such row"))
    (failure,) = bench.entries.failures
    assert failure.sentence == bench.host.messages[-1]
    assert failure.sentence.startswith("The key x failed: ")
    assert caplog.records[-1].exc_info is not None
    failures.open_failures()
    assert isinstance(bench.host.screens[-1][0], FailuresDialog)
    bench.host.answer(None)
    assert bench.entries.failures == ()
    failures.open_failures()
    assert bench.host.messages[-1].startswith("Nothing has failed")


def test_a_long_reason_loses_its_middle_and_its_control_characters(bench: ControllerBench) -> None:
    FailureController(bench.services, bench.host).note_error("The key x", ValueError("\x1b[2J" + "a" * 5_000))
    (failure,) = bench.entries.failures
    assert len(failure.sentence) <= MAX_FAILURE_CELLS
    assert failure.sentence.isprintable()
    assert failure.sentence.endswith("See the log.")


def test_the_banner_keeps_the_key_that_shows_a_long_failure(bench: ControllerBench) -> None:
    screen = DashboardScreen(bench.host.terminal_theme, bench.services.hints)
    scopes = ScopeController(bench.services, bench.host, bench.host.refresh_data)
    dashboard = DashboardController(bench.services, screen, scopes, "")
    bench.entries.add_failure("note", "Not stored: " + "a" * 500)
    (notice,) = [
        one
        for one in dashboard.list_notices(bench.services.get_snapshot(), bench.clock())
        if one.key.startswith("entry")
    ]
    assert notice.text.startswith("Not stored: ")
    assert notice.text.endswith(". ! shows it")
