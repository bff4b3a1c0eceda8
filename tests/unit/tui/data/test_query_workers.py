"""The query workers: an unforeseen exception costs one job, never a thread."""

import re

import pytest

from dosing_tui.collector_process.remote_live_state import RemoteLiveState
from dosing_tui.tui.data.query_workers import Lane, QueryWorkers
from dosing_tui.tui.layout.alarm_banner import find_notices
from tests.support.collector.parsed_items import NOON
from tests.support.polling import wait_until
from tests.support.tui.sample_plant import FakeSource, make_history


def fail() -> None:
    raise TypeError("a mistake in this program")


@pytest.mark.parametrize("lane", Lane)
def test_an_unforeseen_exception_does_not_end_a_worker_and_is_shown(lane: Lane) -> None:
    live_state = RemoteLiveState()
    workers = QueryWorkers(
        FakeSource(make_history(days=0.1)),
        lambda message: None,
        on_failure=live_state.set_thread_failure,
    )
    workers.start()
    workers.submit_job(fail, lane)
    wait_until(lambda: live_state.get_snapshot(NOON).notice)
    (notice,) = find_notices(live_state.get_snapshot(NOON), NOON, data_key="7")
    assert re.search(rf"Thread {lane}-\d failed: TypeError", notice.text)
    (failed,) = live_state.get_snapshot(NOON).failed_threads
    assert failed.startswith(f"{lane}-")
    done: list[int] = []
    workers.submit_job(lambda: done.append(1), lane)
    wait_until(lambda: done)
    wait_until(lambda: live_state.get_snapshot(NOON).notice == "")
    assert live_state.get_snapshot(NOON).failed_threads == ()
    workers.stop()
