"""Message bytes to records: JSON objects alone, in a list or one after another, each on its own.

Nothing is lost: whatever cannot be read comes out as an Unreadable with its bytes. In a list, and among
objects that follow each other (one per line or back to back), a record that is not JSON is set aside up to
where the next one begins; in a list, commas too many and a missing closing bracket are overlooked.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from dosing_tui.domain.messages.field_coercion import quoted
from dosing_tui.domain.messages.text_sanitizer import clean_line

MAX_BYTES = 64 * 1024
"""A larger message is not looked into: it would only serve to exhaust memory or the parser's depth."""
MAX_RECORDS = 2_000
"""More records than fit into MAX_BYTES if they are any use; the rest of the message is one Unreadable."""
MAX_UNREADABLE = 20
"""After so many pieces that are not JSON the rest of the message is one Unreadable."""
MAX_DIGITS = 30
"""Integers longer than this stay text: Python refuses, rightly, to compute with thousands of digits."""

_PADDING = " \t\r\n\0\ufeff"
"""Around the record: blanks, the NUL that ends a C string, a byte order mark."""
_BETWEEN = re.compile(r"[\s\0]*")
_BETWEEN_IN_LIST = re.compile(r"[\s\0,]*(?:\][\s\0]*\Z)?")
_NEXT = re.compile(r"\}[\s\0,]*(?=\{)")
_BARE_NUMBER = re.compile(
    r'"(?:[^"\\]++|\\.)*+"?|[-+]?\b(?:nan|inf(?:inity)?)\b(?:\([^()"]*\))?', re.IGNORECASE | re.DOTALL
)
"""A whole string, to be passed over, or a number as C's printf writes one that is not finite."""
_COMMA_TOO_MANY = re.compile(r",\s*[}\]]")


@dataclass(frozen=True, slots=True)
class Record:
    """One JSON object. ``raw`` are its bytes as sent; ``identity`` is what tells it from other records."""

    fields: dict[str, object]
    raw: bytes
    identity: bytes


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A piece of a message that is no record, with the sentence that says why."""

    raw: bytes
    reason: str


Piece: TypeAlias = Record | Unreadable


@dataclass(frozen=True, slots=True)
class Twice:
    """Stands for an object in which a key appears twice: which of the values is meant nobody knows."""

    key: str


def _object(pairs: list[tuple[str, object]]) -> dict[str, object] | Twice:
    fields = dict(pairs)
    if len(fields) == len(pairs):
        return fields
    counts = Counter(key for key, _ in pairs)
    return Twice(max(counts, key=counts.__getitem__))


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_DIGITS else digits


_QUICK = json.JSONDecoder(object_pairs_hook=_object, strict=False)
_CAREFUL = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer, strict=False)


def pieces(payload: bytes) -> tuple[Piece, ...]:
    """Every record of the message in its order, and what is between them. Never raises, never empty."""
    if len(payload) > MAX_BYTES:
        size = f"the message has {len(payload)} bytes, more than {MAX_BYTES}; the first {MAX_BYTES} are kept"
        return (Unreadable(payload[:MAX_BYTES], size),)
    whole = payload.decode("utf-8", "surrogateescape")
    text = whole.strip(_PADDING)
    raw = payload if text is whole else _bytes(text)
    try:
        value, end = _QUICK.raw_decode(text)
    except (ValueError, RecursionError):
        value, end = None, -1
    if type(value) is dict and end == len(text):
        return (Record(value, raw, raw),)
    if text[:1] in ("{", "["):
        return tuple(_one_by_one(text)) or (Unreadable(raw, "the message is an empty list"),)
    return (Unreadable(payload, _no_record(text, value if end == len(text) else Ellipsis)),)


def _one_by_one(text: str) -> Iterator[Piece]:
    in_list = text[0] == "["
    between = _BETWEEN_IN_LIST if in_list else _BETWEEN
    readable = _with_nan(text)
    at, taken, unreadable = int(in_list), 0, 0
    while (at := _skip(between, text, at)) < len(text):
        if taken == MAX_RECORDS:
            yield Unreadable(_bytes(text[at:]), f"more than {MAX_RECORDS} records in one message")
            return
        piece, at = _piece(text, readable, at, in_list, resume=unreadable < MAX_UNREADABLE)
        unreadable += type(piece) is Unreadable
        taken += 1
        yield piece


def _skip(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _piece(text: str, readable: str, at: int, in_list: bool, *, resume: bool) -> tuple[Piece, int]:
    """The piece that begins at ``at``, and its end. ``readable`` is ``text`` with its numbers repaired."""
    try:
        value, end = _CAREFUL.raw_decode(readable, at)
        raw = _bytes(text[at:end])
        if type(value) is dict:
            return Record(value, raw, _canonical(value) if in_list else raw), end
        return Unreadable(raw, _no_record("", value)), end
    except (ValueError, RecursionError) as error:
        found = _NEXT.search(text, at) if resume else None
        end = found.start() + 1 if found else len(text)
        return Unreadable(_bytes(text[at:end]), _why(readable, error)), end


def _with_nan(text: str) -> str:
    """Bare nan, -nan and inf as the NaN that the parser reads, in the same number of characters."""

    def repaired(found: re.Match[str]) -> str:
        token = found[0]
        return token if token.startswith('"') else "NaN".rjust(len(token))

    return _BARE_NUMBER.sub(repaired, text)


def _canonical(fields: dict[str, object]) -> bytes:
    """The same bytes however the list around the record was laid out."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), default=repr).encode()


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _no_record(text: str, value: object) -> str:
    if not text and value is Ellipsis:
        return "the message is empty"
    if value is Ellipsis:
        return f"the message is not JSON: {quoted(text)}"
    if isinstance(value, Twice):
        return f"the field {quoted(value.key)} appears twice"
    return f"a record has to be a JSON object, not {quoted(value)}"


def _why(text: str, error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "the record is nested too deeply"
    if not isinstance(error, json.JSONDecodeError):
        return clean_line(f"the record is not JSON: {error}")
    comma = _COMMA_TOO_MANY.search(text, max(0, error.pos - 40))
    if comma and comma.start() <= error.pos < comma.end():
        return f"the record is not JSON: a comma too many before {comma[0][-1]} at character {comma.end()}"
    if error.pos >= len(text) or error.msg.startswith("Unterminated"):
        return "the record is cut off: the message ends in the middle of it"
    return clean_line(f"the record is not JSON: {error.msg} at character {error.pos + 1}")
