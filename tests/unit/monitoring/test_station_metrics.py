"""Stations that are offline, and lost messages, as figures without the stations' names."""

from datetime import timedelta

from dosing_tui.domain.presence.models import ConnectionReport, MessageLoss, StationReport
from dosing_tui.live_state import LiveState
from dosing_tui.monitoring.metric_families import BackgroundFigures
from tests.support.collector.parsed_items import NOON, numbered_dose
from tests.support.plant_metrics import register_metrics


def test_offline_stations_and_lost_messages_are_counted() -> None:
    live = LiveState()
    live.apply_readings([numbered_dose(1)])
    device = numbered_dose(1).device_id
    live.apply_news([
        StationReport("s1", NOON, True, ConnectionReport.OFFLINE),
        StationReport(device, NOON - timedelta(seconds=1), False, ConnectionReport.OFFLINE),
        MessageLoss("s1", NOON, 3, 1, 3),
        MessageLoss(device, NOON, 2, 1, 2),
        MessageLoss("s1", NOON, -1, 2, 2),
    ])  # fmt: skip
    registry = register_metrics(live, BackgroundFigures)
    assert registry.get_sample_value("dosing_stations_offline") == 1
    assert registry.get_sample_value("dosing_messages_lost") == 4
