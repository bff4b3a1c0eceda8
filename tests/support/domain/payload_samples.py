"""Payloads as the firmware prints them, and an intake to read them with."""

import json
from datetime import UTC, datetime, timedelta

from dosing_tui.domain.messages.message_parser import ClockRules, MessageParser
from dosing_tui.domain.messages.models import (
    BatchEvent,
    Dose,
    InventoryLevel,
    ParsedItem,
    ReadingKind,
    Rejection,
)

DOSES = "factory/dosing/consumption"
EVENTS = "factory/batch/events"
LEVELS = "factory/inventory/levels"
TOPICS = dict(zip((DOSES, EVENTS, LEVELS), ReadingKind, strict=True))

STAMP = 1_698_765_432
MADE = datetime.fromtimestamp(STAMP, UTC)
RECEIVED = MADE + timedelta(seconds=2)

RULES = ClockRules(max_age=timedelta(days=30), max_ahead=timedelta(minutes=5), device_zone=UTC)

DOSE = (
    b'{"device_id":"dosing_system_01","pump":2,"chemical":"T-12","target_g":40.00,"actual_g":40.15,'
    b'"error_g":0.15,"recipe":"CU-85","mode":"CATALYST","duration_ms":58432,"timestamp":1698765432}'
)
EVENT = b'{"device_id":"dosing_system_01","event":"start","recipe":"CU-85","pumps":2,"timestamp":1698765432}'
LEVEL = (
    b'{"device_id":"dosing_system_01","chemical":"T-12","remaining_g":12345.67,"capacity_g":15000.00,'
    b'"percent_full":82.3}'
)
PAYLOADS = {DOSES: DOSE, EVENTS: EVENT, LEVELS: LEVEL}


def make_parser() -> MessageParser:
    return MessageParser(TOPICS, RULES)


def parse_payload(topic: str, payload: bytes, *, received_at: datetime = RECEIVED) -> tuple[ParsedItem, ...]:
    """The units of one message, as the first one of a new intake."""
    return make_parser().parse_message(topic, payload, received_at=received_at)


def with_raw(payload: bytes, name: str, raw: str) -> bytes:
    """The payload with other characters as the field's value, valid JSON or not."""
    fields = {key: json.dumps(value) for key, value in json.loads(payload).items()}
    fields[name] = raw
    return ("{" + ",".join(f'"{key}":{value}' for key, value in fields.items()) + "}").encode()


def change_fields(payload: bytes, **fields: object) -> bytes:
    return json.dumps(json.loads(payload) | fields).encode()


def remove_fields(payload: bytes, *names: str) -> bytes:
    return json.dumps({k: v for k, v in json.loads(payload).items() if k not in names}).encode()


def a_dose(payload: bytes, *, received_at: datetime = RECEIVED) -> Dose:
    (unit,) = parse_payload(DOSES, payload, received_at=received_at)
    assert isinstance(unit, Dose), unit
    return unit


def an_event(payload: bytes) -> BatchEvent:
    (unit,) = parse_payload(EVENTS, payload)
    assert isinstance(unit, BatchEvent), unit
    return unit


def a_level(payload: bytes) -> InventoryLevel:
    (unit,) = parse_payload(LEVELS, payload)
    assert isinstance(unit, InventoryLevel), unit
    return unit


def a_rejection(topic: str, payload: bytes) -> Rejection:
    (unit,) = parse_payload(topic, payload)
    assert isinstance(unit, Rejection), unit
    assert unit.topic == topic
    return unit
