"""Which parameters each caller gives to which statement of ``sql/``, read from the program's text.

The name of a statement and the keys of its parameters are followed back through variables, through what
functions return, and to the callers of a function that takes them. What cannot be followed is a problem
that is told, never taken for given.
"""

import ast
import importlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import EnumType
from fnmatch import filter as filter_names
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TypeGuard

from msgspec import Struct

from dosing_tui.database import sql_files

PACKAGE = Path(sql_files.__file__).parents[1]
PARAMETER = re.compile(r"%\((\w+)\)s")
NAME = re.compile(r"^[a-z_]+/[a-z0-9_*]+$")
READERS = frozenset({"read_statement", "substitute_parameters"})
"""Functions that take a statement's name."""
EXECUTORS = frozenset({"execute", "executemany", "copy", "stream", "substitute_parameters"})
"""Functions whose second argument is a statement's parameters."""
DEPTH = 6
"""Most callers of callers that are followed."""
Function = ast.FunctionDef | ast.AsyncFunctionDef
Keys = frozenset[str]


class UnknownError(Exception):
    """What an expression is cannot be read from the text."""


class ArgumentError(UnknownError):
    """It is an argument of a function: its callers know."""


@dataclass(frozen=True, eq=False)
class CallScope:
    """A function of a module, and what its arguments are in the call that leads here."""

    module: ModuleType
    function: Function
    arguments: Mapping[str, "Value"] = field(default_factory=dict)

    @property
    def where(self) -> str:
        return f"{self.module.__name__.removeprefix('dosing_tui.')}.{self.function.name}"


@dataclass(frozen=True, eq=False)
class Value:
    """An expression and where it stands; None with ``keys``: keyword arguments."""

    expression: ast.expr | None
    scope: CallScope
    keys: Keys = frozenset()


@dataclass(frozen=True)
class StatementCall:
    where: str
    statement: str
    given: Keys


@dataclass(frozen=True)
class Unknown:
    """A call whose statement or parameters are not known from the text."""

    where: str
    what: str


@dataclass(frozen=True, eq=False)
class CallLink:
    """A call of the function before it in a chain, and where it stands."""

    scope: CallScope
    call: ast.Call


class Program:
    """The package. ``families``: the statements of a name that is put together; else all that fit it.

    ``changes`` replaces the text of modules, for a test of the search itself.
    """

    def __init__(
        self, families: Mapping[str, Iterable[str]], changes: Mapping[str, Callable[[str], str]] | None = None
    ) -> None:
        self._families = families
        self._by_name: dict[str, list[CallScope]] = {}
        self._calls: dict[str, list[CallLink]] = {}
        for scopes in _list_scopes(changes or {}):
            for scope in scopes:
                self._by_name.setdefault(scope.function.name, []).append(scope)
                for call in _list_calls(scope.function):
                    self._calls.setdefault(_get_callee(call), []).append(CallLink(scope, call))

    def list_calls(self) -> Iterator[StatementCall | Unknown]:
        """Each use of a statement, by the function that says which and gives the parameters."""
        for reader in READERS:
            for link in self._calls[reader]:
                if link.scope.function.name not in READERS:
                    yield from self._follow(link.scope, link.call, ())

    def _follow(
        self, scope: CallScope, reader: ast.Call, chain: tuple[CallLink, ...]
    ) -> Iterator[StatementCall | Unknown]:
        where = chain[-1].scope.where if chain else scope.where
        bound = _bind_chain(scope, chain)
        try:
            given = _find_parameters(bound, reader)
            statements = self._list_names(Value(reader.args[0], bound))
            keys = frozenset() if given is None else self._list_keys(Value(given, bound))
        except ArgumentError as error:
            outer = chain[-1].scope if chain else scope
            callers = [
                each for each in self._calls.get(outer.function.name, ()) if self._may_reach(each, outer)
            ]
            if not callers or len(chain) >= DEPTH:
                yield Unknown(where, str(error))
            for caller in callers:
                yield from self._follow(scope, reader, (*chain, caller))
        except UnknownError as error:
            yield Unknown(where, str(error))
        else:
            yield from (StatementCall(where, name, keys) for name in statements)

    def _may_reach(self, link: CallLink, target: CallScope) -> bool:
        """A function of the same module or one that is imported; a method by its name."""
        if isinstance(link.call.func, ast.Name):
            found = getattr(link.scope.module, link.call.func.id, None)
            return getattr(found, "__module__", "") == target.module.__name__
        return len(self._by_name[target.function.name]) == 1 or link.scope.module is target.module

    def _list_names(self, value: Value) -> list[str]:
        expression = value.expression
        if isinstance(expression, ast.JoinedStr):
            parts = (str(each.value) if isinstance(each, ast.Constant) else "*" for each in expression.values)
            pattern = "".join(parts)
            return list(self._families.get(pattern, ())) or filter_names(_list_statements(), pattern)
        if isinstance(expression, ast.Constant) and isinstance(expression.value, str):
            return [expression.value]
        if isinstance(expression, ast.IfExp):
            return [
                name
                for each in (expression.body, expression.orelse)
                for name in self._list_names(Value(each, value.scope))
            ]
        if isinstance(expression, ast.Name):
            return [name for each in _look_up(expression, value.scope) for name in self._list_names(each)]
        raise UnknownError(_describe(expression))

    def _list_keys(self, value: Value) -> Keys:
        expression, scope = value.expression, value.scope
        match expression:
            case None:
                return value.keys
            case ast.Constant(value=None):
                return frozenset()
            case ast.Dict():
                return self._list_dict_keys(expression, scope)
            case ast.DictComp(generators=[ast.comprehension(iter=source)]):
                return self._list_members(source, scope)
            case ast.Subscript(value=ast.Name() as listed):
                rows = [each for each in _look_up(listed, scope) if isinstance(each.expression, ast.ListComp)]
                return self._intersect([Value(each.expression.elt, each.scope) for each in rows], expression)  # type: ignore[union-attr]
            case ast.BinOp(op=ast.BitOr()):
                return self._list_keys(Value(expression.left, scope)) | self._list_keys(
                    Value(expression.right, scope)
                )
            case ast.BoolOp(op=ast.Or(), values=[first, _]):
                return self._list_keys(Value(first, scope))
            case ast.IfExp():
                return self._list_keys(Value(expression.body, scope)) & self._list_keys(
                    Value(expression.orelse, scope)
                )
            case ast.Name():
                return self._intersect(_look_up(expression, scope), expression)
            case ast.Call():
                return self._list_returned_keys(expression, scope)
        raise UnknownError(_describe(expression))

    def _list_dict_keys(self, expression: ast.Dict, scope: CallScope) -> Keys:
        keys: set[str] = set()
        for key, item in zip(expression.keys, expression.values, strict=True):
            if key is None:
                keys |= self._list_keys(Value(item, scope))
            elif isinstance(key, ast.Constant):
                keys.add(str(key.value))
            else:
                raise UnknownError(_describe(key))
        return frozenset(keys)

    def _list_returned_keys(self, call: ast.Call, scope: CallScope) -> Keys:
        callee = _get_callee(call)
        if callee == "asdict":
            return frozenset(_find_class(call.args[0], scope).__struct_fields__)
        if callee == "fromkeys":
            names = call.args[0]
            return self._list_members(
                names.generators[0].iter if isinstance(names, ast.GeneratorExp) else names, scope
            )
        found = [
            CallScope(each.module, each.function, _bind(each.function, call, scope))
            for each in self._by_name.get(callee, ())
            if self._may_reach(CallLink(scope, call), each)
        ]
        returned = [
            Value(node.value, each)
            for each in found
            for node in _list_nodes(each.function)
            if isinstance(node, ast.Return)
        ]
        return self._intersect(returned, call)

    def _list_members(self, source: ast.expr, scope: CallScope) -> Keys:
        """What a comprehension goes through: names written there, an enumeration, a constant."""
        if isinstance(source, ast.Tuple | ast.List):
            return frozenset(str(ast.literal_eval(each)) for each in source.elts)
        found = getattr(scope.module, source.id, None) if isinstance(source, ast.Name) else None
        if isinstance(found, EnumType):
            return frozenset(str(each.value) for each in found)  # type: ignore[var-annotated]
        if isinstance(found, tuple | list):
            return frozenset(map(str, found))
        return self._list_keys(Value(source, scope))

    def _intersect(self, values: Iterable[Value], expression: ast.expr) -> Keys:
        """What all of them have."""
        found = [self._list_keys(each) for each in values]
        if not found:
            raise UnknownError(_describe(expression))
        return frozenset.intersection(*found)


@cache
def _list_statements() -> list[str]:
    folders = (each.name for each in sql_files.find_sql_folder().iterdir() if each.is_dir())
    return [name for each in sorted(folders) for name in sql_files.list_statements(each)]


def find_needed(statement: str) -> Keys:
    return frozenset(PARAMETER.findall(sql_files.read_statement(statement)))


def _list_scopes(changes: Mapping[str, Callable[[str], str]]) -> Iterator[tuple[CallScope, ...]]:
    """The functions of each module."""
    for name, text in _read_modules().items():
        yield _parse_functions(name, changes[name](text) if name in changes else text)


@cache
def _read_modules() -> dict[str, str]:
    """The text of each module by its name."""
    return {
        ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts): path.read_text(encoding="utf-8")
        for path in sorted(PACKAGE.rglob("*.py"))
    }


@cache
def _parse_functions(name: str, text: str) -> tuple[CallScope, ...]:
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, Function)]
    if not functions:
        return ()
    module = importlib.import_module(name)
    return tuple(CallScope(module, function) for function in functions)


@cache
def _list_nodes(function: Function) -> tuple[ast.AST, ...]:
    """All that is in a function: the same ones are looked through again and again."""
    return tuple(ast.walk(function))


def _list_calls(function: Function) -> list[ast.Call]:
    return [node for node in _list_nodes(function) if isinstance(node, ast.Call)]


def _get_callee(call: ast.Call) -> str:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _bind_chain(scope: CallScope, chain: tuple[CallLink, ...]) -> CallScope:
    """The scope with what its arguments are when it is called along the chain, inmost call first."""
    if not chain:
        return scope
    bound, inner = chain[-1].scope, [scope, *(each.scope for each in chain[:-1])]
    for link, called in zip(reversed(chain), reversed(inner), strict=True):
        bound = CallScope(called.module, called.function, _bind(called.function, link.call, bound))
    return bound


def _find_parameters(scope: CallScope, reader: ast.Call) -> ast.expr | None:
    """The parameters with which the statement that this call reads is executed; None without any."""
    if _get_callee(reader) == "substitute_parameters":
        return reader.args[1]
    variables = {
        target.id
        for node in _list_nodes(scope.function)
        if isinstance(node, ast.Assign) and any(each is reader for each in ast.walk(node.value))
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in _list_calls(scope.function):
        if _get_callee(call) in EXECUTORS and call.args:
            first = call.args[0]
            if first is reader or (isinstance(first, ast.Name) and first.id in variables):
                return call.args[1] if len(call.args) > 1 else None
    raise UnknownError(f"{ast.unparse(reader)} is not executed here")


def _bind(function: Function, call: ast.Call, caller: CallScope) -> dict[str, Value]:
    """What the function's arguments are in this call; those with a default only where it is given."""
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args)]
    if names[:1] == ["self"] and isinstance(call.func, ast.Attribute):
        names = names[1:]
    bound = {name: Value(each, caller) for name, each in zip(names, call.args, strict=False)}
    defaults = dict(zip(reversed(names), reversed(function.args.defaults), strict=False))
    only = {
        each.arg: default
        for each, default in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    }
    known = {*names, *only}
    bound |= {word.arg: Value(word.value, caller) for word in call.keywords if word.arg in known}
    if function.args.kwarg is not None:
        more = frozenset(word.arg for word in call.keywords if word.arg and word.arg not in known)
        bound[function.args.kwarg.arg] = Value(None, caller, more)
    for name, default in {**defaults, **only}.items():
        if name not in bound and default is not None:
            bound[name] = Value(default, caller)
    return bound


def _look_up(variable: ast.Name, scope: CallScope) -> list[Value]:
    """What a variable may be: what the function sets it to before, else an argument, else the module's."""
    name = variable.id
    found = [
        (*each, node.lineno)
        for node in _list_nodes(scope.function)
        if isinstance(node, ast.Assign | ast.AnnAssign)
        and node.value is not None
        and node.lineno < variable.lineno
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        for each in _match_target(target, node.value)
        if each[0] == name
    ]
    if found:
        last = max(found, key=lambda each: each[3])
        is_certain = all(last[2] <= each[2] for each in found)  # no deeper than those before
        return [Value(each[1], scope) for each in found if not is_certain or each[3] == last[3]]
    if name in scope.arguments:
        return [scope.arguments[name]]
    if name in _list_arguments(scope.function):
        raise ArgumentError(f"{name} in {scope.function.name}")
    constant = getattr(scope.module, name, None)
    if isinstance(constant, str):
        return [Value(ast.Constant(constant), scope)]
    if isinstance(constant, Mapping):
        return [Value(None, scope, frozenset(map(str, constant)))]
    raise UnknownError(f"{name} in {scope.function.name}")


def _match_target(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, ast.expr, int]]:
    """Name, expression and indentation of each variable that an assignment sets."""
    match target, value:
        case ast.Name(id=name), _:
            yield name, value, target.col_offset
        case ast.Tuple(), ast.Tuple():
            for each, part in zip(target.elts, value.elts, strict=True):
                yield from _match_target(each, part)
        case ast.Tuple(), ast.IfExp(body=body, orelse=orelse):
            yield from _match_target(target, body)
            yield from _match_target(target, orelse)


def _list_arguments(function: Function) -> list[str]:
    given = function.args
    names = [each.arg for each in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    return names + ([given.kwarg.arg] if given.kwarg else [])


def _find_class(expression: ast.expr, scope: CallScope) -> type[Struct]:
    """The struct of a variable: of the argument's annotation, or of what made it."""
    match expression:
        case ast.Name(id=name):
            for each in (*scope.function.args.args, *scope.function.args.kwonlyargs):
                if each.arg == name and each.annotation is not None:
                    return _find_annotated(each.annotation, scope.module)
            for value in _look_up(expression, scope):
                if isinstance(value.expression, ast.Call):
                    made = getattr(scope.module, _get_callee(value.expression), None)
                    made = getattr(made, "__annotations__", {}).get("return", made)
                    if _is_struct(made):
                        return made
    raise UnknownError(_describe(expression))


def _is_struct(found: object) -> TypeGuard[type[Struct]]:
    return isinstance(found, type) and issubclass(found, Struct)


def _find_annotated(annotation: ast.expr, module: ModuleType) -> type[Struct]:
    for node in ast.walk(annotation):
        if isinstance(node, ast.Name) and _is_struct(found := getattr(module, node.id, None)):
            return found
    raise UnknownError(_describe(annotation))


def _describe(expression: ast.expr | None) -> str:
    return "nothing" if expression is None else ast.unparse(expression)


def list_calls(
    families: Mapping[str, Iterable[str]], changes: Mapping[str, Callable[[str], str]] | None = None
) -> Iterator[StatementCall | Unknown]:
    return Program(families, changes).list_calls()
