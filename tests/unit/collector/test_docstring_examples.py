import doctest
from types import ModuleType

import pytest

from dosing_tui.collector import service_main
from dosing_tui.collector.context import intervals
from dosing_tui.collector.pipeline import broker_drop_count


@pytest.mark.parametrize(
    "module", [broker_drop_count, service_main, intervals], ids=lambda module: module.__name__
)
def test_the_examples_in_the_text_are_true(module: ModuleType) -> None:
    failed, tried = doctest.testmod(module)
    assert (failed, tried > 0) == (0, True)
