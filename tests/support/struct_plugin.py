"""Has mypy tell structs of msgspec from dataclasses, and check the fields that ``replace`` is given.

Loaded by the setting ``plugins`` of mypy in pyproject.toml. mypy takes a struct for a dataclass, which at run
time it is not, and knows the fields of ``dataclasses.replace`` only.
"""

from collections.abc import Callable

from mypy.expandtype import expand_type_by_instance
from mypy.maptype import map_instance_to_supertype
from mypy.nodes import ARG_NAMED_OPT, ARG_POS
from mypy.plugin import FunctionSigContext, Plugin
from mypy.plugins.dataclasses import replace_function_sig_callback
from mypy.types import (
    CallableType,
    FunctionLike,
    Instance,
    Type,
    TypeType,
    TypeVarType,
    UnionType,
    get_proper_type,
)

STRUCT = "msgspec.Struct"
OF_DATACLASSES = frozenset(f"dataclasses.{name}" for name in ("asdict", "astuple", "fields", "replace"))


class StructPlugin(Plugin):
    def get_function_signature_hook(
        self, fullname: str
    ) -> Callable[[FunctionSigContext], FunctionLike] | None:
        if fullname == "msgspec.structs.replace":
            return _list_fields
        return _refuse_struct if fullname in OF_DATACLASSES else None


def _list_fields(context: FunctionSigContext) -> FunctionLike:
    """Each field of the struct, by its name; none is required. Those of a union are not looked at."""
    signature, struct = context.default_signature, _find_struct(context)
    if struct is None:
        return signature
    given = get_proper_type(context.api.get_expression_type(context.args[0][0]))
    init = get_proper_type(getattr(struct.type.get_method("__init__"), "type", None))
    if isinstance(given, UnionType) or not isinstance(init, CallableType):
        return signature
    owner = next(base for base in struct.type.mro if "__init__" in base.names)
    init = expand_type_by_instance(init, map_instance_to_supertype(struct, owner))
    names, count = init.arg_names[1:], len(init.arg_names) - 1
    return signature.copy_modified(
        arg_types=[given, *init.arg_types[1:]], arg_kinds=[ARG_POS, *[ARG_NAMED_OPT] * count],
        arg_names=[None, *names], ret_type=given, variables=[], name=f'"replace" of "{struct.type.name}"',
    )  # fmt: skip


def _refuse_struct(context: FunctionSigContext) -> FunctionLike:
    struct = _find_struct(context)
    if struct is not None:
        context.api.fail(f'"{struct.type.name}" is a struct of msgspec, not a dataclass', context.context)
    if context.default_signature.name == "replace":
        return replace_function_sig_callback(context)
    return context.default_signature


def _find_struct(context: FunctionSigContext) -> Instance | None:
    """The type of the first argument, or the class that it is, if that is a struct; of a union, the first."""
    if not context.args or len(context.args[0]) != 1:
        return None
    given = get_proper_type(context.api.get_expression_type(context.args[0][0]))
    kinds = given.items if isinstance(given, UnionType) else [given]
    return next(filter(None, map(_as_struct, kinds)), None)


def _as_struct(kind: Type) -> Instance | None:
    kind = get_proper_type(kind)
    if isinstance(kind, TypeType):
        kind = kind.item
    elif isinstance(kind, CallableType) and kind.is_type_obj():
        kind = get_proper_type(kind.ret_type)
    if isinstance(kind, TypeVarType):
        kind = get_proper_type(kind.upper_bound)
    if isinstance(kind, UnionType):
        return next(filter(None, map(_as_struct, kind.items)), None)
    is_struct = isinstance(kind, Instance) and any(base.fullname == STRUCT for base in kind.type.mro)
    return kind if is_struct and isinstance(kind, Instance) else None


def plugin(version: str) -> type[Plugin]:
    return StructPlugin
