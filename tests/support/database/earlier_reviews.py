"""Batches judged and reviewed under record format 1 and rules 1, as the program of that time stored them.

``earlier_reviews.json`` holds the rows that it wrote for ``READINGS`` and ``ALARMS``; it is never made anew.
"""

import json
from datetime import timedelta
from pathlib import Path

import psycopg
from msgspec.structs import replace
from psycopg import sql

from dosing_tui.config.settings import Settings
from dosing_tui.database.alarms import journal
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmKey, JournalEntry, Priority
from tests.support.database.reading_samples import settings_for
from tests.support.database.stored_batches import write_readings
from tests.support.domain.alarm_entries import make_entry, numbered_uuid
from tests.support.domain.batch_messages import (
    NOON,
    STATION,
    make_dose,
    make_event,
    make_level,
    normal_batch,
    seconds_after,
)

ROWS_FILE = Path(__file__).with_name("earlier_reviews.json")
TABLES = ("batch_numbers", "batches", "batch_records", "audit_trail", "batch_reviews")
JUDGED_AT = NOON + timedelta(hours=2)

READINGS = [
    make_level(-60, "L25B", 1_500.0),
    *normal_batch(),
    # an alarm of the station, a low tank, and a jump of a tank that it did not use
    make_event(400, "start"),
    make_dose(461, "T-9"),
    make_level(461.1, "T-9", 1_700.0),
    make_level(470, "L25B", 9_000.0),
    make_dose(522, "T-12", target_g=5.0, actual_g=5.1),
    make_event(525, "complete"),
    # out of tolerance
    make_event(800, "start"),
    make_dose(861, "T-9", actual_g=43.0),
    make_dose(922, "T-12", target_g=5.0, actual_g=5.1),
    make_event(925, "complete"),
    *normal_batch(1200),
    *normal_batch(1600),
    *normal_batch(2000),
]
"""Six batches: approved, with deviation and confirmed, rejected, needs information, commented, untouched."""


def _make_alarm(number: int, event: AlarmEvent, seconds: float, key: AlarmKey) -> JournalEntry:
    at = seconds_after(seconds)
    return replace(
        make_entry(event), uuid=numbered_uuid(number), id=0, key=key, at=at, received_at=at,
        priority=Priority.LOW, message="Many doses out of tolerance.", comment="",
    )  # fmt: skip


RATE = AlarmKey("ERR_RATE_1H", STATION)
ALARMS = [_make_alarm(1, AlarmEvent.RAISE, 410, RATE), _make_alarm(2, AlarmEvent.RETURN, 2_500, RATE)]
"""Of the station: active in every batch but the first."""


def store_earlier_reviews(dsn: str) -> Settings:
    """The readings, the alarms, and what the earlier program made of them; the settings of that plant."""
    settings = settings_for(dsn)
    write_readings(dsn, READINGS)
    journal.append_entries(settings, ALARMS)
    stored = json.loads(ROWS_FILE.read_text())
    with psycopg.connect(dsn) as session:
        for table in TABLES:
            name = sql.Identifier(table)
            session.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(name))
            for row in stored[table]:
                columns = sql.SQL(", ").join(map(sql.Identifier, row))
                values = sql.SQL(", ").join(map(sql.Placeholder, row))
                session.execute(sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(name, columns, values), row)
            session.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(name))
    return settings
