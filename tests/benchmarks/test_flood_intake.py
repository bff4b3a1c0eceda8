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
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.mqtt.publisher import Publisher
from tests.benchmarks.comparison.intake import run_load
from tests.benchmarks.comparison.process_usage import ProcessTree
from tests.support.collector.numbered_messages import plant_settings, run_collector
from tests.support.polling import wait_until
from tests.support.sizes import choose_size

pytestmark = pytest.mark.benchmark
ALARMS = 4_000
PER_S = 5_000
SECONDS = choose_size("SECONDS", small=8, full=60)


@pytest.mark.parametrize("alarms", [0, ALARMS])
def test_intake_during_an_alarm_flood(
    mosquitto: EmbeddedBroker,
    own_postgres: EmbeddedPostgres,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    alarms: int,
) -> None:
    settings = plant_settings(mosquitto.settings, own_postgres.dsn, tmp_path)
    migrate_schema(settings, report=print)
    with (
        run_collector(settings, tmp_path) as collector,
        psycopg.connect(settings.database.dsn, autocommit=True) as db,
    ):
        wait_until(lambda: "The broker is connected." in collector.log)
        publish_flood(settings, alarms)
        wait_until(
            lambda: count_alarms(db) >= alarms,
            timeout=300,
            why=lambda: f"{count_alarms(db)} alarms, {count_received(settings)} received: {collector.log}",
        )
        tree = ProcessTree(collector.process.pid)
        before = tree.count_cpu_seconds()
        begun = time.monotonic()
        said = run_load(settings.mqtt, PER_S, SECONDS)
        took, at_once = time.monotonic() - begun, count_received(settings) - alarms
        wait_until(lambda: count_received(settings) - alarms == said, timeout=300)
        drained = time.monotonic() - begun
        used = tree.count_cpu_seconds() - before
        with capsys.disabled():
            sys.stdout.write(
                f"\n  {alarms} alarms active: {said} messages said in {took:.1f} s ({said / took:.0f}/s), "
                f"{at_once / took:.0f}/s of them on disk by then; all after {drained:.1f} s "
                f"({said / drained:.0f}/s); {said / used:.0f} messages for each second of a core\n"
            )


def publish_flood(settings: Settings, alarms: int) -> None:
    """Half of them tanks that are low, half gross dosing errors: no rule keeps more than 2,000 tanks."""
    publisher = Publisher(settings.mqtt, client_id="flood")
    publisher.start()
    for number in range(alarms // 2):
        tank = {"device_id": f"flooded_{number % 20:02}", "chemical": f"C-{number}"}
        level = {**tank, "remaining_g": 1_900, "capacity_g": 10_000}
        dose = {
            **tank, "pump": 1, "target_g": 40, "actual_g": 48, "error_g": 8, "recipe": "CU-85",
            "mode": "CATALYST", "timestamp": int(time.time()),
        }  # fmt: skip
        for topic, content in ((2, level), (0, dose)):
            assert publisher.publish_message(settings.mqtt.topics[topic], json.dumps(content).encode(), 1)
    assert publisher.wait_for_publish(60)
    publisher.stop()


def count_alarms(db: psycopg.Connection[tuple[object, ...]]) -> int:
    found = db.execute(
        "SELECT count(*) FROM alarm_journal WHERE event = 'raise' AND rule IN ('STOCK_LOW', 'DOSE_GROSS')"
    ).fetchone()
    return int(str(found[0])) if found else 0


def count_received(settings: Settings) -> int:
    """From the spool's own counts, as they are on disk."""
    file = get_spool_folder(settings) / "spool.sqlite"
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as sql:
        return int(sql.execute("SELECT received FROM books").fetchone()[0])
