"""What a consumer has committed, asked of the database itself, whatever the schema."""

from contextlib import suppress
from pathlib import Path
from types import TracebackType

import psycopg

from tests.benchmarks.comparison.process_usage import ProcessTree, count_cpu_seconds, find_parent

COUNT_ROWS = """
SELECT (SELECT count(*) FROM dosing_consumption) + (SELECT count(*) FROM batch_events)
     + (SELECT count(*) FROM inventory_levels)
"""
LAST_COMMIT = """
SELECT extract(epoch FROM max(pg_xact_commit_timestamp(xmin)))
  FROM (SELECT xmin FROM dosing_consumption UNION ALL SELECT xmin FROM batch_events
        UNION ALL SELECT xmin FROM inventory_levels) AS rows
"""
LATENCIES = """
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms), percentile_cont(0.99) WITHIN GROUP (ORDER BY ms)
  FROM (SELECT ((1000 * extract(epoch FROM pg_xact_commit_timestamp(xmin)))::numeric - duration_ms + 300000)
               %% 300000 AS ms
          FROM dosing_consumption WHERE pg_xact_commit_timestamp(xmin) >= to_timestamp(%s)) AS rows
"""
"""A dose's duration says when it was published: load.py. The resolution is 1 ms."""


class DatabaseWatch:
    """One session of its own, whose work is not counted as the server's."""

    def __init__(self, dsn: str) -> None:
        self._session = psycopg.connect(dsn, autocommit=True)
        self._session.execute("SET max_parallel_workers_per_gather = 0")
        self._backend = self._session.info.backend_pid
        self.keeps_commit_times = self._ask("SHOW track_commit_timestamp") == "on"
        self.server = _find_server(self._backend)

    def __enter__(self) -> "DatabaseWatch":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._session.close()

    def count_rows(self) -> int:
        return int(str(self._ask(COUNT_ROWS)))

    def read_last_commit(self) -> float:
        """Of a reading, in Unix seconds."""
        return float(str(self._ask(LAST_COMMIT)))

    def read_latencies(self, since: float) -> tuple[float, float]:
        """Median and 99th percentile of published to committed, in ms, of commits since a Unix time."""
        ((median, p99),) = self._session.execute(LATENCIES, (since,)).fetchall()
        return float(median), float(p99)

    def write_checkpoint(self) -> None:
        """What was written before is not to be written while something is measured."""
        self._session.execute("CHECKPOINT")

    def count_cpu_seconds(self) -> float:
        """Of the server and all its processes; 0 when it runs on another machine."""
        return self.server.count_cpu_seconds() - count_cpu_seconds(self._backend) if self.server else 0.0

    def _ask(self, question: str) -> object:
        ((answer,),) = self._session.execute(question.encode()).fetchall()
        return answer


def _find_server(backend: int) -> ProcessTree | None:
    """The processes of the server, if they are this machine's."""
    with suppress(OSError):
        if Path(f"/proc/{backend}/comm").read_text().startswith("postgres"):
            return ProcessTree(find_parent(backend))
    return None
