"""Payloads from reports of real plants, with what must become of them."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from dosing_tui.domain.messages.message_parser import MessageParser
from dosing_tui.domain.messages.models import ParsedItem


@dataclass(frozen=True, slots=True)
class PayloadCase:
    name: str
    steps: tuple[tuple[str, str, timedelta], ...]
    """Topic, payload and pause after it."""


def list_cases() -> dict[str, PayloadCase]:
    found = json.loads((Path(__file__).parent / "payload_cases.json").read_text())
    return {
        case["name"]: PayloadCase(
            case["name"],
            tuple((s["topic"], s["payload"], timedelta(seconds=s["pause_s"])) for s in case["steps"]),
        )
        for case in found["cases"]
    }


def receive_case(parser: MessageParser, case: PayloadCase, at: datetime) -> list[ParsedItem]:
    """The items of a case, whose first message is received at ``at``, a moment after its stamps."""
    seconds = int(at.timestamp())
    items: list[ParsedItem] = []
    for topic, payload, pause in case.steps:
        text = payload.replace('"@NOWMS"', str(seconds * 1000)).replace('"@NOW"', str(seconds))
        items += parser.parse_message(topic, text.encode(), received_at=at)
        at += pause
    return items
