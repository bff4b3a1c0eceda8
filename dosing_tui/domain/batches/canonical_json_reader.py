"""Parse a batch from its canonical JSON, e.g. after the retention time of its readings."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dosing_tui.domain.batches.canonical_json import SENT_NAMES
from dosing_tui.domain.batches.models import Batch, BatchMessage, BatchStatus, StockChange, identify_message
from dosing_tui.domain.batches.reconstruction import group_ingredients
from dosing_tui.domain.messages.models import BatchEvent, Dose, TimeQuality

JsonDict = Mapping[str, Any]
"""Untyped JSON object; this module converts it to domain types."""


def record_to_batch(record: str, key: str) -> Batch:
    """Parse a batch record. It has no times of receipt; they are set to the times of the messages.

    Raises: ValueError, KeyError or TypeError if the text is not a batch record.
    """
    said = json.loads(record)
    doses = tuple(_parse_dose(each, said["device_id"]) for each in said["doses"])
    events = tuple(_parse_event(each, said["device_id"]) for each in said["events"])
    messages: tuple[BatchMessage, ...] = (*events, *doses)
    first = min(messages, key=lambda message: message.time)
    return Batch(
        key=key,
        device_id=said["device_id"],
        recipe=said["recipe"],
        mode=said["mode"],
        status=BatchStatus(said["status"]),
        reason=said["reason"],
        begins_at=_parse_time(said["begins_at"]),
        ends_at=None if said["ends_at"] is None else _parse_time(said["ends_at"]),
        last_at=max(message.time for message in messages),
        anchor=identify_message(first),
        pumps=said["pumps"],
        doses=doses,
        events=events,
        stock=tuple(StockChange(**change) for change in said["stock"]),
        anomalies=tuple(said["marks"]),
        ingredients=group_ingredients(doses),
    )


def _parse_dose(data: JsonDict, device_id: str) -> Dose:
    moment = _parse_time(data["time"])
    return Dose(
        moment, device_id, data["pump"], data["chemical"], data["target_g"], data["actual_g"],
        data["error_g"],        data["recipe"], data["mode"], data["duration_ms"], data["dedup"], moment,
        TimeQuality(data["time_quality"]), tuple(data["flags"]),
        **{name: data.get(name, "") for name in SENT_NAMES},
    )  # fmt: skip


def _parse_event(data: JsonDict, device_id: str) -> BatchEvent:
    moment = _parse_time(data["time"])
    return BatchEvent(
        moment, device_id, data["event"], data["recipe"], data["pumps"], data["dedup"], moment,
        TimeQuality(data["time_quality"]), tuple(data["flags"]),
        **{name: data.get(name, "") for name in SENT_NAMES},
    )  # fmt: skip


def _parse_time(text: str) -> datetime:
    return datetime.fromisoformat(text)
