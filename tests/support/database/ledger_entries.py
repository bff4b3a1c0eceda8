"""Entries in the material ledger, said in a few words."""

import json
from datetime import datetime
from uuid import uuid4

from tests.support.database.schema_inspection import fetch_value
from tests.support.domain.batch_messages import STATION


def enter_material(
    dsn: str, at: datetime, kind: str, grams: float, lot: str = "", **changes: object
) -> int | None:
    """The number of the entry."""
    entry = {
        "entry_key": f"cli:{uuid4()}", "time": at.isoformat(), "device_id": STATION, "chemical": "T-12",
        "kind": kind, "entered_quantity": grams, "entered_unit": "g", "lot_number": lot, "source": "cli",
        "operator": "Anna", "reason": "as told", **changes,
    }  # fmt: skip
    number: int | None = fetch_value(dsn, "SELECT enter_material(%s)", json.dumps(entry))
    return number
