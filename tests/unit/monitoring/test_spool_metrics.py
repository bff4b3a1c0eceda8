"""Size and age of the spool: read lightly, and no age where none can be read."""

from contextlib import closing
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from dosing_tui.collector.spool.spool import Spool
from dosing_tui.collector.spool.spool_file import FILE_NAME
from dosing_tui.collector.spool.spool_reading import measure_spool, read_spool_content
from dosing_tui.config.settings import MqttSettings
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.live_state import LiveState
from dosing_tui.monitoring.metric_families import BackgroundFigures, PlantMetrics
from tests.support.collector.parsed_items import NOON
from tests.unit.collector.spool.test_spool import make_arrival


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with closing(Spool(tmp_path, max_mb=10, publish_counts=lambda counts: None)) as spool:
        spool.append_messages([make_arrival(number) for number in range(1, 500)], expire_before=0)
    return tmp_path


def list_spool_metrics(folder: Path) -> dict[str, float]:
    """Those that are measured."""
    figures = BackgroundFigures(measure_spool(folder))
    metrics = PlantMetrics(
        LiveState(),
        lambda: figures,
        version="1",
        schema="1",
        spool_max_bytes=1,
        topics=MqttSettings().topics,
        limits=AlarmLimits(),
    )
    registry = CollectorRegistry()
    registry.register(metrics)
    samples = [sample for family in registry.collect() for sample in family.samples]
    measured = ("dosing_spool_bytes", "dosing_spool_oldest_seconds")
    return {sample.name: sample.value for sample in samples if sample.name in measured}


def damage_page(folder: Path, number: int) -> None:
    """The last one for -1."""
    path = folder / FILE_NAME
    content = bytearray(path.read_bytes())
    at = number % (len(content) // 4096) * 4096
    content[at : at + 4096] = b"\x07" * 4096
    path.write_bytes(content)


def test_the_age_is_that_of_the_first_row_whatever_is_behind_it(folder: Path) -> None:
    damage_page(folder, -1)
    assert read_spool_content(folder / FILE_NAME).damage
    assert measure_spool(folder).oldest_at == NOON
    found = list_spool_metrics(folder)
    assert found["dosing_spool_bytes"] == (folder / FILE_NAME).stat().st_size
    assert found["dosing_spool_oldest_seconds"] > 0


def test_an_age_that_cannot_be_read_is_not_exported_as_none(folder: Path) -> None:
    damage_page(folder, 1)
    assert set(list_spool_metrics(folder)) == {"dosing_spool_bytes"}


def test_without_a_file_nothing_is_exported(tmp_path: Path) -> None:
    assert list_spool_metrics(tmp_path) == {}


def test_an_empty_spool_has_the_age_zero(tmp_path: Path) -> None:
    Spool(tmp_path, max_mb=10, publish_counts=lambda counts: None).close()
    assert list_spool_metrics(tmp_path)["dosing_spool_oldest_seconds"] == 0
