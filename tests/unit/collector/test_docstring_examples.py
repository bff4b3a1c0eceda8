import doctest
from types import ModuleType

import pytest

from dosing_tui.collector import service_main
from dosing_tui.collector.pipeline import broker_drop_count, lock_watchdog
from dosing_tui.ipc import supervised_thread


@pytest.mark.parametrize(
    "module",
    [broker_drop_count, lock_watchdog, service_main, supervised_thread],
    ids=lambda module: module.__name__,
)
def test_the_examples_in_the_text_are_true(module: ModuleType) -> None:
    failed, tried = doctest.testmod(module)
    assert (failed, tried > 0) == (0, True)
