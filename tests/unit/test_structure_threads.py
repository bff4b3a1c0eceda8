"""Threads are started in one module only: everywhere else the supervised thread is used."""

import ast
from collections.abc import Iterator
from pathlib import Path

import dosing_tui

PACKAGE = Path(dosing_tui.__file__).parent
THREAD_MODULE = PACKAGE / "ipc" / "supervised_thread.py"
FORBIDDEN = frozenset({"Thread", "Timer", "start_new_thread", "_thread"})


def test_no_module_but_one_starts_a_bare_thread() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{line}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if path != THREAD_MODULE and "thread" in (text := path.read_text(encoding="utf-8"))
        for line in find_bare_threads(ast.parse(text))
    ]
    assert found == []


def test_the_check_finds_every_form() -> None:
    forms = (
        "import threading\nthreading.Thread(target=f).start()",
        "from threading import Thread",
        "from threading import Thread as T",
        "import threading as t\nclass Loop(t.Thread): ...",
        "import threading\nthreading.Timer(1, f)",
        "import _thread",
        "from _thread import start_new_thread",
    )
    assert [form for form in forms if not list(find_bare_threads(ast.parse(form)))] == []
    assert not list(find_bare_threads(ast.parse("import threading\nthreading.Event()\nx: threading.Thread")))


def find_bare_threads(tree: ast.Module) -> Iterator[int]:
    """Lines that import, call or derive from a thread class."""
    modules = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name == "threading"
    }
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names) if any(alias.name == "_thread" for alias in names):
                yield node.lineno
            case ast.ImportFrom(module="threading" | "_thread", names=names) if any(
                alias.name in FORBIDDEN for alias in names
            ):
                yield node.lineno
            case ast.Call(func=started) if is_thread_class(started, modules):
                yield node.lineno
            case ast.ClassDef(bases=bases) if any(is_thread_class(base, modules) for base in bases):
                yield node.lineno


def is_thread_class(node: ast.expr, modules: set[str]) -> bool:
    match node:
        case ast.Attribute(value=ast.Name(id=name), attr=attr):
            return name in modules and attr in FORBIDDEN
    return False
