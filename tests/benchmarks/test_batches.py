"""How long batches take to be rebuilt, listed and shown: figures only, shown with -s.

BENCHMARK_BATCHES=100000 is a big plant's quarter.
"""

import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import LiteralString
from uuid import uuid4

import psycopg
import pytest

from dosing_tui.database.batches.audit_verify import verify_audit_trail
from dosing_tui.database.batches.incremental_rebuild import rebuild_batches
from dosing_tui.database.batches.queries import count_batches, list_batches, read_batch
from dosing_tui.database.reading_writer import ReadingWriter
from dosing_tui.domain.batch_review.exception_checks import judge_batch
from dosing_tui.domain.batch_review.query_models import BatchFilter
from dosing_tui.domain.batches.canonical_json import batch_to_record, hash_text
from dosing_tui.domain.batches.reconstruction import reconstruct_batches
from dosing_tui.domain.messages.models import Reading
from tests.support.database.reading_samples import settings_for
from tests.support.domain.batch_messages import MUCH_LATER, NOON, make_level, normal_batch
from tests.support.sizes import choose_size

BATCHES = int(choose_size("BATCHES", small=500, full=2_000))
STATIONS = 10

FILTERS = {
    "all": BatchFilter(),
    "a week": BatchFilter(since=NOON - timedelta(days=14), until=NOON - timedelta(days=7)),
    "a station": BatchFilter(device=("dosing_system_03",)),
    "a recipe": BatchFilter(recipe=("CU-85",)),
    "a rare status": BatchFilter(status=("aborted",)),
    "with exceptions": BatchFilter(with_findings=True),
    "unreviewed": BatchFilter(unreviewed=True),
    "nothing": BatchFilter(recipe=("none",), with_findings=True),
}
WEEKS: LiteralString = """
SELECT compat.ensure_partitions(parent, %(since)s, %(until)s)
  FROM unnest(ARRAY['dosing_consumption', 'batch_events', 'inventory_levels']::regclass[]) AS parent
"""

pytestmark = pytest.mark.benchmark


def generate_readings(batches: int) -> Iterator[Reading]:
    for number in range(batches):
        device, begins = f"dosing_system_{number % STATIONS:02}", -400.0 * (number // STATIONS)
        yield from normal_batch(begins, device=device)
        yield make_level(begins + 61.1, "T-9", 9000 - number % 500, device=device)
        yield make_level(begins + 122.1, "T-12", 9000 - number % 500, device=device)


def test_batches_from_messages(capsys: pytest.CaptureFixture[str]) -> None:
    messages = list(generate_readings(BATCHES))
    begun = time.perf_counter()
    found = reconstruct_batches(messages, now=MUCH_LATER + timedelta(days=1))
    rebuilt = time.perf_counter()
    hashes = {hash_text(batch_to_record(batch)) for batch in found if judge_batch(batch) is not None}
    done = time.perf_counter()
    assert len(found) == len(hashes) == BATCHES
    spent = (rebuilt - begun, done - rebuilt)
    with capsys.disabled():
        sys.stdout.write(
            f"\n{BATCHES:,} batches: rebuilt {spent[0]:.1f} s, judged, hashed {spent[1]:.1f} s\n"
        )


def test_batches_in_the_database(migrated: str, capsys: pytest.CaptureFixture[str]) -> None:
    now = MUCH_LATER + timedelta(days=1)
    settings = settings_for(migrated)
    with psycopg.connect(migrated, autocommit=True) as session:
        if session.execute("SELECT to_regproc('compat.ensure_partitions')").fetchone() != (None,):
            session.execute(WEEKS, {"since": now - timedelta(days=90), "until": now})
    write_all(migrated, generate_readings(BATCHES))
    since = NOON - timedelta(days=85)
    processor = time.process_time()
    spent = {
        "rebuild": measure_seconds(
            lambda: rebuild_batches(settings, since=since, until=now, now=now, report=print)
        )
    }
    spent["rebuild, our processor"] = time.process_time() - processor
    with psycopg.connect(migrated, autocommit=True) as session:
        session.execute("ANALYZE")
    page = list_batches(settings, BatchFilter())
    for name, which in FILTERS.items():
        spent[f"list, {name}"] = measure_best(partial(list_batches, settings, which))
        spent[f"counts, {name}"] = measure_best(partial(count_batches, settings, which))
    spent["page after"] = measure_best(lambda: list_batches(settings, BatchFilter(), after=page[-1]))
    spent["detail"] = measure_best(lambda: read_batch(settings, page[50].batch_id))
    spent["audit verify"] = measure_seconds(lambda: verify_audit_trail(settings))
    assert count_batches(settings, BatchFilter()).batches == BATCHES
    with capsys.disabled():
        for name, took in spent.items():
            sys.stdout.write(f"\n{name:<30}{1000 * took:>10.0f} ms")


def write_all(dsn: str, said: Iterator[Reading]) -> None:
    writer, spool_id, seq = ReadingWriter(settings_for(dsn)), uuid4(), 0
    while part := list(islice(said, 4_000)):
        writer.write(spool_id, [(seq + number, (unit,)) for number, unit in enumerate(part, start=1)])
        seq += len(part)
    writer.close()


def measure_seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def measure_best(work: Callable[[], object]) -> float:
    """Of three: what the machine's other work does not add to."""
    return min(measure_seconds(work) for _ in range(3))
