"""Variables of a Compose file: what .env sets, and what a text becomes with it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_START = re.compile(r"\$(?:(?P<escaped>\$)|(?P<plain>[A-Za-z_]\w*)|\{(?P<name>[A-Za-z_]\w*))")
_OPERATOR = re.compile(r":?[-?+]")
_LINE = re.compile(r"\s*(?:export\s+)?([\w.-]+)\s*=\s*(.*?)\s*")
_QUOTED = re.compile(r"""(["'])(.*?)\1(?:\s+#.*)?""")


def parse_variables(text: str) -> dict[str, str]:
    """Those of .env or an ``env_file``.

    >>> parse_variables("A=1 # one\\nexport B='x # y'\\n#C=2\\n")
    {'A': '1', 'B': 'x # y'}
    """
    lines = (_LINE.fullmatch(line) for line in text.lstrip("\ufeff").splitlines())
    return {found[1]: _unquote(found[2]) for found in lines if found}


def _unquote(value: str) -> str:
    if quoted := _QUOTED.fullmatch(value):
        return quoted[2]
    return re.sub(r"(^|\s+)#.*", "", value)


@dataclass
class VariableExpansion:
    """Expands texts with ``variables``, and collects the names of those that are not set."""

    variables: Mapping[str, str]
    missing: set[str] = field(default_factory=set)
    """Compose refuses to go on without them: ${NAME:?}."""
    empty: set[str] = field(default_factory=set)
    """Nothing takes their place."""

    def expand(self, text: str) -> str:
        """Raises: ValueError, if a ``$`` begins no variable."""
        parts, at = [], 0
        while (dollar := text.find("$", at)) >= 0:
            found = _START.match(text, dollar)
            if found is None:
                raise ValueError(f"a variable in '{text}' cannot be read: write $$ for the character $")
            parts.append(text[at:dollar])
            at = found.end()
            if found["name"]:
                end = _find_brace(text, at)
                parts.append(self._expand_name(found["name"], text[at:end]))
                at = end + 1
            else:
                parts.append("$" if found["escaped"] else self._expand_name(found["plain"], ""))
        return "".join([*parts, text[at:]])

    def _expand_name(self, name: str, rest: str) -> str:
        """``rest`` is what follows the name in its braces, e.g. ``:-default``."""
        operator = _OPERATOR.match(rest)
        if rest and operator is None:
            raise ValueError(f"a variable cannot be read: ${{{name}{rest}}}")
        kind = operator[0] if operator else ""
        value = self.variables.get(name)
        is_there = bool(value) if kind.startswith(":") else value is not None
        if kind.endswith("+"):
            return self.expand(rest[len(kind) :]) if is_there else ""
        if is_there:
            return value or ""
        if kind.endswith("-"):
            return self.expand(rest[len(kind) :])
        (self.missing if kind else self.empty).add(name)
        return ""


def _find_brace(text: str, start: int) -> int:
    """Where the brace that is open at ``start`` is closed. Raises: ValueError."""
    depth = 1
    for index in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[index], 0)
        if not depth:
            return index
    raise ValueError(f"the variable in '{text}' has no closing brace")
