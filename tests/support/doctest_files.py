"""Only files that have examples are searched for them: each worker would look through a thousand others."""

from collections.abc import Generator
from pathlib import Path

import pytest
from _pytest.doctest import DoctestModule

PROMPT = b">>>"


@pytest.hookimpl(wrapper=True)
def pytest_collect_file(
    file_path: Path,
) -> Generator[None, list[pytest.Collector], list[pytest.Collector]]:
    found = yield
    if not any(isinstance(one, DoctestModule) for one in found) or PROMPT in file_path.read_bytes():
        return found
    return [one for one in found if not isinstance(one, DoctestModule)]
