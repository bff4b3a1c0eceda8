"""docs/threading.md has a row for every thread of the package, and none for a thread that has gone."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from dosing_tui.tui.data.query_workers import LANE_THREADS

ROOT = Path(__file__).parents[3]
DOCUMENT = (ROOT / "docs/threading.md").read_text(encoding="utf-8")
STARTERS = frozenset(
    {"SupervisedThread", "create_thread", "start_one_shot", "start_timer", "ThreadPoolExecutor"}
)
LIBRARY_THREADS = frozenset({"textual-input", "textual-output"})


def list_name_patterns() -> set[str]:
    """The names that threads are started with, as patterns: ``notify-.+`` for one with a variable part."""
    return {
        pattern
        for path in (ROOT / "dosing_tui").rglob("*.py")
        if any(name in (text := path.read_text(encoding="utf-8")) for name in STARTERS)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in STARTERS
        for argument in node.args[:2]
        if (pattern := make_pattern(argument))
    }


def make_pattern(argument: ast.expr) -> str:
    """'' for an argument that is no text, or begins with a variable."""
    match argument:
        case ast.Constant(value=str(name)):
            return re.escape(name)
        case ast.JoinedStr(values=[ast.Constant(value=str(start)), *_]):
            return f"{re.escape(start)}.+"
    return ""


def list_rows() -> Iterator[str]:
    """The first cells of the tables of threads, as far as they are names."""
    for table in re.findall(r"^## Threads of .*?(?=^## |\Z)", DOCUMENT, re.MULTILINE | re.DOTALL):
        for cell in re.findall(r"^\| (.+?) \|", table, re.MULTILINE):
            yield from re.findall(r"^`([^`]+)`", cell)


def test_every_thread_that_is_started_has_a_row() -> None:
    patterns, named = list_name_patterns(), re.findall(r"`([^`\n]+)`", DOCUMENT)
    assert len(patterns) > 25
    assert [one for one in patterns if not any(re.fullmatch(one, name) for name in named)] == []


def test_every_row_is_a_thread_that_is_started() -> None:
    patterns = list_name_patterns() | {
        f"{lane}-0…{count - 1}" if count > 1 else f"{lane}-0" for lane, count in LANE_THREADS.items()
    }
    rows = [name for name in list_rows() if name not in LIBRARY_THREADS]
    assert len(rows) > 25
    assert [name for name in rows if not any(re.fullmatch(one, name) for one in patterns)] == []
