"""When panels are asked."""

from datetime import UTC, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.messages.models import Kind
from dosing_tui.domain.panels.panel_catalog import BATCHES, OVERVIEW, TODAY
from dosing_tui.live_state import Picture, Role
from dosing_tui.tui.data.panel_cache import Desk
from dosing_tui.tui.data.query_workers import Question, Reply
from dosing_tui.tui.data.refresh_policy import (
    SETTLE,
    Turn,
    answered,
    asked,
    counts,
    due,
    noticed,
    settle_time,
)
from dosing_tui.tui.scope.scope import Present, Scope
from tests.support.tui.sample_plant import NOW

NO_TIME = timedelta(0)
SECOND = timedelta(seconds=1)


def after_answer(*, failed: bool = False) -> Turn:
    turn = answered(asked(noticed(Turn(), (0,), NOW), NOW), 1, failed=failed)
    assert turn is not None
    return turn


def test_a_panel_is_asked_at_once_in_the_beginning() -> None:
    assert due(Turn(), NOW, settle=NO_TIME)


def test_there_is_never_a_second_question_in_flight() -> None:
    assert not due(asked(Turn(), NOW), NOW + timedelta(hours=1), settle=NO_TIME)


def test_nothing_new_means_no_question_for_half_a_minute() -> None:
    assert not due(after_answer(), NOW + 29 * SECOND, settle=NO_TIME)
    assert due(after_answer(), NOW + 30 * SECOND, settle=NO_TIME)


def test_something_new_is_asked_for_but_not_within_a_second() -> None:
    turn = noticed(after_answer(), (1,), NOW + SECOND / 2)
    assert not due(turn, NOW + SECOND / 2, settle=NO_TIME)
    assert due(turn, NOW + SECOND, settle=NO_TIME)


def test_a_question_covers_what_was_there_when_it_was_asked() -> None:
    turn = asked(noticed(after_answer(), (1,), NOW + 2 * SECOND), NOW + 2 * SECOND)
    done = answered(turn, turn.generation, failed=False)
    assert done is not None
    assert not due(done, NOW + 5 * SECOND, settle=NO_TIME)


def test_a_watcher_asks_again_for_what_may_not_have_been_committed() -> None:
    turn = asked(noticed(after_answer(), (1,), NOW + 2 * SECOND), NOW + 2 * SECOND)
    done = answered(turn, turn.generation, failed=False)
    assert done is not None
    assert due(done, NOW + 3 * SECOND, settle=SETTLE)
    again = answered(asked(done, NOW + 4 * SECOND), done.generation + 1, failed=False)
    assert again is not None
    assert not due(again, NOW + 6 * SECOND, settle=SETTLE)


def test_a_failed_question_is_tried_again_after_five_seconds() -> None:
    assert not due(after_answer(failed=True), NOW + 4 * SECOND, settle=NO_TIME)
    assert due(after_answer(failed=True), NOW + 5 * SECOND, settle=NO_TIME)


def test_a_clock_that_is_set_back_does_not_stop_the_questions() -> None:
    assert due(after_answer(), NOW - timedelta(hours=1), settle=NO_TIME)


def test_an_answer_to_an_older_question_is_discarded() -> None:
    first = asked(Turn(), NOW)
    assert answered(first, 0, failed=False) is None
    assert answered(after_answer(), 1, failed=False) is None


def test_the_collector_goes_by_commits_and_everyone_else_by_messages() -> None:
    picture = Picture(changed=((Kind.DOSE, 7),), stored=((Kind.DOSE, 3),), role=Role.COLLECTING)
    assert counts(TODAY, picture) == (3,)
    assert counts(BATCHES, picture) == (0,)
    watching = Picture(changed=((Kind.DOSE, 7),), stored=((Kind.DOSE, 3),), role=Role.VIEWER)
    assert counts(TODAY, watching) == (7,)
    assert settle_time(Role.COLLECTING) == NO_TIME
    assert settle_time(Role.STANDBY) > NO_TIME


@given(st.lists(st.tuples(st.floats(0.1, 3), st.booleans(), st.booleans()), max_size=80))
def test_whatever_happens_questions_keep_their_distance(steps: list[tuple[float, bool, bool]]) -> None:
    turn, now, last, count = Turn(), NOW, None, 0
    for wait, news, answers in steps:
        now += timedelta(seconds=wait)
        count += news
        turn = noticed(turn, (count,), now)
        if due(turn, now, settle=NO_TIME):
            assert last is None or now - last >= SECOND
            turn, last = asked(turn, now), now
        if answers:
            turn = answered(turn, turn.generation, failed=False) or turn


def desk_with_questions() -> tuple[Desk, list[Question]]:
    sent: list[Question] = []
    desk = Desk(sent.append)
    desk.ask_due(OVERVIEW, Scope(), Present(NOW, UTC, Picture()))
    return desk, sent


def test_the_desk_asks_every_panel_for_its_own_range() -> None:
    _, sent = desk_with_questions()
    assert [question.panel.id for question in sent] == [panel.id for panel in OVERVIEW]
    today = next(question for question in sent if question.panel is TODAY)
    assert (today.query.since.hour, today.query.until - today.query.since) == (0, timedelta(days=1))


def test_a_failure_keeps_the_last_good_rows_with_their_time() -> None:
    desk, sent = desk_with_questions()
    question = sent[0]
    assert desk.take(Reply(question, ("row",)), NOW)
    desk.ask_due(OVERVIEW, Scope(), Present(NOW + 40 * SECOND, UTC, Picture()))
    assert desk.take(_failed(sent), NOW + 41 * SECOND)
    answer = desk.answers[question.panel.id]
    assert (answer.rows, answer.at, answer.trouble) == (("row",), NOW, "gone")


def _failed(sent: list[Question]) -> Reply:
    newest = next(question for question in reversed(sent) if question.panel is sent[0].panel)
    return Reply(newest, None, "gone")
