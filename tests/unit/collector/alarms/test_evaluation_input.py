"""What the alarm rules learn of links, topics, the database's parts, the spool and the shift."""

from datetime import UTC, datetime, timedelta

from msgspec.structs import replace

from dosing_tui.collector.alarms.evaluation_input import SpoolFill, build_evaluation_context
from dosing_tui.config.settings import Settings, ShiftSettings
from dosing_tui.live_snapshot import (
    DatabaseFault,
    DatabasePart,
    LinkState,
    LinkStatus,
    LiveSnapshot,
    MessageCounts,
)

NOW = datetime(2026, 3, 11, 12, 0, tzinfo=UTC)
SETTINGS = Settings()


def test_a_link_that_starts_is_neither_up_nor_down() -> None:
    known = {LinkStatus.STARTING: None, LinkStatus.UP: True, LinkStatus.PARTIAL: True, LinkStatus.DOWN: False}
    for status, is_up in known.items():
        snapshot = LiveSnapshot(broker=LinkState(status, NOW, "why"))
        context = build_evaluation_context(snapshot, SETTINGS, SpoolFill(), (), NOW)
        assert (context.broker.is_up, context.broker.since, context.broker.reason) == (is_up, NOW, "why")


def test_what_only_tiles_and_viewers_show_is_no_part_with_an_alarm() -> None:
    faults = tuple(DatabaseFault(part, "refused") for part in DatabasePart)
    context = build_evaluation_context(LiveSnapshot(database_faults=faults), SETTINGS, SpoolFill(), (), NOW)
    parts = dict(context.database_parts)
    assert parts["journal"] == "Alarm journal unavailable: refused"
    assert {part.name.lower() for part in DatabasePart} - set(parts) == {"queries", "collector"}


def test_each_topic_says_whether_it_is_refused_and_the_spool_how_full_it_is() -> None:
    doses, events, levels = SETTINGS.mqtt.topics
    oldest = NOW - timedelta(minutes=5)
    snapshot = LiveSnapshot(refused_topics=(events,), message_counts=MessageCounts(received=9, spooled=7))
    context = build_evaluation_context(snapshot, SETTINGS, SpoolFill(81.0, oldest, True), (), NOW)
    assert dict(context.topics) == {doses: False, events: True, levels: False}
    assert (context.spool_count, context.spool_percent, context.oldest_spooled_at) == (7, 81.0, oldest)
    assert context.is_intake_stopped


def test_a_plant_without_shifts_is_always_on_shift() -> None:
    early = replace(SETTINGS, shifts=(ShiftSettings("Early", "01:00", 2.0),))
    for settings, is_scheduled in ((replace(SETTINGS, shifts=()), True), (early, False)):
        context = build_evaluation_context(LiveSnapshot(), settings, SpoolFill(), (), NOW)
        assert context.is_shift_scheduled is is_scheduled
