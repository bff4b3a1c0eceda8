"""When panels are asked."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.messages.models import ReadingKind
from dosing_tui.domain.panels.panel_catalog import BATCHES_TODAY, CONSUMPTION_TODAY, OVERVIEW_PANELS
from dosing_tui.live_snapshot import LiveSnapshot, Role
from dosing_tui.tui.data.panel_cache import PanelCache
from dosing_tui.tui.data.query_results import PanelLoaded, PanelRequest
from dosing_tui.tui.data.refresh_policy import (
    IDLE_SHARE,
    MAX_INTERVAL,
    SETTLE_TIME,
    PanelRefreshState,
    choose_interval,
    finish_request,
    get_reading_counts,
    get_settle_time,
    is_request_due,
    reset_request,
    start_request,
    update_counts,
)
from dosing_tui.tui.scope.scope import DEFAULT_RANGE, Scope, TimeContext
from tests.support.tui.sample_plant import NOW

NO_TIME = timedelta(0)
SECOND = timedelta(seconds=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def after_answer(*, failed: bool = False) -> PanelRefreshState:
    turn = finish_request(
        start_request(update_counts(PanelRefreshState(), (0,), NOW), NOW, HOUR), 1, NOW, has_failed=failed
    )
    assert turn is not None
    return turn


def test_a_panel_is_asked_at_once_in_the_beginning() -> None:
    assert is_request_due(PanelRefreshState(), NOW, settle_time=NO_TIME)


def test_there_is_never_a_second_question_in_flight() -> None:
    assert not is_request_due(
        start_request(PanelRefreshState(), NOW, HOUR), NOW + timedelta(hours=1), settle_time=NO_TIME
    )


def test_nothing_new_means_no_question_for_half_a_minute() -> None:
    assert not is_request_due(after_answer(), NOW + 29 * SECOND, settle_time=NO_TIME)
    assert is_request_due(after_answer(), NOW + 30 * SECOND, settle_time=NO_TIME)


def test_something_new_is_asked_for_but_not_within_a_second() -> None:
    turn = update_counts(after_answer(), (1,), NOW + SECOND / 2)
    assert not is_request_due(turn, NOW + SECOND / 2, settle_time=NO_TIME)
    assert is_request_due(turn, NOW + SECOND, settle_time=NO_TIME)


def test_a_question_covers_what_was_there_when_it_was_asked() -> None:
    turn = start_request(update_counts(after_answer(), (1,), NOW + 2 * SECOND), NOW + 2 * SECOND, HOUR)
    done = finish_request(turn, turn.generation, NOW + 2 * SECOND, has_failed=False)
    assert done is not None
    assert not is_request_due(done, NOW + 5 * SECOND, settle_time=NO_TIME)


def test_a_watcher_asks_again_for_what_may_not_have_been_committed() -> None:
    turn = start_request(update_counts(after_answer(), (1,), NOW + 2 * SECOND), NOW + 2 * SECOND, HOUR)
    done = finish_request(turn, turn.generation, NOW + 2 * SECOND, has_failed=False)
    assert done is not None
    assert is_request_due(done, NOW + 3 * SECOND, settle_time=SETTLE_TIME)
    asked_again = start_request(done, NOW + 4 * SECOND, HOUR)
    again = finish_request(asked_again, done.generation + 1, NOW + 4 * SECOND, has_failed=False)
    assert again is not None
    assert not is_request_due(again, NOW + 6 * SECOND, settle_time=SETTLE_TIME)


def test_a_failed_question_is_tried_again_after_five_seconds() -> None:
    assert not is_request_due(after_answer(failed=True), NOW + 4 * SECOND, settle_time=NO_TIME)
    assert is_request_due(after_answer(failed=True), NOW + 5 * SECOND, settle_time=NO_TIME)


def test_a_clock_that_is_set_back_does_not_stop_the_questions() -> None:
    assert is_request_due(after_answer(), NOW - timedelta(hours=1), settle_time=NO_TIME)


def test_an_answer_to_an_older_question_is_discarded() -> None:
    first = start_request(PanelRefreshState(), NOW, HOUR)
    assert finish_request(first, 0, NOW, has_failed=False) is None
    assert finish_request(after_answer(), 1, NOW, has_failed=False) is None


def test_the_collector_goes_by_commits_and_everyone_else_by_messages() -> None:
    picture = LiveSnapshot(
        received_counts=((ReadingKind.DOSE, 7),), stored_counts=((ReadingKind.DOSE, 3),), role=Role.COLLECTOR
    )
    assert get_reading_counts(CONSUMPTION_TODAY, picture) == (3,)
    assert get_reading_counts(BATCHES_TODAY, picture) == (0,)
    watching = LiveSnapshot(
        received_counts=((ReadingKind.DOSE, 7),), stored_counts=((ReadingKind.DOSE, 3),), role=Role.VIEWER
    )
    assert get_reading_counts(CONSUMPTION_TODAY, watching) == (7,)
    assert get_settle_time(Role.COLLECTOR) == NO_TIME
    assert get_settle_time(Role.STANDBY) > NO_TIME


def test_a_range_of_hours_is_asked_for_every_second_and_a_longer_one_every_five() -> None:
    lengths = (HOUR, 6 * HOUR, 7 * HOUR, DAY, 90 * DAY)
    assert [choose_interval(length) // SECOND for length in lengths] == [1, 1, 5, 5, 5]
    turn = update_counts(start_request(after_answer(), NOW + 9 * SECOND, DAY), (1,), NOW + 10 * SECOND)
    done = finish_request(turn, turn.generation, NOW + 9 * SECOND, has_failed=False)
    assert done is not None
    assert not is_request_due(done, NOW + 13.9 * SECOND, settle_time=NO_TIME)
    assert is_request_due(done, NOW + 14 * SECOND, settle_time=NO_TIME)


def test_a_slow_server_has_time_for_others() -> None:
    turn = update_counts(start_request(after_answer(), NOW, HOUR), (1,), NOW + SECOND)
    done = finish_request(turn, turn.generation, NOW + 3 * SECOND, has_failed=False)
    assert done is not None
    assert not is_request_due(done, NOW + 11.9 * SECOND, settle_time=NO_TIME)
    assert is_request_due(done, NOW + 3 * IDLE_SHARE * SECOND, settle_time=NO_TIME)
    late = finish_request(turn, turn.generation, NOW + HOUR, has_failed=False)
    assert late is not None
    assert late.interval == MAX_INTERVAL


def test_what_an_operator_asks_for_waits_for_no_interval() -> None:
    turn = reset_request(start_request(after_answer(), NOW, 90 * DAY))
    assert not is_request_due(turn, NOW + SECOND / 10, settle_time=NO_TIME)
    assert is_request_due(turn, NOW + SECOND / 4, settle_time=NO_TIME)


@given(
    st.sampled_from([HOUR, DAY, 90 * DAY]),
    st.lists(st.tuples(st.floats(0.1, 3), st.booleans(), st.booleans()), max_size=80),
)
def test_whatever_happens_requests_keep_their_distance(
    length: timedelta, steps: list[tuple[float, bool, bool]]
) -> None:
    turn, now, last, count = PanelRefreshState(), NOW, None, 0
    for wait, news, answers in steps:
        now += timedelta(seconds=wait)
        count += news
        turn = update_counts(turn, (count,), now)
        if is_request_due(turn, now, settle_time=NO_TIME):
            assert last is None or now - last >= choose_interval(length)
            turn, last = start_request(turn, now, length), now
        if answers:
            turn = finish_request(turn, turn.generation, now, has_failed=False) or turn


def desk_with_questions() -> tuple[PanelCache, list[PanelRequest]]:
    sent: list[PanelRequest] = []
    desk = PanelCache(sent.append)
    desk.request_due_panels(OVERVIEW_PANELS, Scope(), TimeContext(NOW, UTC, LiveSnapshot()))
    return desk, sent


def test_the_desk_asks_every_panel_for_its_own_range() -> None:
    _, sent = desk_with_questions()
    assert [question.panel.id for question in sent] == [panel.id for panel in OVERVIEW_PANELS]
    today = next(question for question in sent if question.panel is CONSUMPTION_TODAY)
    assert (today.query.since.hour, today.query.until - today.query.since) == (0, timedelta(days=1))


def test_a_failure_keeps_the_last_good_rows_with_their_time() -> None:
    desk, sent = desk_with_questions()
    question = sent[0]
    assert desk.store_result(PanelLoaded(question, ("row",)), NOW)
    desk.request_due_panels(OVERVIEW_PANELS, Scope(), TimeContext(NOW + 40 * SECOND, UTC, LiveSnapshot()))
    assert desk.store_result(_make_failure(sent), NOW + 41 * SECOND)
    answer = desk.results[question.panel.id]
    assert (answer.rows, answer.loaded_at, answer.error) == (("row",), NOW, "gone")


def _make_failure(sent: list[PanelRequest]) -> PanelLoaded:
    newest = next(question for question in reversed(sent) if question.panel is sent[0].panel)
    return PanelLoaded(newest, None, "gone")


def test_somebody_waits_for_the_first_answer_and_for_one_that_was_asked_for_by_a_key() -> None:
    """The others, of each second, are drawn with the next tick, all together."""
    desk, sent = desk_with_questions()
    panel = sent[0].panel

    def answer(at: datetime) -> bool:
        newest = next(question for question in reversed(sent) if question.panel is panel)
        assert desk.store_result(PanelLoaded(newest, ("row",)), at)
        return desk.take_awaited(panel.id)

    def ask_again(at: datetime, scope: Scope | None = None) -> None:
        desk.request_due_panels(OVERVIEW_PANELS, scope or Scope(), TimeContext(at, UTC, LiveSnapshot()))

    assert answer(NOW)
    ask_again(NOW + 40 * SECOND)
    assert not answer(NOW + 41 * SECOND)
    desk.invalidate_all()
    ask_again(NOW + 50 * SECOND)
    assert answer(NOW + 51 * SECOND)
    ask_again(NOW + 52 * SECOND, Scope(spec=DEFAULT_RANGE))
    assert answer(NOW + 53 * SECOND)


def test_somebody_waits_for_what_comes_after_a_failure() -> None:
    desk, sent = desk_with_questions()
    panel = sent[0].panel
    assert desk.store_result(PanelLoaded(sent[0], ("row",)), NOW)
    assert desk.take_awaited(panel.id)
    desk.request_due_panels(OVERVIEW_PANELS, Scope(), TimeContext(NOW + 40 * SECOND, UTC, LiveSnapshot()))
    assert desk.store_result(_make_failure(sent), NOW + 41 * SECOND)
    assert not desk.take_awaited(panel.id)
    desk.request_due_panels(OVERVIEW_PANELS, Scope(), TimeContext(NOW + 80 * SECOND, UTC, LiveSnapshot()))
    newest = next(question for question in reversed(sent) if question.panel is panel)
    assert desk.store_result(PanelLoaded(newest, ("row",)), NOW + 81 * SECOND)
    assert desk.take_awaited(panel.id)


def test_a_request_says_whether_somebody_waits_for_it() -> None:
    desk, sent = desk_with_questions()
    assert all(question.is_awaited for question in sent)
    for question in sent:
        assert desk.store_result(PanelLoaded(question, ("row",)), NOW)
        assert desk.take_awaited(question.panel.id)
    desk.request_due_panels(OVERVIEW_PANELS, Scope(), TimeContext(NOW + 40 * SECOND, UTC, LiveSnapshot()))
    assert not any(question.is_awaited for question in sent[len(OVERVIEW_PANELS) :])
