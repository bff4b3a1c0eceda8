"""The demo's settings, and its books of one run."""

from pathlib import Path

import pytest

from dosing_tui.config.settings import CollectorMode, MqttSettings
from dosing_tui.demo import demo_settings
from dosing_tui.demo.headless import subtract_counts
from dosing_tui.live_snapshot import MessageCounts


def test_everything_it_keeps_is_in_its_folder(tmp_path: Path) -> None:
    settings = demo_settings.build_demo_settings(
        tmp_path, mqtt=MqttSettings(port=1), dsn="dbname=x", devices=2
    )
    assert Path(settings.collector.spool_dir).is_relative_to(tmp_path)
    assert Path(settings.log.file).is_relative_to(tmp_path)
    assert settings.collector.mode is CollectorMode.ALWAYS
    assert settings.mqtt.port == 1


def test_the_stations_it_expects_are_those_that_will_report() -> None:
    assert demo_settings.list_station_names(2) == ("dosing_system_01", "dosing_system_02")


def test_the_default_folder_is_the_users_own() -> None:
    assert demo_settings.get_default_folder().is_relative_to(Path.home())


@pytest.mark.parametrize(
    ("zone", "link", "meant"),
    [
        ("Europe/Berlin", "", "Europe/Berlin"),
        (":Asia/Tashkent", "", "Asia/Tashkent"),
        ("", "zoneinfo/Europe/Paris", "Europe/Paris"),
        ("", "zoneinfo/America/Argentina/Ushuaia", "America/Argentina/Ushuaia"),
        ("CET-1CEST", "zoneinfo/UTC", "UTC"),
        ("", "nowhere/at/all", "UTC"),
    ],
)
def test_the_zone_is_this_machines(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, zone: str, link: str, meant: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    monkeypatch.setattr(demo_settings, "LOCALTIME", tmp_path / link)
    assert demo_settings.find_local_zone() == meant


def test_books_of_a_run_begin_with_what_an_earlier_one_left_in_the_spool() -> None:
    before = MessageCounts(received=10, stored=6, duplicates=1, spooled=2, rejected=1)
    after = MessageCounts(received=30, stored=25, duplicates=3, spooled=0, rejected=2)
    run = subtract_counts(before, after)
    assert run == MessageCounts(received=22, stored=19, duplicates=2, spooled=0, rejected=1)
    assert run.is_reconciled
