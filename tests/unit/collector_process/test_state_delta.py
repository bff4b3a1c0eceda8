"""What crosses the pipe arrives as it was, and no more crosses than has changed."""

import pickle
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.collector_process.state_delta import apply_changes, pack_changes
from dosing_tui.domain.messages.models import Dose
from dosing_tui.live_snapshot import LinkState, LinkStatus, LiveSnapshot, MessageCounts, Role
from dosing_tui.live_state import MAX_RECENT_READINGS, LiveState
from tests.support.collector.parsed_items import doses, events, levels, numbered_dose

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

pictures = st.builds(
    LiveSnapshot,
    revision=st.integers(0),
    levels=st.lists(levels, max_size=3).map(tuple),
    doses=st.lists(doses, max_size=3).map(tuple),
    events=st.lists(events, max_size=3).map(tuple),
    device_last_seen=st.lists(st.tuples(st.text(), st.just(NOW)), max_size=3).map(tuple),
    last_message_at=st.none() | st.just(NOW),
    broker=st.builds(LinkState, st.sampled_from(LinkStatus), st.none() | st.just(NOW), st.text()),
    message_counts=st.builds(MessageCounts, st.integers(0), st.integers(0)),
    role=st.sampled_from(Role),
    notice=st.text(),
)


@given(pictures, pictures)
def test_a_picture_arrives_whole_and_exact_whatever_was_sent_before(
    before: LiveSnapshot, after: LiveSnapshot
) -> None:
    assert apply_changes(before, pack_changes(before, after)) == after


@given(pictures)
def test_of_a_picture_that_stands_still_nothing_is_sent(picture: LiveSnapshot) -> None:
    assert pack_changes(picture, pickle.loads(pickle.dumps(picture))) == {}


def test_only_what_moved_is_sent() -> None:
    later = NOW + timedelta(seconds=1)
    moved = replace(LiveSnapshot(), revision=1, last_message_at=later, message_rate=0.1)
    assert set(pack_changes(LiveSnapshot(), moved)) == {"revision", "last_message_at", "message_rate"}


@given(st.lists(doses, min_size=1, max_size=6, unique_by=id), st.data())
def test_readings_that_stay_need_not_cross_again(told: list[Dose], data: st.DataObject) -> None:
    """In any order, with others between them: those that stay are the objects that the console has."""
    some = st.lists(st.sampled_from(told) | doses, max_size=8)
    before, after = (replace(LiveSnapshot(), doses=tuple(data.draw(some))) for _ in range(2))
    shown = apply_changes(LiveSnapshot(), pack_changes(LiveSnapshot(), before))
    known = dict(zip(map(id, before.doses), shown.doses, strict=True))
    shown = apply_changes(shown, pack_changes(before, after))
    assert shown.doses == after.doses
    if before.doses != after.doses:
        for one, other in zip(after.doses, shown.doses, strict=True):
            assert known.get(id(one), other) == other


def test_of_two_hundred_doses_one_new_one_crosses() -> None:
    live = LiveState()
    live.apply_readings(map(numbered_dose, range(MAX_RECENT_READINGS)))
    before = live.get_snapshot(NOW)
    shown = apply_changes(LiveSnapshot(), pack_changes(LiveSnapshot(), before))
    live.apply_readings([numbered_dose(MAX_RECENT_READINGS)])
    after = live.get_snapshot(NOW)
    packed = pack_changes(before, after)["doses"]
    news = [part for part in pickle.loads(packed) if not isinstance(part, range)]
    assert len(news) == 1
    later = apply_changes(shown, {"doses": packed})
    assert later.doses == after.doses
    assert all(one is other for one, other in zip(later.doses[1:], shown.doses[:-1], strict=True))
