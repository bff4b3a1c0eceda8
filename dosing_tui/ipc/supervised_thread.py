"""The only place that starts threads: supervised loops, and one-shot threads whose failure is logged."""

import logging
import random
import threading
from collections.abc import Callable

from msgspec import Struct

from dosing_tui.ipc.timer_slack import PROMPT_S, set_timer_slack

log = logging.getLogger(__name__)

FailureReporter = Callable[[str, str], None]
"""Takes the thread's name and the sentence to show; '' when the thread works again. Called in that thread."""


class RetryDelay(Struct, frozen=True):
    """Exponential back-off, in seconds: each delay is twice the one before, up to ``max_s``."""

    min_s: float = 0.25
    max_s: float = 10.0
    jitter: float = 0.25
    """Random share of the delay, added or subtracted: many sites must not retry at the same moment."""

    def compute_delay(self, failures: int) -> float:
        """The delay after so many consecutive failures.

        >>> [RetryDelay(jitter=0).compute_delay(failures) for failures in (1, 2, 3, 100)]
        [0.25, 0.5, 1.0, 10.0]
        """
        delay = min(self.min_s * 2.0 ** min(failures - 1, 30), self.max_s)
        return delay * random.uniform(1 - self.jitter, 1 + self.jitter)


DEFAULT_RETRY = RetryDelay()


def ignore_failure(name: str, reason: str) -> None:
    """Default reporter of threads whose failure is shown by their owner, or only logged."""


class SupervisedThread:
    """Calls ``step`` in a daemon thread until a stop is requested or ``step`` returns False.

    Any exception of a step, SystemExit included, is logged with its traceback and reported by ``on_failure``.
    After a back-off the same thread calls ``step`` again: there is never a second one.
    ``interval_s`` is the pause before each step. ``finish`` is called once, in the thread, after the last.
    ``timer_slack_s``: how much later its pauses may end.
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], bool | None],
        *,
        interval_s: float = 0.0,
        finish: Callable[[], object] | None = None,
        on_failure: FailureReporter = ignore_failure,
        retry: RetryDelay = DEFAULT_RETRY,
        timer_slack_s: float = PROMPT_S,
    ) -> None:
        self.name = name
        self.stop_event = threading.Event()
        """Set by ``request_stop``; steps that wait in another object pass it on."""
        self._step = step
        self._interval_s = interval_s
        self._finish = finish
        self._on_failure = on_failure
        self._retry = retry
        self._timer_slack_s = timer_slack_s
        self._failures = 0
        self._thread = threading.Thread(target=self._run_steps, name=name, daemon=True)

    @property
    def is_stopping(self) -> bool:
        return self.stop_event.is_set()

    @property
    def is_alive(self) -> bool:
        return self._thread.is_alive()

    def start(self) -> None:
        """Raises: RuntimeError when it was started before."""
        self._thread.start()

    def request_stop(self) -> None:
        """Returns at once; ends a pause and a back-off."""
        self.stop_event.set()

    def stop(self, timeout_s: float | None = None) -> bool:
        """Request a stop and wait for the end. False if the thread still runs after ``timeout_s``."""
        self.request_stop()
        return self.join(timeout_s)

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait for the end without requesting it. False if the thread still runs after ``timeout_s``."""
        if self._thread.is_alive():
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def call_at_end(self, work: Callable[[], object]) -> None:
        """Call ``work`` when the thread has ended: at once, or later, in a thread of its own that waits."""
        if self.is_alive:
            start_one_shot(f"{self.name}-end", lambda: (self.join(), work()))
        else:
            work()

    def wait(self, seconds: float) -> bool:
        """Pause a step. True once a stop is requested."""
        return self.stop_event.wait(seconds)

    def mark_working(self) -> None:
        """End the failure state. Called after each step, and by long steps when they make progress."""
        if self._failures:
            self._failures = 0
            log.info("thread %s works again", self.name)
            self._report("")

    def _run_steps(self) -> None:
        set_timer_slack(self._timer_slack_s)
        while not self.stop_event.wait(self._interval_s):
            try:
                if self._step() is False:
                    break
                self.mark_working()
            except BaseException as error:
                # the boundary of the thread: SystemExit, too, would end it without a word in the log
                self._handle_failure(error)
        if self._finish:
            run_logged(self.name, self._finish)

    def _handle_failure(self, error: BaseException) -> None:
        if self.is_stopping:
            log.info("thread %s failed while stopping: %r", self.name, error)
            return
        self._failures += 1
        delay = self._retry.compute_delay(self._failures)
        # a traceback, but no local variables: they may hold passwords
        log.error("thread %s failed; restarting in %.2f s", self.name, delay, exc_info=error)
        self._report(f"Thread {self.name} failed: {error!r}. Restarting; see the log.")
        self.stop_event.wait(delay)

    def _report(self, reason: str) -> None:
        try:
            self._on_failure(self.name, reason)
        except Exception:
            # the report must not end the thread that it is about
            log.exception("thread %s: its state cannot be shown", self.name)


def run_logged(name: str, work: Callable[[], object]) -> None:
    """Call ``work``; an exception is logged under the thread's name and not raised."""
    try:
        work()
    except BaseException:
        # the boundary of the thread: SystemExit, too, would end it without a word in the log
        log.exception("thread %s failed", name)


def start_one_shot(name: str, work: Callable[[], object]) -> threading.Thread:
    """Call ``work`` once in a daemon thread. An exception is logged and ends the thread."""
    thread = threading.Thread(target=run_logged, args=(name, work), name=name, daemon=True)
    thread.start()
    return thread


def start_timer(name: str, delay_s: float, work: Callable[[], object]) -> threading.Timer:
    """Call ``work`` once after ``delay_s`` in a daemon thread, unless ``cancel`` was called before."""
    timer = threading.Timer(delay_s, run_logged, (name, work))
    timer.name, timer.daemon = name, True
    timer.start()
    return timer
