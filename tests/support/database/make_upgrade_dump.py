"""``python -m tests.support.database.make_upgrade_dump DSN FILE.sql.gz``: a filled database, as a file.

Run once when a release, or the last commit of an issue, ends a state of the schema. The DSN names an empty
database of PostgreSQL 15 without TimescaleDB: what its pg_dump writes, every later version reads.
"""

import gzip
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

from dosing_tui.cli import alarm_actions
from dosing_tui.config.settings import Settings
from dosing_tui.database.pumps.service_log import enter_service
from dosing_tui.database.schema.maintenance import run_maintenance
from dosing_tui.domain.alarms.models import Actor
from dosing_tui.domain.alarms.operator_commands import CommandContext
from dosing_tui.domain.capability.service_log import ServiceDraft, ServiceKind
from tests.integration.database.schema.test_takeover import fill_database
from tests.support.database import sample_month
from tests.support.database.reading_samples import settings_for
from tests.support.database.station_news import write_station_news
from tests.support.database.traced_batches import store_traced_batches

_OPTIONS = ("--load-via-partition-root", "--column-inserts", "--rows-per-insert=200")


def main(dsn: str, target: str) -> None:
    sample_month.MONTH, sample_month.BUSY_DAYS = sample_month.MONTH[-4:], ()  # a month would be 500 kB
    settings = settings_for(dsn)
    fill_database(settings)
    _fill_ledgers(settings)
    run_maintenance(settings, now=datetime.now(UTC))
    dump = subprocess.run(["pg_dump", *_OPTIONS, f"--dbname={dsn}"], capture_output=True, check=True).stdout
    # without psql's own commands, and rights on functions of the server, which another version may not have;
    # for whoever restores it; what dosing_auditor owns stays so
    left_out = (b"OWNER TO postgres;", b"Owner: postgres")
    of_server = (b"\\", b"REVOKE ALL ON FUNCTION pg_catalog.", b"GRANT ALL ON FUNCTION pg_catalog.")
    lines = [
        line.replace(b" TO postgres;", b" TO CURRENT_USER;") if line.startswith(b"GRANT ") else line
        for line in dump.splitlines()
        if not line.startswith(of_server) and not line.endswith(left_out)
    ]
    # the same bytes for the same rows: without a time and a file name
    Path(target).write_bytes(gzip.compress(b"\n".join(lines) + b"\n", mtime=0))


def _fill_ledgers(settings: Settings) -> None:
    """Lots, service of pumps, what stations tell of themselves; one station is retired."""
    dsn, month = settings.database.dsn, sample_month.a_month()
    store_traced_batches(dsn)
    write_station_news(dsn, month)
    for kind in (ServiceKind.TUBE, ServiceKind.CALIBRATION):
        station, at = month.doses[0].device_id, month.doses[0].time + timedelta(hours=1)
        enter_service(settings, ServiceDraft(uuid4(), at, station, 1, kind, "Anna"), os_user="anna")
    alarm_actions.apply_command(
        settings, alarm_actions.find_alarms_or_normal(settings, [f"RETIRED/{month.doses[-1].device_id}"]),
        CommandContext(Actor("Anna", "anna"), datetime.now(UTC)),
        partial(alarm_actions.build_removal_entry, reason="gone"),
    )  # fmt: skip


if __name__ == "__main__":
    main(*sys.argv[1:])
