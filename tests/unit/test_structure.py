"""The rules of names, sizes and rooms that keep the package easy to find one's way in."""

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "dosing_tui"

MAX_MODULES = 12
MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 40
MAX_ONE_WORD_SHARE = 0.25
PARTICIPLES = {
    "told", "heard", "said", "asked", "known", "kept", "found", "wanted", "chosen", "moved", "shown", "given",
    "taken", "left", "met", "seen", "held", "settled", "turned", "waiting", "telling", "asking",
}  # fmt: skip
"""As the name of a class, a function or an attribute, these leave open what it is or does."""
STORED_NAMES = frozenset({
    ("dosing_tui/domain/alarms/models.py", "shown"),  # key in the JSON export of the shift report
    ("dosing_tui/domain/notifications/channel_status.py", "waiting"),  # column of select_channel_status.sql
})  # fmt: skip
"""Participles that cannot be renamed: they are written or read by name outside the code."""
LIBRARY_HOOKS = frozenset({"compose", "render", "convert", "invoke", "run", "main", "recv", "send"})
"""One-word names that Textual, click or paho call."""
NAMED = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef | ast.Attribute
REPLACED_PHRASES = (
    "nothing abnormal",
    "x silence",
    "put back",
    "is not announced for so long",
    "you have seen it and see to it",
    "nothing was heard",
    "not completed",
    "aborts reported",
    "everything is as it should be",
    "has to prove who they are",
    "enter tells",
    "refilled?",
    "told so far",
    "under way",
    "unrev ",
    "esc leaves",
    "no list",
    "how exactly",
    "say who you are",
    "this needs a few words",
    "last word is taken back",
    "this batch is no more",
    "was faster",
    "look at it again",
    "not known of",
    "nothing is done",
    "no alarm in sight",
    "nobody is told",
    "is told",
    "was told",
    "say why",
)
"""Sentences that a clearer one has replaced, in lower case. docs/glossary.md has the terms that are used."""
COUNT = re.compile(r"format_count|\b(count|len)\(|count\b|number\b")
"""What a formatted expression has that counts."""
PLURAL = re.compile(r" (?!times|bytes|characters|colours)[a-z]+(?<![sih])s\b")
PLURAL_CHOICE = re.compile(r"['\"]s['\"] if |if .+ else ['\"]s['\"]")
PLURAL_BY_HAND = re.compile(r"1 (alarm|batch|dose|entry|message|reading|row|station|tank)")
CLASS_NAME = re.compile(r"^ *class _*(\w+)[:(]", re.MULTILINE)
BROAD_ERRORS = ("Exception", "BaseException")


@cache
def parse_package() -> dict[Path, list[ast.AST]]:
    """All nodes of each file: to walk through the trees takes longer than to read them."""
    return {
        path: list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        for path in sorted(PACKAGE.rglob("*.py"))
    }


@cache
def list_nodes() -> list[tuple[str, ast.AST]]:
    """Each node of the package that has a name or sets one, with the place of its file."""
    places = {str(path.relative_to(ROOT)): nodes for path, nodes in parse_package().items()}
    return [(place, node) for place, nodes in places.items() for node in nodes if isinstance(node, NAMED)]


def iterate_functions() -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for place, node in list_nodes():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield place, node


def is_named_freely(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether its name is a choice: not a dunder, a property, a command or a library's hook."""
    decorators = " ".join(map(ast.unparse, function.decorator_list))
    is_fixed = any(word in decorators for word in ("property", "command", "group", "setter"))
    is_hook = function.name.startswith(("__", "on_", "watch_", "action_")) or function.name in LIBRARY_HOOKS
    return not is_fixed and not is_hook


def list_attribute_names(node: ast.AST) -> list[str]:
    """The attributes that the node declares or sets: fields of a class, ``self.name = ...``."""
    if isinstance(node, ast.ClassDef):
        fields: list[ast.expr] = [one.target for one in node.body if isinstance(one, ast.AnnAssign)]
        fields += [target for one in node.body if isinstance(one, ast.Assign) for target in one.targets]
        return [field.id for field in fields if isinstance(field, ast.Name)]
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
        return [node.attr]
    return []


def list_imports(nodes: list[ast.AST]) -> Iterator[str]:
    """The modules of the package that a module imports, by their dotted names."""
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if find_module(whole) else node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def list_texts(nodes: list[ast.AST]) -> Iterator[tuple[int, str]]:
    """Line and text, in lower case, of each string that is no docstring."""
    docstrings = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, " ".join(node.value.lower().split())


@cache
def find_module(dotted: str) -> Path | None:
    place = ROOT / dotted.replace(".", "/")
    candidates = (place.with_suffix(".py"), place / "__init__.py")
    return next((one for one in candidates if one.exists()), None)


def room_of(path: Path) -> str:
    """The folder of a module; the modules at the package's root are rooms of their own."""
    inside = path.relative_to(ROOT)
    is_at_root = path.parent == PACKAGE and path.name != "__init__.py"
    return str(inside if is_at_root else inside.parent)


def test_no_two_classes_have_the_same_name() -> None:
    """Not in the tests either: there, a class in the text of a program counts as well."""
    places = defaultdict(list)
    for folder in (PACKAGE, ROOT / "tests"):
        for path in sorted(folder.rglob("*.py")):
            for name in CLASS_NAME.findall(path.read_text(encoding="utf-8")):
                places[name].append(str(path.relative_to(ROOT)))
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_no_name_is_a_bare_participle() -> None:
    found = []
    for place, node in list_nodes():
        names = list_attribute_names(node)
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names = [*names, node.name]
        found += [
            f"{place}: {name}"
            for name in names
            if name.strip("_") in PARTICIPLES and (place, name) not in STORED_NAMES
        ]
    assert found == []


def test_no_helper_of_a_test_is_named_by_a_participle() -> None:
    names = re.compile(r"^ *(?:async )?(?:def|class) _*(\w+)", re.MULTILINE)
    found = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / "tests").rglob("*.py"))
        for name in names.findall(path.read_text(encoding="utf-8"))
        if name.lower().split("_")[0] in PARTICIPLES
    ]
    assert found == []


def test_at_most_a_quarter_of_the_function_names_is_one_word() -> None:
    names = [function.name.strip("_") for _, function in iterate_functions() if is_named_freely(function)]
    one_word = Counter(name for name in names if "_" not in name)
    assert one_word.total() <= MAX_ONE_WORD_SHARE * len(names), one_word.most_common(40)


def test_every_function_fits_on_a_screen() -> None:
    lengths = {
        f"{place}:{function.lineno} {function.name}": (function.end_lineno or 0) - function.lineno + 1
        for place, function in iterate_functions()
    }
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FUNCTION_LINES} == {}


def test_no_file_is_too_long_to_read() -> None:
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in parse_package()
    }
    assert {name: lines for name, lines in lengths.items() if lines > MAX_FILE_LINES} == {}


def test_no_folder_holds_more_than_twelve_modules() -> None:
    folders = Counter(
        str(path.parent.relative_to(ROOT)) for path in parse_package() if path.stem != "__init__"
    )
    assert {name: count for name, count in folders.items() if count > MAX_MODULES} == {}


def test_no_folders_import_each_other_in_a_circle() -> None:
    graph: dict[str, set[str]] = defaultdict(set)
    for path, nodes in parse_package().items():
        for dotted in list_imports(nodes):
            imported = find_module(dotted) if dotted.split(".")[0] == PACKAGE.name else None
            if imported and room_of(imported) != room_of(path):
                graph[room_of(path)].add(room_of(imported))
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


@pytest.mark.parametrize("room", ["tui", "cli"])
def test_no_screen_text_uses_a_phrase_that_was_replaced(room: str) -> None:
    found = []
    for path, nodes in parse_package().items():
        if path.is_relative_to(PACKAGE / room):
            found += [
                f"{path.relative_to(ROOT)}:{line} {phrase}"
                for line, text in list_texts(nodes)
                for phrase in REPLACED_PHRASES
                if phrase in text
            ]
    assert found == []


def test_thousands_have_one_format() -> None:
    """``quantity_text`` parts them by a gap, on screens, in reports, in commands' texts and in logs."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, nodes in parse_package().items()
        if path.name != "quantity_text.py"
        for node in nodes
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None
        and any(isinstance(part, ast.Constant) and "," in str(part.value)
                for part in ast.walk(node.format_spec))
    ]  # fmt: skip
    assert found == []


def test_a_number_of_things_has_one_format() -> None:
    """``count_noun`` knows that one of them has no s."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(value)}{text.value!r}"
        for path, nodes in parse_package().items()
        for node in nodes
        if isinstance(node, ast.JoinedStr)
        for value, text in pairwise(node.values)
        if isinstance(value, ast.FormattedValue) and COUNT.search(ast.unparse(value.value))
        and isinstance(text, ast.Constant) and PLURAL.match(str(text.value))
    ]  # fmt: skip
    found += [
        f"{path.relative_to(ROOT)}:{line} {text}"
        for path, nodes in parse_package().items()
        if path.name != "quantity_text.py"
        for line, text in list_texts(nodes)
        if PLURAL_BY_HAND.fullmatch(text)
    ]
    found += [
        f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node)}"
        for path, nodes in parse_package().items()
        if path.name != "quantity_text.py"
        for node in nodes
        if isinstance(node, ast.IfExp) and PLURAL_CHOICE.search(ast.unparse(node))
    ]
    assert found == []


def test_every_broad_except_that_swallows_and_every_ignored_type_has_a_reason() -> None:
    found = []
    for path, nodes in parse_package().items():
        lines = path.read_text(encoding="utf-8").splitlines()
        place = path.relative_to(ROOT)
        found += [
            f"{place}:{number} {line.strip()}"
            for number, line in enumerate(lines, start=1)
            if re.search(r"# type: ignore\[[\w,-]+\](?!  # \w)|# noqa: \w+$", line)
        ]
        for node in nodes:
            if isinstance(node, ast.ExceptHandler) and ast.unparse(node.type or node) in BROAD_ERRORS:
                head = "".join(lines[node.lineno - 1 : node.body[0].lineno])
                if not isinstance(node.body[-1], ast.Raise) and "# " not in head:
                    found.append(f"{place}:{node.lineno} {lines[node.lineno - 1].strip()}")
    assert found == []
