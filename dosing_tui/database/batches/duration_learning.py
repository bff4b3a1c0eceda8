"""Learns usual batch durations periodically, as the baseline of batches that begin later.

An assessment against the current history would change with every reconstruction, as batches are added or late
messages arrive. A baseline is therefore stored once with its time, as versions of recipes are.
"""

from datetime import datetime, timedelta

from dosing_tui.database.connection import Session, fetch_row
from dosing_tui.database.sql_files import read_statement
from dosing_tui.domain.batches.canonical_json_reader import record_to_batch
from dosing_tui.domain.batches.duration_baseline import (
    MAX_BATCHES,
    MIN_SAMPLES,
    DurationBaseline,
    learn_baselines,
)

LEARNING_INTERVAL = timedelta(days=7)
RETRY_INTERVAL = timedelta(days=1)
"""Interval of learning runs while there are too few batches."""
MAX_QUICK_RECORDS = 2_000
"""Learning from so many records takes less than the start of a process: they are read one by one."""
LEARNING_WINDOW = timedelta(days=90)
"""Older batches are not used."""
_COLUMNS = ("recipe", "mode", "chemical", "low_s", "high_s", "batches")


def is_learning_due(session: Session, *, now: datetime) -> bool:
    """Whether the last run is too long ago."""
    since = {"learned_since": now - LEARNING_INTERVAL, "looked_since": now - RETRY_INTERVAL}
    return session.execute(read_statement("batches/select_learning_due"), since).fetchone() == (True,)


def is_learning_quick(session: Session, *, now: datetime) -> bool:
    """Whether there is little to learn from: however many batches a plant has, few of a recipe are read."""
    return _count_records(session, now) <= MAX_QUICK_RECORDS


def learn_durations(session: Session, *, now: datetime) -> None:
    """Learn in the session that holds the rebuild lock. Existing baselines do not change."""
    if not is_learning_due(session, now=now):
        return
    count = _count_records(session, now)
    with session.cursor() as cursor:
        # one by one: a process that has held hundreds of records stays larger by them
        records = cursor.stream(read_statement("batches/select_learning_records"), _choose_batches(now))
        told = learn_baselines((record_to_batch(record, key) for key, record in records), at=now)
    done = [*told, DurationBaseline("", "", "", now, 0.0, 0.0, count)]
    columns = {name: [getattr(each, name) for each in done] for name in _COLUMNS}
    session.execute(read_statement("batches/insert_duration_baselines"), {**columns, "valid_from": now})


def _count_records(session: Session, now: datetime) -> int:
    counted = session.execute(read_statement("batches/count_learning_records"), _choose_batches(now))
    (count,) = fetch_row(counted)
    return int(count)


def _choose_batches(now: datetime) -> dict[str, object]:
    return {"from": now - LEARNING_WINDOW, "to": now, "least": MIN_SAMPLES, "most": MAX_BATCHES}
