"""A batch as canonical JSON, to be hashed and signed: the same facts are the same bytes, on any machine."""

import json
from datetime import UTC, datetime
from hashlib import sha256

from dosing_tui.domain.batches.models import Batch, StockChange
from dosing_tui.domain.messages.models import BatchEvent, Dose

FORMAT_VERSION = 1
"""Which reading of a batch the hash is of; a later program may know another."""


def to_canonical_json(value: object) -> str:
    """JSON with sorted keys and no spaces. Raises: ValueError, for a number that is none."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def hash_text(text: str) -> str:
    """SHA-256 as 64 hexadecimal digits."""
    return sha256(text.encode()).hexdigest()


def batch_to_record(batch: Batch) -> str:
    """The facts of a batch, its messages included; not what is thought of them, nor its key and number."""
    return to_canonical_json(
        {
            "format": FORMAT_VERSION,
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
            "stock": [_stock_to_dict(change) for change in batch.stock],
        }
    )


def format_instant(moment: datetime) -> str:
    """ISO-8601 in UTC, always with microseconds: one moment has one spelling."""
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
    }


def _stock_to_dict(change: StockChange) -> dict[str, object]:
    return {
        "chemical": change.chemical,
        "before_g": change.before_g,
        "after_g": change.after_g,
        "percent_after": change.percent_after,
        "capacity_g": change.capacity_g,
        "taken_g": change.taken_g,
        "doses": change.doses,
    }
