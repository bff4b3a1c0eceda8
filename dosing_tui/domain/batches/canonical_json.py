"""Batch record as canonical JSON, for hashing and signing: equal records give equal bytes on any machine."""

import json
from datetime import UTC, datetime
from hashlib import sha256

from dosing_tui.domain.batches.models import Batch, BatchMessage, StockChange
from dosing_tui.domain.messages.models import BatchEvent, Dose

FORMAT_VERSION = 2
"""Version of the record format, part of the hashed record. Since 2, stock changes have ``attributed``."""

SENT_NAMES = ("batch_id", "lot", "operator")
"""Few stations send them, and a record has only those that were sent."""


def to_canonical_json(value: object) -> str:
    """Encode as JSON with sorted keys and without spaces.

    Raises: ValueError for NaN and infinite numbers.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def hash_text(text: str) -> str:
    """Return the SHA-256 of a text as 64 hexadecimal digits."""
    return sha256(text.encode()).hexdigest()


def batch_to_record(batch: Batch, *, record_format: int = FORMAT_VERSION) -> str:
    """Format the record of a batch with its messages; without assessment, key and number.

    ``record_format``: an earlier one gives the bytes that it gave then.
    """
    return to_canonical_json(
        {
            "format": record_format,
            "device_id": batch.device_id,
            "recipe": batch.recipe,
            "mode": batch.mode,
            "status": batch.status.value,
            "reason": batch.reason,
            "begins_at": format_instant(batch.begins_at),
            "ends_at": None if batch.ends_at is None else format_instant(batch.ends_at),
            "pumps": batch.pumps,
            "marks": batch.anomalies,
            "doses": [_dose_to_dict(dose) for dose in batch.doses],
            "events": [_event_to_dict(event) for event in batch.events],
            "stock": [_stock_to_dict(change, record_format) for change in batch.stock],
        }
    )


def format_instant(moment: datetime) -> str:
    """Format a time as ISO 8601 in UTC with microseconds; equal times give equal text."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _dose_to_dict(dose: Dose) -> dict[str, object]:
    return {
        "time": format_instant(dose.time),
        "pump": dose.pump,
        "chemical": dose.chemical,
        "target_g": dose.target_g,
        "actual_g": dose.actual_g,
        "error_g": dose.error_g,
        "recipe": dose.recipe,
        "mode": dose.mode,
        "duration_ms": dose.duration_ms,
        "dedup": dose.dedup,
        "time_quality": dose.time_quality.value,
        "flags": list(dose.flags),
        **_list_sent(dose),
    }


def _event_to_dict(event: BatchEvent) -> dict[str, object]:
    return {
        "time": format_instant(event.time),
        "event": event.event,
        "recipe": event.recipe,
        "pumps": event.pumps,
        "dedup": event.dedup,
        "time_quality": event.time_quality.value,
        "flags": list(event.flags),
        **_list_sent(event),
    }


def _list_sent(message: BatchMessage) -> dict[str, str]:
    return {name: text for name in SENT_NAMES if (text := getattr(message, name))}


def _stock_to_dict(change: StockChange, record_format: int) -> dict[str, object]:
    return {
        "chemical": change.chemical,
        "before_g": change.before_g,
        "after_g": change.after_g,
        "percent_after": change.percent_after,
        "capacity_g": change.capacity_g,
        "taken_g": change.taken_g,
        "doses": change.doses,
        **({"attributed": change.attributed} if record_format > 1 else {}),
    }
