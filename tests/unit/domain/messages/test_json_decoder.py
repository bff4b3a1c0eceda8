"""Messages to records: what is JSON, what nearly is, and what is set aside."""

import json

import pytest

from dosing_tui.domain.messages.json_decoder import (
    MAX_BYTES,
    MAX_FAILURES,
    MAX_RECORDS,
    DecodeFailure,
    JsonRecord,
    decode_records,
)
from tests.support.domain.payload_samples import DOSE, EVENT, LEVEL

A, B, C = b'{"a":1}', b'{"b":2}', b'{"c":3}'


def decode_fields(payload: bytes) -> list[dict[str, object] | str]:
    """The fields of each record, and the bytes of each piece that is none."""
    return [
        piece.fields if isinstance(piece, JsonRecord) else piece.raw.decode()
        for piece in decode_records(payload)
    ]


def decode_reason(payload: bytes) -> str:
    (piece,) = decode_records(payload)
    assert isinstance(piece, DecodeFailure)
    return piece.reason


def test_an_object_is_a_record_with_the_bytes_it_came_in() -> None:
    assert decode_records(DOSE) == (JsonRecord(json.loads(DOSE), DOSE, DOSE),)


@pytest.mark.parametrize(
    "padded", [b"\xef\xbb\xbf" + A, A + b"\0", A + b"\r\n", b" \n" + A + b" ", b"\xef\xbb\xbf " + A + b"\0\0"]
)
def test_what_is_around_the_record_is_no_part_of_it(padded: bytes) -> None:
    assert decode_records(padded) == (JsonRecord({"a": 1}, A, A),)


@pytest.mark.parametrize(
    "together",
    [
        b"[" + A + b"," + B + b"]",
        b"[\n  " + A + b",\n  " + B + b"\n]\n",
        A + B,
        A + b"\n" + B + b"\n",
        A + b"\r\n\r\n" + B,
        b"[" + A + b"," + B + b",]",
        b"[" + A + b"," + B,
    ],
)
def test_records_of_one_message_keep_their_order(together: bytes) -> None:
    assert decode_fields(together) == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize(
    ("broken", "found"),
    [
        (b"[" + A + b",{oops}," + C + b"]", [{"a": 1}, "{oops}", {"c": 3}]),
        (b"[" + A + b',{"b":},' + C + b"]", [{"a": 1}, '{"b":}', {"c": 3}]),
        (b"[" + A + b",7,null," + C + b"]", [{"a": 1}, "7", "null", {"c": 3}]),
        (b"[" + A + b"," + C + b',{"dev', [{"a": 1}, {"c": 3}, '{"dev']),
        (b"[[" + A + b"]," + C + b"]", ['[{"a":1}]', {"c": 3}]),
        (A + b'\n{"b":\n' + C, [{"a": 1}, '{"b":\n{"c":3}']),
        (A + b"\n{b}\n" + C, [{"a": 1}, "{b}", {"c": 3}]),
        (A + b" and more", [{"a": 1}, "and more"]),
        (b'[{"a":1,"a":2},' + C + b"]", ['{"a":1,"a":2}', {"c": 3}]),
    ],
)
def test_a_broken_record_leaves_its_neighbours_alone(broken: bytes, found: list[object]) -> None:
    assert decode_fields(broken) == found


@pytest.mark.parametrize(
    ("payload", "why"),
    [
        (b"", "the message is empty"),
        (b" \r\n", "the message is empty"),
        (b"\xef\xbb\xbf\0", "the message is empty"),
        (b"[]", "the message is an empty list"),
        (b"null", "a record has to be a JSON object, not null"),
        (b"42", "a record has to be a JSON object, not 42"),
        (b"true", "a record has to be a JSON object, not true"),
        (b'"start"', "a record has to be a JSON object, not 'start'"),
        (b"[[]]", "a record has to be a JSON object, not a list"),
        (b"ping", "the message is not JSON: 'ping'"),
        (b"\xff\xfe\x00{", "the message is not JSON: '���{'"),
        (b"12 apples", "the message is not JSON: '12 apples'"),
        (b'{"a":1,}', "the record is not JSON: a comma too many before } at character 8"),
        (b'{"a":[1, ],"b":2}', "the record is not JSON: a comma too many before ] at character 10"),
        (b'{"a":1,"b":2,"a":3}', "the field 'a' appears twice"),
        (b'{"a":1', "the record is cut off: the message ends in the middle of it"),
        (b'{"a":"x', "the record is cut off: the message ends in the middle of it"),
        (b'{"a":1 "b":2}', "the record is not JSON: Expecting ',' delimiter at character 8"),
    ],
)
def test_what_is_no_record_is_set_aside_with_a_reason(payload: bytes, why: str) -> None:
    assert decode_reason(payload) == why


@pytest.mark.parametrize("deep", [b"[" * 60_000, b'{"a":' * 12_000])
def test_what_is_nested_too_deeply_is_set_aside(deep: bytes) -> None:
    """How deep the parser goes, and so which of the two is noticed first, differs between Pythons."""
    assert decode_reason(deep).removesuffix(": the message ends in the middle of it") in (
        "the record is nested too deeply",
        "the record is cut off",
    )


def test_what_is_set_aside_keeps_its_bytes() -> None:
    for payload in (b"\xff\xfe{\x00", b'{"a":"\xe4"', b"null\n"):
        (piece,) = decode_records(payload)
        assert piece.raw == payload


def test_a_message_beyond_the_limit_is_not_looked_into() -> None:
    too_large = b'{"a":"' + b"x" * MAX_BYTES + b'"}'
    (piece,) = decode_records(too_large)
    assert piece.raw == too_large[:MAX_BYTES]
    assert (
        decode_reason(too_large) == "the message has 65544 bytes, more than 65536; the first 65536 are kept"
    )
    just_right = b'{"a":"' + b"x" * (MAX_BYTES - 8) + b'"}'
    assert len(just_right) == MAX_BYTES
    assert isinstance(decode_records(just_right)[0], JsonRecord)


@pytest.mark.parametrize(
    "bare",
    ["nan", "-nan", "NAN", "nan(0x7ff8)", "-nan(ind)", "inf", "-inf", "INF", "infinity", "NaN", "Infinity"],
)
def test_a_number_that_is_none_does_not_spoil_the_record(bare: str) -> None:
    (found,) = decode_fields(f'{{"a":{bare},"nan":"nan \\" nan","b": {bare} }}'.encode())
    assert isinstance(found, dict)
    assert found["nan"] == 'nan " nan'
    assert all(
        isinstance(found[key], float) and str(found[key]).lstrip("-") in ("nan", "inf") for key in "ab"
    )


def test_repaired_records_keep_their_own_bytes() -> None:
    one, two = b'{"a":-inf}', b'{"b":nan(7)}'
    assert [piece.raw for piece in decode_records(one + b"\n" + two)] == [one, two]
    assert [piece.raw for piece in decode_records(b"[ " + one + b" , " + two + b" ]")] == [one, two]


def test_invalid_utf8_inside_a_text_does_not_spoil_the_record() -> None:
    (piece,) = decode_records(b'{"a":"Gr\xf6\xdfe"}')
    assert isinstance(piece, JsonRecord)
    assert piece.raw == b'{"a":"Gr\xf6\xdfe"}'


def test_raw_control_characters_inside_a_text_do_not_spoil_the_record() -> None:
    assert decode_fields(b'{"a":"x\x00\x1b\n"}') == [{"a": "x\0\x1b\n"}]


def test_a_number_of_thousands_of_digits_stays_text() -> None:
    digits = "9" * 5_000
    assert decode_fields(f'{{"a":{digits},"b":1}}'.encode()) == [{"a": digits, "b": 1}]


def test_a_record_in_a_list_is_the_same_however_the_list_is_laid_out() -> None:
    (one,) = decode_records(b'[{"a":1,"b":[2]}]')
    (two,) = decode_records(b'[\n{ "b" : [ 2 ], "a" : 1 }\n]')
    assert isinstance(one, JsonRecord)
    assert isinstance(two, JsonRecord)
    assert one.identity == two.identity


def test_a_flood_of_records_or_of_nonsense_is_bounded() -> None:
    many = decode_records(b"[" + b"{}," * 20_000 + b"{}]")
    assert len(many) == MAX_RECORDS + 1
    assert isinstance(many[-1], DecodeFailure)
    assert many[-1].reason == "more than 2000 records in one message"
    assert len(many[-1].raw) > 50_000
    assert len(decode_records(b"[" + b"{x}," * 15_000 + b"]")) == MAX_FAILURES + 1


@pytest.mark.parametrize(
    "hard",
    [
        b'{"' + b'\\"' * 30_000,
        b'{"a":[{},' * 7_000,
        b'"' * 60_000,
        b"{" + b'"}{' * 20_000,
        b"[" + b"nan," * 15_000,
        b"{" + b"nan(" * 15_000,
        b"[" + b", " * 30_000 + b"{",
        b"{}" + b" ]" * 30_000,
        b"{" + b"}, \n" * 15_000,
    ],
    ids=lambda payload: repr(payload[:12]),
)
def test_hostile_messages_come_out_whole(hard: bytes) -> None:
    assert len(decode_records(hard)) >= 1


@pytest.mark.parametrize("payload", [DOSE, EVENT, LEVEL])
def test_every_cut_off_message_is_one_rejection(payload: bytes) -> None:
    for end in range(1, len(payload)):
        (piece,) = decode_records(payload[:end])
        assert isinstance(piece, DecodeFailure)
        assert piece.raw == payload[:end]
