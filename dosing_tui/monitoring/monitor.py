"""Puts metrics and health together and serves them beside a collector."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import partial

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from dosing_tui import __version__
from dosing_tui.collector.context.local_state import get_spool_folder
from dosing_tui.collector.spool.spool_reading import measure_spool
from dosing_tui.config.alarm_limits import build_alarm_limits
from dosing_tui.config.settings import Settings
from dosing_tui.database.diagnosis.job_status import count_jobs
from dosing_tui.database.sql_files import get_newest_migration
from dosing_tui.errors import DatabaseError
from dosing_tui.ipc.supervised_thread import SupervisedThread
from dosing_tui.live_snapshot import LinkStatus
from dosing_tui.live_state import LiveState
from dosing_tui.monitoring.health import list_readiness_faults
from dosing_tui.monitoring.http_server import HttpAnswer, MonitoringServer, Route
from dosing_tui.monitoring.metric_families import BackgroundFigures, PlantMetrics

FIGURES_INTERVAL_S = 15.0
JOBS_ROUNDS = 4
"""The database is asked for its jobs in each so manieth round: once a minute."""


@contextmanager
def run_monitoring(settings: Settings, live_state: LiveState) -> Iterator[None]:
    """Serve within the block; nothing if ``monitoring.listen`` is empty.

    Raises: ConfigError, if nothing can listen at the address.
    """
    if not settings.monitoring.listen:
        yield
        return
    figures = _FigureReader(settings, live_state)
    server = MonitoringServer(settings.monitoring.address, _build_routes(settings, live_state, figures))
    figures.thread.start()
    server.start()
    try:
        yield
    finally:
        server.stop()
        figures.thread.request_stop()


class _FigureReader:
    """Measures the spool and asks for jobs in a thread of its own: a scrape waits for neither."""

    def __init__(self, settings: Settings, live_state: LiveState) -> None:
        self._settings = settings
        self._live_state = live_state
        self._round = 0
        self.figures = BackgroundFigures()
        self.thread = SupervisedThread("monitoring-figures", self._read_figures)

    def _read_figures(self) -> None:
        spool = measure_spool(get_spool_folder(self._settings))
        jobs = self.figures.job_count, self.figures.failed_job_count
        if self._round % JOBS_ROUNDS == 0 or jobs[0] is None:
            jobs = self._count_jobs()
        self._round += 1
        self.figures = BackgroundFigures(spool, *jobs)
        self.thread.wait(FIGURES_INTERVAL_S)

    def _count_jobs(self) -> tuple[int | None, int | None]:
        with suppress(DatabaseError):
            if self._live_state.get_snapshot(datetime.now(UTC)).database.status is not LinkStatus.DOWN:
                return count_jobs(self._settings)
        return None, None


def _build_routes(settings: Settings, live_state: LiveState, figures: _FigureReader) -> dict[str, Route]:
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    registry.register(
        PlantMetrics(
            live_state,
            lambda: figures.figures,
            version=__version__,
            schema=get_newest_migration(),
            spool_max_bytes=settings.collector.spool_max_mb * 1024**2,
            topics=settings.mqtt.topics,
            limits=build_alarm_limits(settings),
        )
    )
    return {
        "/metrics": lambda: HttpAnswer(200, generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4),
        "/healthz": partial(_answer_health, live_state),
        "/readyz": partial(_answer_readiness, live_state),
    }


def _answer_health(live_state: LiveState) -> HttpAnswer:
    """Alive: a snapshot can be taken. Parts that fail restart by themselves."""
    live_state.get_snapshot(datetime.now(UTC))
    return HttpAnswer(200, b"ok\n")


def _answer_readiness(live_state: LiveState) -> HttpAnswer:
    faults = list_readiness_faults(live_state.get_snapshot(datetime.now(UTC)))
    text = "".join(f"{fault}\n" for fault in faults) or "ok\n"
    return HttpAnswer(503 if faults else 200, text.encode())
