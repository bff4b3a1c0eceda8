"""How many messages a second get from the broker onto the disk while 4,000 alarms are active."""

import json
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from dosing_tui.collector.context.local_state import get_spool_folder
from dosing_tui.config.settings import Settings
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.mqtt.publisher import Publisher
from tests.benchmarks.test_ingest import publish_load
from tests.benchmarks.test_ingest import settings as settings
from tests.support.collector.numbered_messages import run_collector
from tests.support.polling import wait_until
from tests.support.sizes import choose_size

pytestmark = pytest.mark.benchmark
ALARMS = 4_000
PER_S = 5_000
SECONDS = choose_size("SECONDS", small=8, full=60)


@pytest.mark.parametrize("alarms", [0, ALARMS])
def test_intake_during_an_alarm_flood(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str], alarms: int
) -> None:
    migrate_schema(settings, report=print)
    with (
        run_collector(settings, tmp_path) as collector,
        psycopg.connect(settings.database.dsn, autocommit=True) as db,
    ):
        wait_until(lambda: "The broker is connected." in collector.log)
        publish_flood(settings, alarms)
        wait_until(lambda: count_alarms(db) == alarms, timeout=120)
        begun = time.monotonic()
        said = publish_load(settings, PER_S, SECONDS)
        took, at_once = time.monotonic() - begun, count_received(settings) - alarms
        wait_until(lambda: count_received(settings) - alarms == said, timeout=300)
        drained = time.monotonic() - begun
        with capsys.disabled():
            sys.stdout.write(
                f"\n  {alarms} alarms active: {said} messages said in {took:.1f} s ({said / took:.0f}/s), "
                f"{at_once / took:.0f}/s of them on disk by then; all after {drained:.1f} s "
                f"({said / drained:.0f}/s)\n"
            )


def publish_flood(settings: Settings, alarms: int) -> None:
    """So many tanks that are low."""
    publisher = Publisher(settings.mqtt, client_id="flood")
    publisher.start()
    for number in range(alarms):
        level = {
            "device_id": f"flooded_{number % 20:02}", "chemical": f"C-{number}", "remaining_g": 1_900,
            "capacity_g": 10_000,
        }  # fmt: skip
        assert publisher.publish_message(settings.mqtt.topics[2], json.dumps(level).encode(), 1)
    assert publisher.wait_for_publish(60)
    publisher.stop()


def count_alarms(db: psycopg.Connection[tuple[object, ...]]) -> int:
    found = db.execute("SELECT count(*) FROM alarm_journal WHERE rule = 'STOCK_LOW'").fetchone()
    return int(str(found[0])) if found else 0


def count_received(settings: Settings) -> int:
    """From the spool's own counts, as they are on disk."""
    file = get_spool_folder(settings) / "spool.sqlite"
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as sql:
        return int(sql.execute("SELECT received FROM books").fetchone()[0])
