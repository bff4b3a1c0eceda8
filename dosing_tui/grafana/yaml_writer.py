"""YAML that a person can read: blocks instead of brackets, SQL on lines of its own.

Its two dozen lines save a dependency at run time; every value reads the same in YAML 1.1 and 1.2.
"""

import json
import re
from collections.abc import Iterator, Mapping

from dosing_tui.grafana.datasource import Json

_UNPRINTABLE = re.compile("[^ -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_BLOCK_TEXT = re.compile(r"[!-~][ -~]*(?:\n(?:[ -~]*[!-~])?)*\n(?:[ -~]*[!-~])")
"""Several lines that need no escape: no blank in front, none behind, no line end at the end."""


def dump_yaml(content: Json) -> str:
    """The content as a document, with a line end.

    >>> print(dump_yaml({"data": [{"sql": "SELECT 1\\n FROM t", "to": 0}], "on": "no"}), end="")
    data:
      - sql: |-
          SELECT 1
           FROM t
        to: 0
    "on": "no"
    """
    return "\n".join(_format_lines(content)) + "\n"


def _format_lines(content: Json) -> Iterator[str]:
    """Without the indent that its place gives it."""
    if isinstance(content, Mapping) and content:
        for key, value in content.items():
            yield from _format_entry(f"{_format_key(key)}:", value)
    elif isinstance(content, list | tuple) and content:
        for value in content:
            first, *rest = _format_lines(value)
            yield f"- {first}"
            yield from map(_indent_line, rest)
    elif isinstance(content, str) and _BLOCK_TEXT.fullmatch(content):
        yield "|-"
        yield from map(_indent_line, content.split("\n"))
    else:
        yield _quote_scalar(content)


def _format_entry(name: str, value: Json) -> Iterator[str]:
    first, *rest = _format_lines(value)
    if isinstance(value, str) or not value or not isinstance(value, Mapping | list | tuple):
        yield f"{name} {first}"
        yield from rest
    else:
        yield name
        yield from map(_indent_line, (first, *rest))


def _indent_line(line: str) -> str:
    return f"  {line}" if line else line


def _format_key(name: str) -> str:
    plain = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]+", name, re.ASCII) and name.lower() not in _RESERVED_WORDS
    return name if plain else _quote_scalar(name)


_RESERVED_WORDS = frozenset({"true", "false", "null", "yes", "no", "on", "off"})
"""What YAML 1.1 takes for something else than text."""


def _quote_scalar(scalar: Json) -> str:
    return _UNPRINTABLE.sub(_escape_character, json.dumps(scalar, ensure_ascii=False))


def _escape_character(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\U{code:08x}" if code > 0xFFFF else f"\\u{code:04x}"
