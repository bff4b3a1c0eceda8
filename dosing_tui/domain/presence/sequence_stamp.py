"""The sequence numbers in a message of any topic: optional fields ``seq`` and ``boot_id`` of each record."""

import re
from typing import NamedTuple

from dosing_tui.domain.messages.field_coercion import Fields, parse_optional, parse_text
from dosing_tui.domain.messages.json_decoder import JsonRecord, decode_records
from dosing_tui.domain.messages.message_schema import parse_device_id
from dosing_tui.errors import PayloadError

_NAME = rb'"([!#-\[\]-~]{1,64})"'
_HEAD = re.compile(rb'\{"device_id":' + _NAME + rb",")
_TAIL = re.compile(
    rb',"seq":(0|[1-9][0-9]{0,17})(?:,"boot_id":' + _NAME + rb')?(?:,"timestamp":[0-9]{1,20})?\}\Z'
)
_TAIL_BYTES = 150
"""Begin and end of a record as the firmware prints it: every other one is decoded."""


class SequenceStamp(NamedTuple):
    """``boot_id`` is None where the station sends none."""

    device_id: str
    boot_id: str | None
    number: int


def read_sequence_stamps(payload: bytes, station: str = "") -> tuple[SequenceStamp, ...]:
    """The numbers of a message's records, in their order. Never raises.

    Also of records that are rejected for another field: they arrived. ``station``: of a record without one.
    """
    if b'"seq"' not in payload:
        return ()
    if payload.count(b"{") == payload.count(b'"seq"') == 1 and b"\\" not in payload:
        head, tail = _HEAD.match(payload), _TAIL.search(payload, max(0, len(payload) - _TAIL_BYTES))
        if head and tail:
            number, boot = tail.groups()
            return (SequenceStamp(head[1].decode(), boot.decode() if boot else None, int(number)),)
    records = (record for record in decode_records(payload) if isinstance(record, JsonRecord))
    return tuple(stamp for record in records if (stamp := _read_stamp(record.fields, station)))


def _read_stamp(fields: Fields, station: str) -> SequenceStamp | None:
    number = fields.get("seq")
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < 2**63:
        return None
    try:
        device = parse_device_id(fields, [])
    except PayloadError:
        device = station
    if not device:
        return None
    has_boot = fields.get("boot_id") is not None
    boot = parse_optional(parse_text, fields, "boot_id", []) if has_boot else None
    return SequenceStamp(device, boot or None, number)
