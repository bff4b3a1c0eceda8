"""``python -m tests.support.database.make_upgrade_dump DSN FILE.sql.gz``: a filled database, as a file.

Run once when a release, or the last commit of an issue, ends a state of the schema. The DSN names an empty
database of PostgreSQL 15 without TimescaleDB: what its pg_dump writes, every later version reads.
"""

import gzip
import subprocess
import sys
from pathlib import Path

from tests.integration.database.schema.test_takeover import fill_database
from tests.support.database import sample_month
from tests.support.database.reading_samples import settings_for

_OPTIONS = ("--load-via-partition-root", "--column-inserts", "--rows-per-insert=200")


def main(dsn: str, target: str) -> None:
    sample_month.MONTH, sample_month.BUSY_DAYS = sample_month.MONTH[-4:], ()  # a month would be 500 kB
    fill_database(settings_for(dsn))
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


if __name__ == "__main__":
    main(*sys.argv[1:])
