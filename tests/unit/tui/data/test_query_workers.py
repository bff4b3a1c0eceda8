"""The query workers: an unforeseen exception costs one job, never a thread."""

from dosing_tui.collector_process.remote_live_state import RemoteLiveState
from dosing_tui.tui.data.query_workers import Lane, QueryWorkers
from dosing_tui.tui.layout.alarm_banner import find_notices
from tests.support.collector.parsed_items import NOON
from tests.support.polling import wait_until
from tests.support.tui.sample_plant import FakeSource, make_history


def fail() -> None:
    raise TypeError("a mistake in this program")


def test_an_unforeseen_exception_does_not_end_a_worker_and_is_shown() -> None:
    live_state = RemoteLiveState()
    workers = QueryWorkers(
        FakeSource(make_history(days=0.1)),
        lambda message: None,
        on_failure=live_state.set_thread_failure,
    )
    workers.start()
    workers.submit_job(fail, Lane.JOURNAL)
    wait_until(lambda: live_state.get_snapshot(NOON).notice)
    (notice,) = find_notices(live_state.get_snapshot(NOON), NOON)
    assert "journal-0 failed: TypeError" in notice.text
    done: list[int] = []
    workers.submit_job(lambda: done.append(1), Lane.JOURNAL)
    wait_until(lambda: done)
    wait_until(lambda: live_state.get_snapshot(NOON).notice == "")
    workers.stop()
