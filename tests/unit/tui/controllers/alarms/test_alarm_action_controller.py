"""An alarm action from the key to what it changed, or why it did not."""

from dataclasses import replace

import pytest

from dosing_tui.domain.alarms.models import AlarmEvent
from dosing_tui.tui.alarms.alarm_actions import AlarmAction
from dosing_tui.tui.controllers.alarms.alarm_action_controller import (
    KEPT_POLL,
    AlarmActionController,
    AlarmActionStored,
    KeptActionsRead,
)
from dosing_tui.tui.data.query_workers import Lane
from tests.support.tui.alarm_samples import make_state, make_view, picture_of
from tests.support.tui.fake_host import ControllerBench


def test_an_acknowledgement_goes_to_the_journal_lane_and_is_confirmed(bench: ControllerBench) -> None:
    raised = make_state("STOCK_LOW", "L25B")
    bench.live.set_alarms(picture_of(raised))
    alarms = AlarmActionController(bench.services, bench.host)
    alarms.request_action(AlarmAction.ACKNOWLEDGE, [make_view(raised)])
    assert bench.workers.lanes == [Lane.JOURNAL]
    alarms.confirm_action(bench.workers.take(AlarmActionStored))
    assert [entry.event for entry in bench.source.entries] == [AlarmEvent.ACKNOWLEDGE]
    assert bench.host.messages == [f"Acknowledged: {raised.key.tag}. Nobody is signed on (L)."]


def test_an_action_that_fails_shows_the_reason(bench: ControllerBench) -> None:
    raised = make_state("STOCK_LOW", "L25B")
    bench.live.set_alarms(picture_of(raised))
    bench.source.away = "No database server listens."
    alarms = AlarmActionController(bench.services, bench.host)
    alarms.request_action(AlarmAction.ACKNOWLEDGE, [make_view(raised)])
    refused = bench.workers.take(AlarmActionStored)
    assert bench.entries.settle(refused)
    alarms.take_back(refused)
    assert [one.sentence for one in bench.entries.failures] == ["Action failed: No database server listens."]
    alarms.request_action(AlarmAction.ACKNOWLEDGE, [make_view(raised)])
    assert bench.entries.failures == ()


def test_an_action_that_changes_nothing_says_why_and_not_that_it_was_done(bench: ControllerBench) -> None:
    raised = make_state("STOCK_LOW", "L25B")
    bench.live.set_alarms(picture_of(raised))
    alarms = AlarmActionController(bench.services, bench.host)
    for outcome, said in (
        (f"{raised.key.tag} has been raised again: check it before acknowledging.", "has been raised again"),
        (None, "acknowledge is not in the alarm journal."),
    ):
        bench.source.outcome = outcome
        alarms.request_action(AlarmAction.ACKNOWLEDGE, [make_view(raised)])  # it can be tried again
        alarms.confirm_action(bench.workers.take(AlarmActionStored))
        assert said in bench.host.messages[-1]
        assert "Acknowledged" not in bench.host.messages[-1]


@pytest.mark.parametrize(
    ("outcome", "said"),
    [
        ("", "Journaled 1 of 1 action kept on this machine."),
        (
            "It was raised again.",
            "Journaled 0 of 1 action kept on this machine. It was raised again.",
        ),
        (None, "Journaled 0 of 1 action kept on this machine. {tag}: the database refused to acknowledge."),
    ],
)
def test_what_was_kept_is_not_said_to_be_done_and_its_outcome_follows(
    bench: ControllerBench, outcome: str | None, said: str
) -> None:
    raised = make_state("STOCK_LOW", "L25B")
    bench.live.set_alarms(replace(picture_of(raised), is_journal_live=False))
    bench.source.away, bench.source.keeps = "No database server listens.", True
    alarms = AlarmActionController(bench.services, bench.host)
    alarms.request_action(AlarmAction.ACKNOWLEDGE, [make_view(raised)])
    alarms.confirm_action(bench.workers.take(AlarmActionStored))
    tag = raised.key.tag
    assert bench.host.messages[-1].startswith(f"Not journaled yet: acknowledge {tag}. Kept on this machine")
    bench.source.away, bench.source.outcome = "", outcome
    live = replace(picture_of(raised), is_journal_live=True)
    alarms.follow_up(live, bench.clock())
    alarms.show_kept_outcome(bench.workers.take(KeptActionsRead))  # the outbox still has it
    assert len(bench.host.messages) == 1
    bench.source.kept.clear()
    alarms.follow_up(live, bench.clock() + KEPT_POLL)
    alarms.show_kept_outcome(bench.workers.take(KeptActionsRead))
    assert bench.host.messages[1:] == [said.format(tag=tag)]
    alarms.follow_up(live, bench.clock() + 2 * KEPT_POLL)
    assert bench.workers.results == []
