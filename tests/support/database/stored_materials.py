"""Entries of the material ledger, stored as a station's: without checks of what a person may enter."""

import json
from collections.abc import Iterable

import psycopg

from tests.support.database.sample_month import LedgerEntry


def write_materials(dsn: str, entries: Iterable[LedgerEntry]) -> None:
    """In their order, each with its own key."""
    with psycopg.connect(dsn) as session:
        for number, (device, chemical, entry) in enumerate(entries):
            session.execute("SELECT enter_material(%s)", [json.dumps({
                "entry_key": f"station:{number}", "source": "station", "time": entry.time.isoformat(),
                "device_id": device, "chemical": chemical, "kind": entry.kind.value,
                "entered_quantity": entry.mass_g, "entered_unit": "g", "operator": "Anna", "reason": "test",
            })])  # fmt: skip
