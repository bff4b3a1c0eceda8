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
MAX_QUICK_BATCHES = 100
"""Learning from so many stored batches takes some milliseconds."""
LEARNING_WINDOW = timedelta(days=90)
"""Older batches are not used."""
_COLUMNS = ("recipe", "mode", "chemical", "low_s", "high_s", "batches")


def is_learning_due(session: Session, *, now: datetime) -> bool:
    """Whether the last run is too long ago."""
    since = {"learned_since": now - LEARNING_INTERVAL, "looked_since": now - RETRY_INTERVAL}
    return session.execute(read_statement("batches/select_learning_due"), since).fetchone() == (True,)


def is_learning_quick(session: Session) -> bool:
    """Whether there is little to learn from, as in a new plant."""
    most = {"rows": MAX_QUICK_BATCHES + 1}
    (count,) = fetch_row(session.execute(read_statement("batches/count_batches_up_to"), most))
    return bool(count <= MAX_QUICK_BATCHES)


def learn_durations(session: Session, *, now: datetime) -> None:
    """Learn in the session that holds the rebuild lock. Existing baselines do not change."""
    if not is_learning_due(session, now=now):
        return
    parameters = {"from": now - LEARNING_WINDOW, "to": now, "least": MIN_SAMPLES, "most": MAX_BATCHES}
    records = session.execute(read_statement("batches/select_learning_records"), parameters).fetchall()
    told = learn_baselines((record_to_batch(record, key) for key, record in records), at=now)
    done = [*told, DurationBaseline("", "", "", now, 0.0, 0.0, len(records))]
    columns = {name: [getattr(each, name) for each in done] for name in _COLUMNS}
    session.execute(read_statement("batches/insert_duration_baselines"), {**columns, "valid_from": now})
