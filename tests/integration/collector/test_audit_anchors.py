"""The collector publishes the audit trail's head; who rewrites the trail afterwards is found."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from msgspec import structs
from msgspec.structs import replace

from dosing_tui.cli.main import main
from dosing_tui.collector.audit_anchors import AnchorPublisher, get_anchor_file
from dosing_tui.collector.context.interfaces import CollectorContext
from dosing_tui.collector.context.status import CollectorStatus
from dosing_tui.collector.dependencies import build_database
from dosing_tui.config.settings import AnchorSettings, Settings
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.errors import ConfigError
from dosing_tui.live_state import LiveState
from dosing_tui.notifiers.anchor_reader import read_anchors
from tests.support.collector.protocol_fakes import PlainParser
from tests.support.collector.running_collector import PACE
from tests.support.database.forged_chains import add_recipe_versions, cut_off_last_recipe, rewrite_trail
from tests.support.database.reading_samples import settings_for
from tests.support.mqtt.publishers import connect_subscriber
from tests.support.polling import wait_until

KEY = "a key of the plant's own"


@pytest.fixture
def settings(migrated: str, tmp_path: Path) -> Settings:
    folder = tmp_path / "anchors"
    folder.mkdir()
    return replace(settings_for(migrated), anchors=AnchorSettings(folder=str(folder), key=KEY))


@dataclass
class Publishing:
    settings: Settings
    ahead: timedelta = timedelta()
    reported: list[str] = field(default_factory=list)
    live: LiveState = field(default_factory=LiveState)

    def get_now(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    @property
    def notice(self) -> str:
        return self.live.get_snapshot(self.get_now()).notice

    @property
    def entries(self) -> list[int]:
        """Of none while there is no file, or only the beginning of one."""
        with suppress(ConfigError):
            return [anchor.entry for anchor in read_anchors([get_anchor_file(self.settings)])]
        return []


@contextmanager
def start_publisher(settings: Settings) -> Iterator[Publishing]:
    here = Publishing(settings)
    status = CollectorStatus(here.live, report=here.reported.append, clock=here.get_now)
    context = CollectorContext(
        settings, build_database(settings), PlainParser, here.live, status,
        structs.replace(PACE, anchor_poll_s=0.05), here.get_now,
    )  # fmt: skip
    publisher = AnchorPublisher(context)
    publisher.start()
    try:
        yield here
    finally:
        publisher.stop()


def verify(settings: Settings, *sources: Path, key: str = KEY) -> Result:
    env = {"DOSING_DATABASE_DSN": settings.database.dsn, "DOSING_PLANT_SITE": settings.plant.site}
    options = [option for source in sources for option in ("--anchors", str(source))]
    secret = {"DOSING_ANCHORS_KEY": key} if key else {}
    return CliRunner().invoke(main, ["audit", "verify", *options], env=env | secret)


def test_a_trail_that_was_rewritten_is_found_by_its_anchors_only(settings: Settings) -> None:
    add_recipe_versions(settings, 0.5, 0.4)
    with start_publisher(settings) as here:
        wait_until(lambda: here.entries == [2])
    folder = Path(settings.anchors.folder)
    assert verify(settings, folder).exit_code == 0
    rewrite_trail(settings, who="Ben")
    assert verify(settings).exit_code == 0, "without anchors it is as good as true"
    found = verify(settings, folder)
    assert found.exit_code == 1
    assert "The audit trail was rewritten: entry 2, anchored" in found.stdout


def test_a_trail_whose_end_was_cut_off_is_found(settings: Settings) -> None:
    add_recipe_versions(settings, 0.5, 0.4)
    with start_publisher(settings) as here:
        wait_until(lambda: here.entries == [2])
    cut_off_last_recipe(settings)
    assert verify(settings).exit_code == 0
    found = verify(settings, get_anchor_file(settings))
    assert (found.exit_code, "The end of the audit trail was cut off: entry 2" in found.stdout) == (1, True)


def test_new_entries_are_anchored_at_most_once_an_interval_and_old_ones_once_a_day(
    settings: Settings,
) -> None:
    with start_publisher(settings) as here:
        add_recipe_versions(settings, 0.5)
        wait_until(lambda: here.entries == [1])
        add_recipe_versions(settings, 0.4)
        here.ahead = timedelta(minutes=16)
        wait_until(lambda: here.entries == [1, 2])
        here.ahead = timedelta(days=2)
        wait_until(lambda: here.entries == [1, 2, 2])
        assert here.notice == ""
    result = verify(settings, Path(settings.anchors.folder))
    assert "3 anchors, the last of" in result.stdout
    assert "(signatures checked); 0 entries not anchored." in result.stdout


def test_who_rewrites_the_trail_while_the_collector_runs_is_reported_at_once(settings: Settings) -> None:
    add_recipe_versions(settings, 0.5, 0.4)
    with start_publisher(settings) as here:
        wait_until(lambda: here.entries == [2])
        rewrite_trail(settings, who="Ben")
        wait_until(lambda: "The audit trail differs from its anchor of entry 2" in here.notice)
    with start_publisher(settings) as again:
        wait_until(lambda: "The audit trail differs from its anchor of entry 2" in again.notice)
        assert again.entries == [2]


def test_an_anchor_that_was_forged_too_has_no_valid_signature(settings: Settings) -> None:
    add_recipe_versions(settings, 0.5)
    rewrite_trail(settings, who="Ben")
    with start_publisher(
        replace(settings, anchors=replace(settings.anchors, key="another key, 16+"))
    ) as here:
        wait_until(lambda: here.entries == [1])
    assert "is not signed with this key" in verify(settings, get_anchor_file(settings)).stdout
    unsigned = verify(settings, get_anchor_file(settings), key="")
    assert (unsigned.exit_code, "signatures not checked" in unsigned.stdout) == (0, True)


def test_a_forged_last_anchor_does_not_silence_the_collector(settings: Settings) -> None:
    add_recipe_versions(settings, 0.5, 0.4)
    with start_publisher(settings) as here:
        wait_until(lambda: here.entries == [2])
    rewrite_trail(settings, who="Ben")
    env = {"DOSING_DATABASE_DSN": settings.database.dsn, "DOSING_PLANT_SITE": settings.plant.site}
    forged = CliRunner().invoke(main, ["audit", "anchor"], env=env).stdout
    with get_anchor_file(settings).open("a") as file:
        file.write(forged)
    with start_publisher(settings) as again:
        wait_until(lambda: "The audit trail differs from its anchor of entry 2" in again.notice)
    found = verify(settings, get_anchor_file(settings)).stdout
    assert "is not signed." in found
    assert "was rewritten" in found


def test_a_folder_that_is_gone_is_a_notice_until_it_is_back(settings: Settings) -> None:
    folder = Path(settings.anchors.folder)
    folder.rmdir()
    add_recipe_versions(settings, 0.5)
    with start_publisher(settings) as here:
        wait_until(lambda: "The audit trail is not anchored:" in here.notice)
        assert "No such file or directory" in here.notice
        folder.mkdir()
        wait_until(lambda: here.entries == [1] and here.notice == "")


def test_anchors_go_to_a_topic_and_are_checked_in_what_was_recorded(
    settings: Settings, mosquitto: EmbeddedBroker, tmp_path: Path
) -> None:
    add_recipe_versions(settings, 0.5)
    chosen = AnchorSettings(mqtt_topic="audit/batch/events", key=KEY)
    recorder = replace(mosquitto.settings, prefix="audit")
    with (
        connect_subscriber(recorder, persistent=False) as ear,
        start_publisher(replace(settings, mqtt=mosquitto.settings, anchors=chosen)),
    ):
        wait_until(lambda: ear.deliveries)
        recorded = tmp_path / "recorded"
        recorded.write_bytes(ear.deliveries[0].payload)
    assert verify(settings, recorded).exit_code == 0
    rewrite_trail(settings, who="Ben")
    assert verify(settings, recorded).exit_code == 1
