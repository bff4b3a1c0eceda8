"""Which modules are searched for doctests: ``--doctest-modules`` means every one, in each worker anew."""

from collections.abc import Generator
from pathlib import Path

import pytest
from _pytest.doctest import DoctestModule

PROMPT = b">>> "


class DoctestFilter:
    """A plugin, as hooks of tests/conftest.py are not called for files outside its folder.

    To import and search the nineteen of twenty modules without a doctest was half of the collection's time.
    """

    @pytest.hookimpl(wrapper=True)
    def pytest_collect_file(
        self, file_path: Path
    ) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
        collectors = yield
        if file_path.suffix != ".py" or PROMPT in file_path.read_bytes():
            return collectors
        return [each for each in collectors if not isinstance(each, DoctestModule)]
