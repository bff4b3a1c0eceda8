"""Decode message bytes to JSON records: a single object, an array, or concatenated objects (NDJSON).

Unreadable bytes are returned as a DecodeFailure. After an invalid record, decoding resumes at the next
object. In an array, extra commas and a missing closing bracket are accepted.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import TypeAlias

from msgspec import Struct

from dosing_tui.domain.messages.field_coercion import quote_value
from dosing_tui.domain.messages.text_sanitizer import clean_line

MAX_BYTES = 64 * 1024
"""Maximum message size in bytes. A larger message is not decoded: it could exhaust memory or the stack."""
MAX_RECORDS = 2_000
"""Maximum records per message, above what fits into MAX_BYTES. The remainder is one DecodeFailure."""
MAX_FAILURES = 20
"""Maximum invalid records per message. The remainder of the message is one DecodeFailure."""
MAX_DIGITS = 30
"""Maximum digits of an integer. Longer ones stay text: Python limits integers to 4300 digits."""

_PADDING = " \t\r\n\0\ufeff"
"""Characters stripped around a record: whitespace, the NUL of a C string, a byte order mark."""
_SEPARATOR = re.compile(r"[\s\0]*")
_LIST_SEPARATOR = re.compile(r"[\s\0,]*(?:\][\s\0]*\Z)?")
_NEXT_RECORD = re.compile(r"\}[\s\0,]*(?=\{)")
_BARE_NUMBER = re.compile(
    r'"(?:[^"\\]++|\\.)*+"?|[-+]?\b(?:nan|inf(?:inity)?)\b(?:\([^()"]*\))?', re.IGNORECASE | re.DOTALL
)
"""A complete string, which is skipped, or a non-finite number as C ``printf`` formats it."""
_EXTRA_COMMA = re.compile(r",\s*[}\]]")


class JsonRecord(Struct, frozen=True):
    """One JSON object. ``raw``: its bytes as received; ``identity``: the bytes hashed for deduplication."""

    fields: dict[str, object]
    raw: bytes
    identity: bytes


class DecodeFailure(Struct, frozen=True):
    """Part of a message that is not a valid record, with the reason."""

    raw: bytes
    reason: str


DecodeResult: TypeAlias = JsonRecord | DecodeFailure


class DuplicateKey(Struct, frozen=True):
    """Placeholder for an object with a duplicate key: the intended value is ambiguous."""

    key: str


def _build_object(pairs: list[tuple[str, object]]) -> dict[str, object] | DuplicateKey:
    fields = dict(pairs)
    if len(fields) == len(pairs):
        return fields
    counts = Counter(key for key, _ in pairs)
    return DuplicateKey(max(counts, key=counts.__getitem__))


def _parse_integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= MAX_DIGITS else digits


_FAST_DECODER = json.JSONDecoder(object_pairs_hook=_build_object, strict=False)
_BOUNDED_DECODER = json.JSONDecoder(object_pairs_hook=_build_object, parse_int=_parse_integer, strict=False)


def decode_records(payload: bytes) -> tuple[DecodeResult, ...]:
    """Decode all records of a message, and the failures between them, in payload order.

    Never raises; the result has at least one element.
    """
    if len(payload) > MAX_BYTES:
        size = f"the message has {len(payload)} bytes, more than {MAX_BYTES}; the first {MAX_BYTES} are kept"
        return (DecodeFailure(payload[:MAX_BYTES], size),)
    whole = payload.decode("utf-8", "surrogateescape")
    text = whole.strip(_PADDING)
    raw = payload if text is whole else _encode_text(text)
    try:
        value, end = _FAST_DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        value, end = None, -1
    if type(value) is dict and end == len(text):
        return (JsonRecord(value, raw, raw),)
    if text[:1] in ("{", "["):
        return tuple(_decode_each(text)) or (DecodeFailure(raw, "the message is an empty list"),)
    return (DecodeFailure(payload, _describe_non_record(text, value if end == len(text) else Ellipsis)),)


def _decode_each(text: str) -> Iterator[DecodeResult]:
    in_list = text[0] == "["
    between = _LIST_SEPARATOR if in_list else _SEPARATOR
    readable = _normalize_nan(text)
    at, taken, unreadable = int(in_list), 0, 0
    while (at := _skip_pattern(between, text, at)) < len(text):
        if taken == MAX_RECORDS:
            yield DecodeFailure(_encode_text(text[at:]), f"more than {MAX_RECORDS} records in one message")
            return
        piece, at = _decode_next(text, readable, at, in_list, resume=unreadable < MAX_FAILURES)
        unreadable += type(piece) is DecodeFailure
        taken += 1
        yield piece


def _skip_pattern(pattern: re.Pattern[str], text: str, at: int) -> int:
    found = pattern.match(text, at)
    return found.end() if found else at


def _decode_next(
    text: str, repaired_text: str, at: int, in_list: bool, *, resume: bool
) -> tuple[DecodeResult, int]:
    """Decode the record that begins at index ``at``; return it and its end index.

    ``repaired_text`` is ``text`` with non-finite numbers replaced; both have the same length.
    """
    try:
        value, end = _BOUNDED_DECODER.raw_decode(repaired_text, at)
        raw = _encode_text(text[at:end])
        if type(value) is dict:
            return JsonRecord(value, raw, _encode_canonical(value) if in_list else raw), end
        return DecodeFailure(raw, _describe_non_record("", value)), end
    except (ValueError, RecursionError) as error:
        found = _NEXT_RECORD.search(text, at) if resume else None
        end = found.start() + 1 if found else len(text)
        return DecodeFailure(_encode_text(text[at:end]), _describe_error(repaired_text, error)), end


def _normalize_nan(text: str) -> str:
    """Replace bare nan, -nan and inf by NaN, which ``json`` accepts. The text length is unchanged."""

    def repaired(found: re.Match[str]) -> str:
        token = found[0]
        return token if token.startswith('"') else "NaN".rjust(len(token))

    return _BARE_NUMBER.sub(repaired, text)


def _encode_canonical(fields: dict[str, object]) -> bytes:
    """Encode a record canonically, independent of the whitespace and key order received."""
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), default=repr).encode()


def _encode_text(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _describe_non_record(text: str, value: object) -> str:
    if not text and value is Ellipsis:
        return "the message is empty"
    if value is Ellipsis:
        return f"the message is not JSON: {quote_value(text)}"
    if isinstance(value, DuplicateKey):
        return f"the field {quote_value(value.key)} appears twice"
    return f"a record has to be a JSON object, not {quote_value(value)}"


def _describe_error(text: str, error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "the record is nested too deeply"
    if not isinstance(error, json.JSONDecodeError):
        return clean_line(f"the record is not JSON: {error}")
    comma = _EXTRA_COMMA.search(text, max(0, error.pos - 40))
    if comma and comma.start() <= error.pos < comma.end():
        return f"the record is not JSON: a comma too many before {comma[0][-1]} at character {comma.end()}"
    if error.pos >= len(text) or error.msg.startswith("Unterminated"):
        return "the record is cut off: the message ends in the middle of it"
    return clean_line(f"the record is not JSON: {error.msg} at character {error.pos + 1}")
