"""The mark ``thorough``: what a plain ``pytest`` leaves out, and says so.

It is for exhaustive repetitions of what another test shows in the small. They run with ``--thorough``, as in
CI, and whenever a path is given, as while somebody works on them.
"""

from collections.abc import Iterable
from typing import Any

import pytest

MARK = "thorough"
LEFT_OUT = pytest.StashKey[int]()
_OUTPUT = "thorough_left_out"


def keep_plain(values: Iterable[Any], *kept: object) -> list[Any]:
    """Values of one parameter of a test: those kept run always, the others are thorough.

    >>> [getattr(one, "values", one) for one in keep_plain(["low", "high"], "high")]
    [('low',), 'high']
    """
    return [value if value in kept else pytest.param(value, marks=pytest.mark.thorough) for value in values]


def pytest_configure(config: pytest.Config) -> None:
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        config.option.thorough = True


@pytest.hookimpl(trylast=True)  # counted after -k, -m and what else leaves tests out
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.option.thorough:
        return
    left_out = [item for item in items if item.get_closest_marker(MARK)]
    items[:] = [item for item in items if not item.get_closest_marker(MARK)]
    config.stash[LEFT_OUT] = len(left_out)
    config.hook.pytest_deselected(items=left_out)
    if hasattr(config, "workerinput"):
        config.workeroutput[_OUTPUT] = len(left_out)  # type: ignore[attr-defined]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: object) -> None:
    """What a worker left out, every other worker did, too."""
    left_out = getattr(node, "workeroutput", {}).get(_OUTPUT, 0)  # nothing, where the worker crashed
    config: pytest.Config = node.config  # type: ignore[attr-defined]
    config.stash[LEFT_OUT] = max(left_out, config.stash.get(LEFT_OUT, 0))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if left_out := config.stash.get(LEFT_OUT, 0):
        terminalreporter.write_line(
            f"{left_out} thorough tests were left out; pytest --thorough runs them, too.", yellow=True
        )
