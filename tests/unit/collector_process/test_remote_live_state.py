"""What the screen is shown of a collector that works elsewhere."""

from datetime import UTC, datetime, timedelta

from dosing_tui.collector_process.remote_live_state import MAX_PENDING_UPDATES, RemoteLiveState
from dosing_tui.collector_process.state_delta import pack_changes
from dosing_tui.live_snapshot import LinkState, LinkStatus, LiveSnapshot, Role
from dosing_tui.live_state import LiveState
from tests.support.collector.parsed_items import NOON, numbered_dose

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
UP = LinkState(LinkStatus.UP, NOW)


def collecting_snapshot() -> LiveSnapshot:
    """One dose, everything up."""
    live = LiveState()
    live.apply_readings([numbered_dose()])
    live.count_messages(["factory/dosing/consumption"] * 20, NOW)
    live.set_broker(UP)
    live.set_database(UP)
    live.set_role(Role.COLLECTOR)
    return live.get_snapshot(NOW)


def make_mirror(picture: LiveSnapshot, process: int = 7) -> RemoteLiveState:
    mirror = RemoteLiveState()
    mirror.expect_process(process)
    mirror.apply_fields(pack_changes(LiveSnapshot(), picture))
    return mirror


def test_it_shows_what_it_was_sent_and_by_which_process() -> None:
    picture = make_mirror(collecting_snapshot()).get_snapshot(NOW)
    assert (picture.doses, picture.broker, picture.process_number) == ((numbered_dose(),), UP, 7)


def test_news_that_nobody_looked_at_in_between_add_up() -> None:
    first = collecting_snapshot()
    live = LiveState()
    live.apply_readings([numbered_dose(), numbered_dose(1)])
    second = live.get_snapshot(NOW)
    mirror = make_mirror(first)
    mirror.apply_fields(pack_changes(first, second))
    assert mirror.get_snapshot(NOW).doses == second.doses
    assert mirror.get_snapshot(NOW).broker == second.broker


def test_news_that_nobody_looks_at_are_applied_in_their_order_and_do_not_pile_up() -> None:
    live, mirror = LiveState(), RemoteLiveState()
    told = LiveSnapshot()
    for number in range(3 * MAX_PENDING_UPDATES):
        live.apply_readings([numbered_dose(number)])
        before, told = told, live.get_snapshot(NOW)
        mirror.apply_fields(pack_changes(before, told))
        assert len(mirror._pending_updates) < MAX_PENDING_UPDATES
    assert mirror.get_snapshot(NOW).doses == told.doses


def test_a_picture_that_stands_still_is_the_same_object() -> None:
    mirror = make_mirror(collecting_snapshot())
    picture = mirror.get_snapshot(NOW)
    mirror.apply_fields({})
    assert mirror.get_snapshot(NOW) is picture


def test_a_lost_collector_leaves_its_last_data_and_both_links_down() -> None:
    mirror = make_mirror(collecting_snapshot())
    mirror.mark_down("It is gone.", NOW)
    mirror.mark_down("It is still gone.", NOW + timedelta(seconds=9))
    picture = mirror.get_snapshot(NOW)
    assert picture.doses == (numbered_dose(),)
    assert picture.broker == picture.database == LinkState(LinkStatus.DOWN, NOW, "It is still gone.")
    assert (picture.role, picture.message_rate) == (Role.UNDECIDED, 0.0)


def test_one_that_answers_again_is_believed_again() -> None:
    mirror = make_mirror(collecting_snapshot())
    mirror.mark_down("It is silent.", NOW)
    mirror.apply_fields({})
    assert mirror.get_snapshot(NOW).broker == UP


def test_the_last_data_stay_until_a_new_collector_has_sent_its_own() -> None:
    mirror = make_mirror(collecting_snapshot())
    mirror.mark_down("It is gone.", NOW)
    mirror.expect_process(8)
    assert mirror.get_snapshot(NOW).doses == (numbered_dose(),)
    mirror.apply_fields({})
    assert mirror.get_snapshot(NOW) == LiveSnapshot(process_number=8)


def test_what_is_known_is_handed_on_with_the_oldest_first() -> None:
    live = LiveState()
    live.apply_readings([numbered_dose(2), numbered_dose(0), numbered_dose(1)])
    known = make_mirror(live.get_snapshot(NOW)).list_readings(NOW)
    assert known == (numbered_dose(0), numbered_dose(1), numbered_dose(2))
    after = LiveState()
    after.seed_readings(known)
    assert after.get_snapshot(NOON).doses == live.get_snapshot(NOON).doses
