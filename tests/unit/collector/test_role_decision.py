from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.collector.pipeline.broker_drop_count import dropped_count, lost_since
from dosing_tui.collector.role_decision import PATIENCE, Facts, Vote, decide
from dosing_tui.config.settings import CollectorMode
from dosing_tui.live_state import Role

AUTO, ALWAYS, NEVER = CollectorMode.AUTO, CollectorMode.ALWAYS, CollectorMode.NEVER
any_vote = st.sampled_from(Vote)
any_time = st.none() | st.timedeltas(min_value=timedelta())


@given(st.builds(Facts, mode=st.just(NEVER), vote=any_vote, contested=any_time))
def test_never_is_never(facts: Facts) -> None:
    assert decide(facts) is Role.VIEWER


@given(st.builds(Facts, mode=st.just(ALWAYS), vote=any_vote, contested=any_time))
def test_always_is_always(facts: Facts) -> None:
    assert decide(facts) is Role.COLLECTING


@given(st.builds(Facts, mode=st.just(AUTO), vote=st.just(Vote.WON), contested=any_time))
def test_the_elected_one_collects(facts: Facts) -> None:
    assert decide(facts) is Role.COLLECTING


@given(st.builds(Facts, mode=st.just(AUTO), vote=st.just(Vote.LOST), contested=any_time))
def test_who_is_not_elected_stands_by_whatever_was_before(facts: Facts) -> None:
    assert decide(facts) is Role.STANDBY


@pytest.mark.parametrize(
    ("elected", "collected_here", "role"),
    [
        (False, False, Role.UNDECIDED),
        (True, False, Role.COLLECTING),
        (False, True, Role.COLLECTING),
        (True, True, Role.COLLECTING),
    ],
)
def test_without_the_database_the_last_one_to_collect_goes_on(
    elected: bool, collected_here: bool, role: Role
) -> None:
    assert decide(Facts(AUTO, Vote.UNKNOWN, elected=elected, collected_here=collected_here)) is role


def test_of_two_under_one_client_id_the_one_that_was_not_elected_gives_way_first() -> None:
    moment = timedelta(seconds=1)
    assert decide(Facts(AUTO, Vote.UNKNOWN, collected_here=True, contested=moment)) is Role.UNDECIDED
    assert decide(Facts(AUTO, Vote.UNKNOWN, elected=True, contested=moment)) is Role.COLLECTING
    assert decide(Facts(AUTO, Vote.UNKNOWN, elected=True, contested=PATIENCE)) is Role.UNDECIDED


@given(st.binary(max_size=30))
def test_no_payload_upsets_the_count_of_dropped_messages(payload: bytes) -> None:
    count = dropped_count(payload)
    assert count is None or count >= 0


@given(st.none() | st.integers(0, 100), st.integers(0, 100))
def test_never_are_more_messages_lost_than_the_broker_counts(known: int | None, count: int) -> None:
    assert 0 <= lost_since(known, count) <= count
