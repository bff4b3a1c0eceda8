"""A backup of doses and reviews, restored into an empty server and proved: figures, shown with -s.

BENCHMARK_DOSES (20,000; with --full-size 1,000,000) and BENCHMARK_REVIEWS (50; 2,000).
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from click.testing import CliRunner, Result
from psycopg.conninfo import make_conninfo

from dosing_tui.cli.main import main
from dosing_tui.config.settings import Settings
from dosing_tui.database.batches.incremental_rebuild import rebuild_batches
from dosing_tui.database.batches.queries import list_batches
from dosing_tui.database.batches.review_writer import enter_reviews
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import find_free_port
from dosing_tui.domain.batch_review.query_models import BatchFilter, create_review_draft
from dosing_tui.domain.batch_review.review_rules import Decision
from tests.benchmarks.test_batches import WEEKS, generate_readings, write_all
from tests.support.database.reading_samples import settings_for
from tests.support.database_servers import reachable_temp
from tests.support.domain.batch_messages import MUCH_LATER, NOON
from tests.support.sizes import choose_size

DOSES = int(choose_size("DOSES", small=20_000, full=1_000_000))
REVIEWS = int(choose_size("REVIEWS", small=50, full=2_000))
SINCE = NOON - timedelta(days=80)
RESTORED = "restored"
MANUAL_DOSES: LiteralString = """
INSERT INTO dosing_consumption (time, device_id, pump, chemical, target_g, actual_g, error_g, recipe, mode,
                                duration_ms, dedup, received_at)
SELECT time, 'station-' || number %% 20, number %% 8, 'chemical-' || number %% 12, 50, 50 + error, error, '',
       'manual', 60000, number, time
  FROM (SELECT number, random() - 0.5 AS error,
               %(since)s::timestamptz + number * INTERVAL '80 days' / %(doses)s AS time
          FROM generate_series(0, %(doses)s - 1) AS number) AS made
"""
ONE_ROW: LiteralString = """
UPDATE dosing_consumption SET actual_g = actual_g + 0.001
 WHERE (time, device_id, pump) IN (SELECT time, device_id, pump FROM dosing_consumption
                                    ORDER BY time LIMIT 1 OFFSET 1000)
"""

pytestmark = pytest.mark.benchmark


def test_a_backup_is_restored_into_an_empty_server_and_proved(
    own_postgres: EmbeddedPostgres, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figures: dict[str, float] = {}
    settings = settings_for(own_postgres.dsn)
    with measure(figures, "fill"):
        fill_with_reviews(settings)
    with measure(figures, "backup"):
        folder = expect(0, run_command(own_postgres.dsn, "backup", str(tmp_path / "backups")))
    size = sum(path.stat().st_size for path in Path(folder).iterdir())
    own_postgres.stop()
    with start_empty_server() as server:
        with psycopg.connect(server.dsn, autocommit=True) as session:
            session.execute("CREATE ROLE dosing_auditor NOLOGIN")  # as roles.sql
        with measure(figures, "restore and proof"):
            said = expect(0, run_command(server.dsn, "restore", folder, "--database", RESTORED, "--verify"))
        restored = make_conninfo(server.dsn, dbname=RESTORED)
        with measure(figures, "audit verify"):
            expect(0, run_command(restored, "audit", "verify"))
        with psycopg.connect(restored, autocommit=True) as session:
            assert session.execute(ONE_ROW).rowcount == 1
        with measure(figures, "proof, one row changed"):
            changed = run_command(server.dsn, "restore", folder, "--database", RESTORED, "--only-verify")
    assert "dosing_consumption has as many rows as before" in expect(1, changed)
    with capsys.disabled():
        sys.stdout.write(f"\n{DOSES:,} doses, {REVIEWS:,} reviews, {size / 1e6:.1f} MB. {said}\n")
        sys.stdout.write("".join(f"{name:<30}{took:>8.1f} s\n" for name, took in figures.items()))


def fill_with_reviews(settings: Settings) -> None:
    """Batches from messages, an approval of each, and doses by hand."""
    migrate_schema(settings, report=lambda line: None)
    now = MUCH_LATER + timedelta(days=1)
    with psycopg.connect(settings.database.dsn, autocommit=True) as session:
        if session.execute("SELECT to_regproc('compat.ensure_partitions')").fetchone() != (None,):
            session.execute(WEEKS, {"since": SINCE, "until": now})
        session.execute(MANUAL_DOSES, {"since": SINCE, "doses": DOSES - 2 * REVIEWS})
    write_all(settings.database.dsn, generate_readings(REVIEWS))
    rebuild_batches(settings, since=NOON - timedelta(days=2), until=now, now=now, report=lambda line: None)
    rows = list_batches(settings, BatchFilter(recipe=("CU-85",)), rows=REVIEWS)
    drafts = [
        create_review_draft(
            row, Decision.DEVIATION if row.findings else Decision.APPROVED, who="Miller", comment="Checked."
        )
        for row in rows
    ]
    done = enter_reviews(settings, drafts, os_user="tester")
    assert len(done.new_reviews) == REVIEWS, (len(rows), done)


@contextmanager
def start_empty_server() -> Iterator[EmbeddedPostgres]:
    with reachable_temp(durable=True) as folder, EmbeddedPostgres(folder, port=find_free_port()) as server:
        yield server


@contextmanager
def measure(figures: dict[str, float], name: str) -> Iterator[None]:
    begun = time.perf_counter()
    yield
    figures[name] = time.perf_counter() - begun


def run_command(dsn: str, *arguments: str) -> Result:
    return CliRunner().invoke(main, arguments, env={"DOSING_DATABASE_DSN": dsn})


def expect(status: int, done: Result) -> str:
    assert done.exit_code == status, done.output
    return done.stdout.strip()
