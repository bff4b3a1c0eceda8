"""Size and age of the spool: read lightly, and no age where none can be read."""

from contextlib import closing
from pathlib import Path

import pytest

from dosing_tui.collector.spool.spool import Spool
from dosing_tui.collector.spool.spool_file import FILE_NAME
from dosing_tui.collector.spool.spool_reading import SpoolContent, measure_spool, read_spool_content
from dosing_tui.config.settings import CollectorSettings, Settings
from dosing_tui.database.reading_writer import WriteProgress
from dosing_tui.doctor.checks.check_result import CheckLevel
from dosing_tui.doctor.checks.spool_checks import check_spool
from dosing_tui.doctor.checks.spool_probe import SpoolFacts
from dosing_tui.errors import SpoolError
from dosing_tui.live_state import LiveState
from dosing_tui.monitoring.metric_families import BackgroundFigures
from tests.support.collector.parsed_items import NOON
from tests.support.plant_metrics import register_metrics
from tests.unit.collector.spool.test_spool import make_arrival


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with closing(Spool(tmp_path, max_mb=10, publish_counts=lambda counts: None)) as spool:
        spool.append_messages([make_arrival(number) for number in range(1, 500)], expire_before=0)
    return tmp_path


def list_spool_metrics(folder: Path) -> dict[str, float]:
    """Those that are measured."""
    figures = BackgroundFigures(measure_spool(folder))
    registry = register_metrics(LiveState(), lambda: figures)
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


def fill_up(spool: Spool) -> None:
    """Raises: SpoolError when it is full."""
    for first in range(1, 100_000, 100):
        spool.append_messages([make_arrival(n) for n in range(first, first + 100)], expire_before=0)


def test_the_size_is_what_is_used_not_that_of_the_file(tmp_path: Path) -> None:
    """While the log has most of it, and after a long outage, whose file never shrinks."""
    limit = 1024**2
    with closing(Spool(tmp_path, max_mb=1, publish_counts=lambda counts: None)) as spool:
        with pytest.raises(SpoolError):
            fill_up(spool)
        assert list_spool_metrics(tmp_path)["dosing_spool_bytes"] > 0.9 * limit
        assert read_spool_content(tmp_path / FILE_NAME).used_bytes > 0.9 * limit
        count = spool.counts.spooled
        spool.confirm_progress(WriteProgress(last_seq=count, stored=count))
    assert (tmp_path / FILE_NAME).stat().st_size > 0.9 * limit
    assert list_spool_metrics(tmp_path)["dosing_spool_bytes"] < 0.7 * limit


def test_an_age_that_cannot_be_read_is_not_exported_as_none(folder: Path) -> None:
    damage_page(folder, 1)
    assert set(list_spool_metrics(folder)) == {"dosing_spool_bytes"}


def test_without_a_file_nothing_is_exported(tmp_path: Path) -> None:
    assert list_spool_metrics(tmp_path) == {}


def test_an_empty_spool_has_the_age_zero(tmp_path: Path) -> None:
    Spool(tmp_path, max_mb=10, publish_counts=lambda counts: None).close()
    assert list_spool_metrics(tmp_path)["dosing_spool_oldest_seconds"] == 0


def test_doctor_says_that_the_spool_is_full(tmp_path: Path) -> None:
    facts = SpoolFacts(
        tmp_path, exists=True, content=SpoolContent(message_count=2_747, used_bytes=1_020_000, oldest_at=NOON)
    )
    settings = Settings(collector=CollectorSettings(spool_max_mb=1))
    [found] = [one for one in check_spool(settings, facts, NOON) if one.name == "age"]
    assert found.level is CheckLevel.WARNING
    assert "The spool is 97.3 % full" in found.text
