"""The live picture: what moves it, what does not, and that it stays small."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, ReadingKind, TimeQuality
from dosing_tui.domain.presence.models import MessageLoss
from dosing_tui.live_snapshot import (
    DatabaseFault,
    DatabasePart,
    LinkState,
    LinkStatus,
    LiveSnapshot,
    MessageCounts,
    Role,
)
from dosing_tui.live_state import MAX_RECENT_READINGS, MAX_SERIES, LiveState

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def make_dose(minute: int = 0, *, device: str = "dosing_system_01", dedup: int = 0) -> Dose:
    at = NOW + timedelta(minutes=minute)
    return Dose(
        at, device, 2, "T-12", 40.0, 40.1, 0.1, "CU-85", "CATALYST", 58_000, dedup, at, TimeQuality.DEVICE
    )


def make_level(minute: int = 0, *, chemical: str = "T-12", remaining_g: float = 9_000.0) -> InventoryLevel:
    at = NOW + timedelta(minutes=minute)
    percent = remaining_g / 150.0
    return InventoryLevel(
        at, "dosing_system_01", chemical, remaining_g, 15_000.0, percent, 0, at, TimeQuality.RECEIVE
    )


def make_event(name: str, minute: int = 0) -> BatchEvent:
    at = NOW + timedelta(minutes=minute)
    return BatchEvent(at, "dosing_system_01", name, "CU-85", 2, 0, at, TimeQuality.DEVICE)


def test_a_redelivered_dose_is_shown_once_and_makes_no_panel_due() -> None:
    live = LiveState()
    live.apply_readings([make_dose(), make_dose()])
    live.apply_readings([make_dose()])
    picture = live.get_snapshot(NOW)
    assert picture.doses == (make_dose(),)
    assert dict(picture.received_counts)[ReadingKind.DOSE] == 1


def test_two_doses_in_one_second_are_both_shown() -> None:
    live = LiveState()
    live.apply_readings([make_dose(dedup=1), make_dose(dedup=2)])
    assert len(live.get_snapshot(NOW).doses) == 2


def test_doses_are_listed_by_their_own_time_whatever_order_they_arrive_in() -> None:
    live = LiveState()
    live.apply_readings([make_dose(5), make_dose(1), make_dose(3)])
    assert [entry.time.minute for entry in live.get_snapshot(NOW).doses] == [5, 3, 1]


def test_an_older_level_does_not_replace_a_newer_one() -> None:
    live = LiveState()
    live.apply_readings([make_level(5, remaining_g=100.0), make_level(1, remaining_g=900.0)])
    assert [entry.remaining_g for entry in live.get_snapshot(NOW).levels] == [100.0]


def test_seeding_fills_gaps_but_does_not_undo_what_messages_brought() -> None:
    live = LiveState()
    live.apply_readings([make_level(5, remaining_g=100.0), make_dose(5)])
    live.seed_readings(
        [make_level(1, remaining_g=900.0), make_level(1, chemical="T-9"), make_dose(5), make_dose(2)]
    )
    picture = live.get_snapshot(NOW)
    assert {entry.chemical: entry.remaining_g for entry in picture.levels} == {"T-12": 100.0, "T-9": 9_000.0}
    assert len(picture.doses) == 2
    assert dict(picture.received_counts)[ReadingKind.DOSE] == 1


def test_a_flood_of_invented_names_is_bounded() -> None:
    live = LiveState()
    live.apply_readings(make_level(chemical=f"chemical {n}") for n in range(MAX_SERIES + 100))
    live.apply_readings(make_dose(n) for n in range(MAX_RECENT_READINGS + 100))
    picture = live.get_snapshot(NOW)
    assert len(picture.levels) == MAX_SERIES
    assert picture.has_more_tanks
    assert not picture.has_more_stations
    assert len(picture.doses) == MAX_RECENT_READINGS


def test_a_tank_that_is_new_after_a_flood_of_names_is_shown() -> None:
    live = LiveState()
    live.apply_readings(make_level(number, chemical=f"c {number}") for number in range(MAX_SERIES + 50))
    live.apply_readings([make_level(MAX_SERIES + 60, chemical="new")])
    shown = {level.chemical for level in live.get_snapshot(NOW).levels}
    assert "new" in shown
    assert "c 0" not in shown


def test_the_rate_falls_to_zero_when_nothing_arrives() -> None:
    live = LiveState()
    live.count_messages(["factory/dosing/consumption"] * 50, NOW)
    assert live.get_snapshot(NOW).message_rate == 5.0
    assert live.get_snapshot(NOW + timedelta(seconds=11)).message_rate == 0.0


def test_the_revision_moves_only_when_something_changed() -> None:
    live = LiveState()
    state = LinkState(LinkStatus.DOWN, NOW, "connection refused")
    live.set_broker(state)
    before = live.get_snapshot(NOW).revision
    live.set_broker(state)
    assert live.get_snapshot(NOW).revision == before
    live.set_role(Role.STANDBY, "Another console collects.")
    assert live.get_snapshot(NOW).revision > before


def test_last_seen_is_the_receive_time_of_any_message() -> None:
    live = LiveState()
    live.apply_readings([make_dose(1), make_event("complete", 7), make_level(3)])
    assert live.get_snapshot(NOW).device_last_seen == (("dosing_system_01", NOW + timedelta(minutes=7)),)


def test_books_know_when_they_balance() -> None:
    assert MessageCounts(10, 6, 2, 1, 1).is_reconciled
    assert not MessageCounts(10, 6, 2, 1, 0).is_reconciled


def test_while_nothing_changes_the_picture_is_the_same_object() -> None:
    live = LiveState()
    live.apply_readings([make_dose()])
    live.count_messages(["factory/dosing/consumption"], NOW)
    live.change_event.clear()
    picture = live.get_snapshot(NOW)
    assert live.get_snapshot(NOW + timedelta(seconds=1)) is picture
    assert live.get_snapshot(NOW + timedelta(seconds=11)).message_rate == 0.0
    live.set_console_faults(())
    live.set_role(Role.UNDECIDED)
    assert not live.change_event.is_set()


def test_each_change_is_announced() -> None:
    live = LiveState()
    changes: tuple[Callable[[], None], ...] = (
        lambda: live.apply_readings([make_dose()]),
        lambda: live.count_messages(["factory/dosing/consumption"], NOW),
        lambda: live.count_stored([ReadingKind.DOSE]),
        lambda: live.set_role(Role.COLLECTOR),
        lambda: live.set_console_faults((DatabaseFault(DatabasePart.QUERIES, "Gone."),)),
    )
    for change in changes:
        live.change_event.clear()
        before = live.get_snapshot(NOW)
        change()
        assert live.change_event.is_set()
        assert live.get_snapshot(NOW) is not before


def test_what_a_message_does_not_change_is_the_same_object_as_before() -> None:
    live = LiveState()
    live.apply_readings([make_dose(), make_event("start"), make_level()])
    live.count_stored(ReadingKind)
    before = live.get_snapshot(NOW)
    live.apply_readings([make_level(1)])
    after = live.get_snapshot(NOW)
    names = LiveSnapshot.__struct_fields__
    changed = {name for name in names if getattr(after, name) is not getattr(before, name)}
    assert changed - {"revision", "message_rate"} == {"levels", "received_counts", "device_last_seen"}


def test_a_snapshot_after_each_change_equals_one_after_all_of_them() -> None:
    def list_steps(live: LiveState) -> list[Callable[[], None]]:
        return [
            lambda: live.seed_readings([make_dose(1), make_level(1), make_event("start", 1)]),
            lambda: live.count_messages(["a", "b"], NOW),
            lambda: live.apply_readings([make_dose(2)]),
            lambda: live.apply_readings([make_event("complete", 3), make_dose(2)]),
            lambda: live.apply_readings([make_level(2), make_level(1, chemical="T-9")]),
            lambda: live.apply_news([MessageLoss("dosing_system_02", NOW, 3, 5, 7)]),
            lambda: live.set_role(Role.STANDBY, "It watches."),
            lambda: live.count_stored([ReadingKind.DOSE]),
        ]

    watched, unwatched = LiveState(), LiveState()
    for step, silent_step in zip(list_steps(watched), list_steps(unwatched), strict=True):
        step()
        watched.get_snapshot(NOW)
        silent_step()
    assert watched.get_snapshot(NOW) == unwatched.get_snapshot(NOW)
