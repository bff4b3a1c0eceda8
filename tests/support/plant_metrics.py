"""The metrics of a plant, registered for one test."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry

from dosing_tui.config.settings import MqttSettings
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.live_state import LiveState
from dosing_tui.monitoring.metric_families import BackgroundFigures, PlantMetrics


def register_metrics(live: LiveState, read_figures: Callable[[], BackgroundFigures]) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(
        PlantMetrics(
            live, read_figures, version="1", schema="1", spool_max_bytes=1, topics=MqttSettings().topics,
            limits=AlarmLimits(),
        )
    )  # fmt: skip
    return registry
