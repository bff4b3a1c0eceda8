"""The supervised thread: failure, report, back-off, restart and stop."""

import logging
import threading
import time
from collections.abc import Callable

import pytest

from dosing_tui.ipc.supervised_thread import RetryDelay, SupervisedThread, start_one_shot
from tests.support.polling import wait_until

QUICK_RETRY = RetryDelay(0.01, 0.02)
SLOW_RETRY = RetryDelay(60.0, 60.0)


class FailingStep:
    """Raises ``error`` in the first ``failures`` calls; then waits a moment in each call."""

    def __init__(self, error: BaseException, failures: int = 1) -> None:
        self.error, self.failures = error, failures
        self.calls = 0
        self.callers: set[threading.Thread] = set()

    def __call__(self) -> None:
        self.calls += 1
        self.callers.add(threading.current_thread())
        if self.calls <= self.failures:
            raise self.error
        time.sleep(0.001)


@pytest.mark.parametrize("error", [KeyError("x"), SystemExit(1), KeyboardInterrupt()], ids=repr)
def test_a_failure_is_logged_reported_and_the_step_is_restarted(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    reports: list[tuple[str, str]] = []
    step = FailingStep(error)
    thread = SupervisedThread(
        "sample", step, on_failure=lambda *report: reports.append(report), retry=QUICK_RETRY
    )
    thread.start()
    wait_until(lambda: step.calls > 2)
    assert thread.stop(5.0)
    assert reports == [
        ("sample", f"Thread sample failed: {error!r}. Restarting; see the log."),
        ("sample", ""),
    ]
    failed = next(record for record in caplog.records if "sample failed" in record.message)
    assert failed.levelno == logging.ERROR
    assert failed.exc_info
    assert failed.exc_info[1] is error
    assert "thread sample works again" in caplog.messages


def test_each_consecutive_failure_waits_longer_and_a_success_resets_it() -> None:
    delays = [RetryDelay(1.0, 8.0).compute_delay(failures) for failures in range(1, 7)]
    for delay, middle in zip(delays, (1, 2, 4, 8, 8, 8), strict=True):
        assert 0.75 * middle <= delay <= 1.25 * middle
    assert len({RetryDelay().compute_delay(1) for _ in range(20)}) > 1


def test_the_step_never_runs_in_two_threads() -> None:
    step = FailingStep(ValueError(), failures=3)
    thread = SupervisedThread("sample", step, retry=QUICK_RETRY)
    thread.start()
    with pytest.raises(RuntimeError):
        thread.start()
    wait_until(lambda: step.calls > 5)
    assert thread.stop(5.0)
    assert len(step.callers) == 1


def test_a_stop_during_the_back_off_is_prompt() -> None:
    step = FailingStep(ValueError())
    thread = SupervisedThread("sample", step, retry=SLOW_RETRY)
    thread.start()
    wait_until(lambda: step.calls == 1)
    began = time.monotonic()
    assert thread.stop(30.0)
    assert time.monotonic() - began < 5.0
    assert step.calls == 1


def test_a_failing_reporter_does_not_end_the_thread() -> None:
    def fail_to_report(name: str, reason: str) -> None:
        raise OSError

    step = FailingStep(ValueError())
    thread = SupervisedThread("sample", step, on_failure=fail_to_report, retry=QUICK_RETRY)
    thread.start()
    wait_until(lambda: step.calls > 2)
    assert thread.stop(5.0)


def test_a_failure_while_stopping_is_no_failure() -> None:
    reports: list[str] = []

    def fail_after_stop() -> None:
        thread.wait(30.0)
        raise EOFError

    thread = SupervisedThread("sample", fail_after_stop, on_failure=lambda _, reason: reports.append(reason))
    thread.start()
    assert thread.stop(5.0)
    assert reports == []


def test_a_step_ends_the_thread_by_returning_false_and_finish_runs_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    finished: list[str] = []

    def finish() -> None:
        finished.append(threading.current_thread().name)
        raise SystemExit

    thread = SupervisedThread("sample", lambda: False, finish=finish)
    thread.start()
    wait_until(lambda: not thread.is_alive)
    assert finished == ["sample"]
    assert "thread sample failed" in caplog.messages


def test_a_stop_reports_a_step_that_does_not_return() -> None:
    begun, released = threading.Event(), threading.Event()

    def wait_in_step() -> None:
        begun.set()
        released.wait(30.0)

    thread = SupervisedThread("sample", wait_in_step)
    thread.start()
    assert begun.wait(5.0)  # a thread that is stopped before its first step does none
    assert not thread.stop(0.01)
    released.set()
    assert thread.stop(5.0)


def test_a_thread_that_was_never_started_stops() -> None:
    assert SupervisedThread("sample", lambda: None).stop(0.0)


@pytest.mark.parametrize("error", [KeyError("x"), SystemExit(1)], ids=repr)
def test_the_failure_of_a_one_shot_is_logged(error: BaseException, caplog: pytest.LogCaptureFixture) -> None:
    work: Callable[[], None] = FailingStep(error)
    start_one_shot("sample", work).join(5.0)
    assert "thread sample failed" in caplog.messages
