"""The live state as Prometheus' metric families. No label has a value from the plant's messages."""

import platform
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from msgspec import Struct, field
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector

from dosing_tui.collector.spool.spool_reading import SpoolAge
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarms.models import AlarmStateName, Priority
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot
from dosing_tui.live_snapshot import DatabasePart, LinkStatus, LiveSnapshot, Role
from dosing_tui.live_state import LatencyHistogram, LiveState

_COUNTS = (
    ("received", "Readings received from the broker since the spool was created."),
    ("stored", "Readings stored in the database."),
    ("duplicates", "Readings that were stored before."),
    ("rejected", "Readings that cannot be used, kept in rejected_messages."),
    ("possible_repeats", "Readings stored with a flag: they may or may not be repeats."),
)
_TOPICS = ("consumption", "events", "levels")
"""Label of each topic, in the order of the settings' topics."""
_WORKING = (LinkStatus.UP, LinkStatus.PARTIAL)
_ALARM_STATES = tuple(state for state in AlarmStateName if state is not AlarmStateName.NORMAL)


class BackgroundFigures(Struct, frozen=True):
    """What is measured from time to time, not at each scrape. None: not known."""

    spool: SpoolAge = field(default_factory=SpoolAge)
    job_count: int | None = None
    failed_job_count: int | None = None


class PlantMetrics(Collector):
    """One scrape is one snapshot: its counts are reconciled."""

    def __init__(
        self,
        live_state: LiveState,
        get_figures: Callable[[], BackgroundFigures],
        *,
        version: str,
        schema: str,
        spool_max_bytes: int,
        topics: tuple[str, ...],
        limits: AlarmLimits,
    ) -> None:
        self._live_state = live_state
        self._limits, self._started_at = limits, datetime.now(UTC)
        self._get_figures = get_figures
        self._build = {"version": version, "schema": schema, "python": platform.python_version()}
        self._spool_max_bytes = spool_max_bytes
        self._topics = dict(zip(topics, _TOPICS, strict=True))

    def collect(self) -> Iterator[Metric]:
        now = datetime.now(UTC)
        snapshot, figures = self._live_state.get_snapshot(now), self._get_figures()
        yield InfoMetricFamily("dosing_build", "Versions of program, schema and Python.", value=self._build)
        yield from _list_counts(snapshot)
        yield from _list_links(snapshot)
        yield from self._list_outages(snapshot, now)
        yield from self._list_deliveries(snapshot)
        yield from self._list_spool(figures, now)
        yield from _list_alarms(snapshot.alarms)
        yield from _list_jobs(figures)
        yield _build_latency(self._live_state.storage_latency)

    def _list_outages(self, snapshot: LiveSnapshot, now: datetime) -> Iterator[Metric]:
        """Each figure beside its limit: rules compare the two, and hold no limit of their own."""
        for name, link in (("broker", snapshot.broker), ("database", snapshot.database)):
            down_s = 0.0
            if link.status not in _WORKING:
                down_s = max((now - (link.since or self._started_at)).total_seconds(), 0.0)
            yield GaugeMetricFamily(
                f"dosing_{name}_down_seconds", f"Time for which the {name} has not answered.", down_s
            )
        yield GaugeMetricFamily(
            "dosing_link_down_limit_seconds", "Outage from which broker and database raise their alarm.",
            self._limits.link_down_after.total_seconds(),
        )  # fmt: skip
        yield GaugeMetricFamily(
            "dosing_spool_fill_limit_ratio", "Share of the spool above which SPOOL_HIGH is raised.",
            self._limits.spool_percent / 100,
        )  # fmt: skip
        yield GaugeMetricFamily(
            "dosing_spool_age_limit_seconds", "Age of the oldest reading above which SPOOL_HIGH is raised.",
            self._limits.spool_age.total_seconds(),
        )  # fmt: skip

    def _list_deliveries(self, snapshot: LiveSnapshot) -> Iterator[Metric]:
        last = GaugeMetricFamily(
            "dosing_last_message_timestamp_seconds", "Time of the last message of a topic.", labels=["topic"]
        )
        for topic, at in snapshot.topic_last_message:
            if topic in self._topics:
                last.add_metric([self._topics[topic]], at.timestamp())
        yield last
        yield GaugeMetricFamily(
            "dosing_refused_topics", "Topics that the broker refuses.", len(snapshot.refused_topics)
        )
        yield GaugeMetricFamily(
            "dosing_stations", "Stations that have sent a message.", len(snapshot.device_last_seen)
        )
        seen = dict(snapshot.device_last_seen)
        yield GaugeMetricFamily(
            "dosing_stations_offline",
            "Stations that are offline by their status topic.",
            sum(each.is_offline(seen.get(each.device_id)) for each in snapshot.presences),
        )
        yield GaugeMetricFamily(
            "dosing_messages_lost",
            "Messages lost since the collector's start, by gaps in the stations' sequence numbers.",
            sum(each.messages_lost for each in snapshot.presences),
        )

    def _list_spool(self, figures: BackgroundFigures, now: datetime) -> Iterator[Metric]:
        yield GaugeMetricFamily(
            "dosing_spool_limit_bytes", "Largest size of the spool.", self._spool_max_bytes
        )
        if figures.spool.used_bytes is not None:
            yield GaugeMetricFamily("dosing_spool_bytes", "Used size of the spool.", figures.spool.used_bytes)
        # an age that cannot be read is not 0
        if figures.spool.is_known:
            oldest = figures.spool.oldest_at
            age_s = (now - oldest).total_seconds() if oldest else 0.0
            yield GaugeMetricFamily(
                "dosing_spool_oldest_seconds", "Age of the oldest reading that waits.", max(age_s, 0.0)
            )


def _list_counts(snapshot: LiveSnapshot) -> Iterator[Metric]:
    """received = stored + duplicates + rejected + spooled."""
    for name, documentation in _COUNTS:
        yield CounterMetricFamily(
            f"dosing_readings_{name}", documentation, getattr(snapshot.message_counts, name)
        )
    yield GaugeMetricFamily(
        "dosing_readings_spooled", "Readings that wait for the database.", snapshot.message_counts.spooled
    )


def _list_links(snapshot: LiveSnapshot) -> Iterator[Metric]:
    for name, link in (("broker", snapshot.broker), ("database", snapshot.database)):
        yield GaugeMetricFamily(f"dosing_{name}_up", f"The {name} answers.", int(link.status in _WORKING))
    faults = GaugeMetricFamily(
        "dosing_database_fault", "This part of the work with the database fails.", labels=["part"]
    )
    failing = {fault.part for fault in snapshot.database_faults}
    for part in DatabasePart:
        faults.add_metric([part.name.lower()], int(part in failing))
    yield faults
    roles = GaugeMetricFamily("dosing_role", "1 for the role of this process.", labels=["role"])
    for role in Role:
        roles.add_metric([role.value], int(snapshot.role is role))
    yield roles
    yield GaugeMetricFamily(
        "dosing_failed_threads", "Background parts that failed and restart.", len(snapshot.failed_threads)
    )


def _list_alarms(alarms: AlarmSnapshot | None) -> Iterator[Metric]:
    """Nothing before the first evaluation."""
    if alarms is None:
        return
    views = (*alarms.annunciated_alarms, *alarms.shelved, *alarms.suppressed, *alarms.out_of_service)
    counts = Counter((view.state.priority, view.state.state_name) for view in views)
    family = GaugeMetricFamily("dosing_alarms", "Alarms that are not normal.", labels=["priority", "state"])
    for priority in Priority:
        for state in _ALARM_STATES:
            family.add_metric([priority.value, state.value], counts[priority, state])
    yield family
    yield GaugeMetricFamily(
        "dosing_alarm_flood", "An alarm flood is active (EEMUA 191).", int(alarms.is_flood)
    )


def _list_jobs(figures: BackgroundFigures) -> Iterator[Metric]:
    if figures.job_count is not None and figures.failed_job_count is not None:
        yield GaugeMetricFamily("dosing_jobs", "Background jobs of the database.", figures.job_count)
        yield GaugeMetricFamily(
            "dosing_jobs_failed", "Background jobs whose last run failed.", figures.failed_job_count
        )


def _build_latency(latency: LatencyHistogram) -> Metric:
    counts, sum_s = latency.read_totals()
    bounds = [*(f"{bound}" for bound in latency.BOUNDS_S), "+Inf"]
    return HistogramMetricFamily(
        "dosing_storage_latency_seconds",
        "Time from the receipt of a message to its COMMIT.",
        buckets=list(zip(bounds, counts, strict=True)),
        sum_value=sum_s,
    )
