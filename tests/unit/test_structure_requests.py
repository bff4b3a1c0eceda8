"""What the database answers late opens nothing by itself, and no entry is lost in silence."""

import ast
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import dosing_tui
from dosing_tui.tui import controllers
from dosing_tui.tui.data.query_results import QueryResult
from dosing_tui.tui.requests.operator_entries import EntryResult
from dosing_tui.tui.requests.pending_request import RequestResult

PACKAGE = Path(dosing_tui.__file__).parent
MODULES = tuple(
    import_module(info.name)
    for info in pkgutil.walk_packages(controllers.__path__, f"{controllers.__name__}.")
    if not info.ispkg
)
OPENERS = frozenset({"push_screen", "open_dialog", "open_form"})
"""For keys. An answer that came late has ``open_answer``, which opens nothing over another screen."""
WRITERS = frozenset(
    {"add_note", "enter_material", "enter_service", "append_entries", "enter_reviews", "_write_review",
     "_save_files", "_save_journal"}
)  # fmt: skip
"""What stores or saves something for a person."""
RESULTS = {name: kind for module in MODULES for name, kind in vars(module).items() if isinstance(kind, type)}


def parse_module(module: object) -> ast.Module:
    return ast.parse(Path(str(getattr(module, "__file__", ""))).read_text(encoding="utf-8"))


def list_handlers() -> dict[str, set[str]]:
    """The methods that get a result, by the name of the class that has them."""
    wiring = PACKAGE / "tui" / "coordination" / "console_controllers.py"
    tree = ast.parse(wiring.read_text(encoding="utf-8"))
    classes: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Attribute(attr=name)], value=ast.Call(func=ast.Name(id=kind))):
                classes[name] = kind
    found: dict[str, set[str]] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Dict(values=values):
                for value in values:
                    match value:
                        case ast.Attribute(value=ast.Attribute(attr=owner), attr=method):
                            found.setdefault(classes[owner], set()).add(method)
    return found


def find_openers(tree: ast.Module, handlers: dict[str, set[str]]) -> Iterator[str]:
    """Methods that a handler calls, at once or by way of others, and that open a screen."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef) or node.name not in handlers:
            continue
        methods = {one.name: one for one in node.body if isinstance(one, ast.FunctionDef)}
        pending, seen = list(handlers[node.name]), set()
        while pending:
            name = pending.pop()
            if name in seen or name not in methods:
                continue
            seen.add(name)
            called = list_calls(methods[name])
            pending += called
            if OPENERS & set(called):
                yield f"{node.name}.{name}"


def list_calls(function: ast.FunctionDef) -> list[str]:
    """The attributes that are called: not those that are handed on, as what a dialog's result is given to."""
    calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
    return [func.attr for func in calls if isinstance(func, ast.Attribute)]


def test_no_result_opens_a_screen_but_by_the_request_that_it_answers() -> None:
    handlers = list_handlers()
    assert {
        "SignOnController",
        "ReviewController",
        "AlarmController",
        "AlarmActionController",
        "ServiceController",
    } <= set(handlers)
    assert [name for module in MODULES for name in find_openers(parse_module(module), handlers)] == []


def test_the_check_finds_a_dialog_however_it_is_opened() -> None:
    text = """
class C:
    def show(self, result): self._next(result)
    def _next(self, result): self.host.push_screen(Dialog(), self._apply)
    def _apply(self, values): self.open_form(Dialog(), "", print)
    def key(self): self.open_dialog(Dialog(), print)
"""
    assert list(find_openers(ast.parse(text), {"C": {"show"}})) == ["C._next"]
    assert list(find_openers(ast.parse(text), {"C": {"_apply"}})) == ["C._apply"]


def list_submits() -> Iterator[tuple[str, type]]:
    """The query of each ``submit`` as text, and the class of its result."""
    for module in MODULES:
        for node in ast.walk(parse_module(module)):
            match node:
                case ast.Call(func=ast.Attribute(attr="submit"), args=[query, build, *_]):
                    name = build.args[0] if isinstance(build, ast.Call) else build
                    yield ast.unparse(query), RESULTS[ast.unparse(name)]


def test_what_a_person_entered_has_a_result_whose_failure_stays_until_it_is_seen() -> None:
    submits = list(list_submits())
    local = {"enter", "save"}
    """Names that a query is given before it is submitted."""
    writes = [
        kind for query, kind in submits if any(one in query for one in WRITERS) or query in local
    ]  # fmt: skip
    assert len(writes) >= len({"note", "material", "jump", "service", "alarm", "review", "bulk", "handover"})
    assert [kind.__name__ for kind in writes if not issubclass(kind, EntryResult)] == []
    assert all(issubclass(kind, QueryResult) for _, kind in submits)


def test_only_requests_and_entries_are_answered_with_a_message_or_a_sign_on() -> None:
    """Every other result is drawn by the screen that asked for it, if that is there."""
    tree = [one for module in MODULES for one in ast.walk(parse_module(module))]
    handlers = [
        (one.name, RESULTS[ast.unparse(one.args.args[1].annotation)], list_calls(one))
        for one in tree
        if isinstance(one, ast.FunctionDef) and len(one.args.args) == 2
        and one.args.args[1].annotation is not None
        and isinstance(RESULTS.get(ast.unparse(one.args.args[1].annotation)), type)
        and issubclass(RESULTS[ast.unparse(one.args.args[1].annotation)], QueryResult)
    ]  # fmt: skip
    assert handlers
    assert [
        name
        for name, kind, calls in handlers
        if not issubclass(kind, EntryResult | RequestResult)
        and {"sign_on", "_sign_on", "open_answer", "submit"} & set(calls)
    ] == []
