"""Entries in the material ledger, said in a few words."""

import json
from datetime import datetime
from typing import LiteralString, cast
from uuid import uuid4

from dosing_tui.database.connection import Session
from tests.support.database.schema_inspection import fetch_value
from tests.support.domain.batch_messages import STATION

_ENTER: LiteralString = "SELECT enter_material(%s)"


def enter_material(
    place: str | Session, at: datetime, kind: str, grams: float, lot: str = "", **changes: object
) -> int | None:
    """The number of the entry. ``place``: a connection string, or a session, which plans it once for many."""
    entry = {
        "entry_key": f"cli:{uuid4()}", "time": at.isoformat(), "device_id": STATION, "chemical": "T-12",
        "kind": kind, "entered_quantity": grams, "entered_unit": "g", "lot_number": lot, "source": "cli",
        "operator": "Anna", "reason": "as told", **changes,
    }  # fmt: skip
    if isinstance(place, str):
        return cast(int | None, fetch_value(place, _ENTER, json.dumps(entry)))
    ((number,),) = place.execute(_ENTER, (json.dumps(entry),))
    return cast(int | None, number)
