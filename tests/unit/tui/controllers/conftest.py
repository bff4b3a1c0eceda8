"""What controllers are given, without an app."""

import pytest

from tests.support.tui.fake_host import ControllerBench


@pytest.fixture
def bench() -> ControllerBench:
    return ControllerBench()
