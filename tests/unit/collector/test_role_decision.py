from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.collector.pipeline.broker_drop_count import count_lost_messages, parse_drop_count
from dosing_tui.collector.role_decision import CONFLICT_GRACE, ElectionResult, RoleInputs, decide_role
from dosing_tui.config.settings import CollectorMode
from dosing_tui.live_snapshot import Role

AUTO, ALWAYS, NEVER = CollectorMode.AUTO, CollectorMode.ALWAYS, CollectorMode.NEVER
any_vote = st.sampled_from(ElectionResult)
any_time = st.none() | st.timedeltas(min_value=timedelta())


@given(st.builds(RoleInputs, mode=st.just(NEVER), election=any_vote, conflict=any_time))
def test_never_is_never(facts: RoleInputs) -> None:
    assert decide_role(facts) is Role.VIEWER


@given(st.builds(RoleInputs, mode=st.just(ALWAYS), election=any_vote, conflict=any_time))
def test_always_is_always(facts: RoleInputs) -> None:
    assert decide_role(facts) is Role.COLLECTOR


@given(st.builds(RoleInputs, mode=st.just(AUTO), election=st.just(ElectionResult.LEADER), conflict=any_time))
def test_the_elected_one_collects(facts: RoleInputs) -> None:
    assert decide_role(facts) is Role.COLLECTOR


@given(
    st.builds(RoleInputs, mode=st.just(AUTO), election=st.just(ElectionResult.FOLLOWER), conflict=any_time)
)
def test_who_is_not_elected_stands_by_whatever_was_before(facts: RoleInputs) -> None:
    assert decide_role(facts) is Role.STANDBY


@pytest.mark.parametrize(
    ("elected", "collected_here", "role"),
    [
        (False, False, Role.UNDECIDED),
        (True, False, Role.COLLECTOR),
        (False, True, Role.COLLECTOR),
        (True, True, Role.COLLECTOR),
    ],
)
def test_without_the_database_the_last_one_to_collect_goes_on(
    elected: bool, collected_here: bool, role: Role
) -> None:
    assert (
        decide_role(
            RoleInputs(AUTO, ElectionResult.UNKNOWN, is_elected=elected, is_last_collector=collected_here)
        )
        is role
    )


def test_of_two_under_one_client_id_the_one_that_was_not_elected_gives_way_first() -> None:
    moment = timedelta(seconds=1)
    assert (
        decide_role(RoleInputs(AUTO, ElectionResult.UNKNOWN, is_last_collector=True, conflict=moment))
        is Role.UNDECIDED
    )
    assert (
        decide_role(RoleInputs(AUTO, ElectionResult.UNKNOWN, is_elected=True, conflict=moment))
        is Role.COLLECTOR
    )
    assert (
        decide_role(RoleInputs(AUTO, ElectionResult.UNKNOWN, is_elected=True, conflict=CONFLICT_GRACE))
        is Role.UNDECIDED
    )


@given(st.binary(max_size=30))
def test_no_payload_upsets_the_count_of_dropped_messages(payload: bytes) -> None:
    count = parse_drop_count(payload)
    assert count is None or count >= 0


@given(st.none() | st.integers(0, 100), st.integers(0, 100))
def test_never_are_more_messages_lost_than_the_broker_counts(known: int | None, count: int) -> None:
    assert 0 <= count_lost_messages(known, count) <= count
