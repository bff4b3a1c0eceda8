"""Learns from time to time how long batches usually take, and keeps it for those that begin from then on.

Judged by the history as it is at the moment, a batch would be judged otherwise by each rebuild: as others
come, or as late messages change what came before. What was learned is therefore entered once, with its time,
as versions of recipes are.
"""

from datetime import datetime, timedelta

from dosing_tui.database.connection import Session
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
"""As long as there was nothing to learn from."""
LEARNING_WINDOW = timedelta(days=90)
"""What is older teaches nothing any more."""
_COLUMNS = ("recipe", "mode", "chemical", "low_s", "high_s", "batches")


def learn_durations(session: Session, *, now: datetime) -> None:
    """In a session that alone rebuilds. What holds for batches that have begun already is not touched."""
    since = {"learned_since": now - LEARNING_INTERVAL, "looked_since": now - RETRY_INTERVAL}
    due = session.execute(read_statement("batches/select_learning_due"), since).fetchone()
    if due != (True,):
        return
    asked = {"from": now - LEARNING_WINDOW, "to": now, "least": MIN_SAMPLES, "most": MAX_BATCHES}
    records = session.execute(read_statement("batches/select_learning_records"), asked).fetchall()
    told = learn_baselines((record_to_batch(record, key) for key, record in records), at=now)
    done = [*told, DurationBaseline("", "", "", now, 0.0, 0.0, len(records))]
    columns = {name: [getattr(each, name) for each in done] for name in _COLUMNS}
    session.execute(read_statement("batches/insert_duration_baselines"), {**columns, "valid_from": now})
