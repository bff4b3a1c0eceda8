"""What crosses the pipe arrives as it was, and no more crosses than has changed."""

import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.collector_process.state_delta import apply_changes, pack_changes
from dosing_tui.live_snapshot import LinkState, LinkStatus, LiveSnapshot, MessageCounts, Role
from tests.support.collector.parsed_items import doses, events, levels

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
