"""A batch out of its canonical JSON: what was stored or signed, when its readings are long gone."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from dosing_tui.domain.batches.models import Batch, Message, Status, StockChange, identity
from dosing_tui.domain.batches.reconstruction import ingredients
from dosing_tui.domain.messages.models import BatchEvent, Dose, TimeQuality

Said = Mapping[str, Any]
"""JSON has no types of ours; they are made here, once."""


def batch_of(record: str, key: str) -> Batch:
    """The batch that ``record`` is of; receive times are not part of it and count as the message's time.

    Raises: ValueError, KeyError or TypeError, for anything that is no record.
    """
    said = json.loads(record)
    doses = tuple(_dose(each, said["device_id"]) for each in said["doses"])
    events = tuple(_event(each, said["device_id"]) for each in said["events"])
    messages: tuple[Message, ...] = (*events, *doses)
    first = min(messages, key=lambda message: message.time)
    return Batch(
        key=key,
        device_id=said["device_id"],
        recipe=said["recipe"],
        mode=said["mode"],
        status=Status(said["status"]),
        reason=said["reason"],
        begins_at=_moment(said["begins_at"]),
        ends_at=None if said["ends_at"] is None else _moment(said["ends_at"]),
        last_at=max(message.time for message in messages),
        anchor=identity(first),
        pumps=said["pumps"],
        doses=doses,
        events=events,
        stock=tuple(StockChange(**change) for change in said["stock"]),
        marks=tuple(said["marks"]),
        ingredients=ingredients(doses),
    )


def _dose(said: Said, device_id: str) -> Dose:
    moment = _moment(said["time"])
    return Dose(
        moment, device_id, said["pump"], said["chemical"], said["target_g"], said["actual_g"],
        said["error_g"],        said["recipe"], said["mode"], said["duration_ms"], said["dedup"], moment,
        TimeQuality(said["time_quality"]), tuple(said["flags"]),
    )  # fmt: skip


def _event(said: Said, device_id: str) -> BatchEvent:
    moment = _moment(said["time"])
    return BatchEvent(
        moment, device_id, said["event"], said["recipe"], said["pumps"], said["dedup"], moment,
        TimeQuality(said["time_quality"]), tuple(said["flags"]),
    )  # fmt: skip


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
