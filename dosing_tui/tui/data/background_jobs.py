"""Work that has to wait for the database: done in a thread, its outcome given back to the screen's."""

import logging
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from dosing_tui.errors import DosingError
from dosing_tui.tui.data.query_workers import QueryWorkers

log = logging.getLogger(__name__)
Result = TypeVar("Result")


class BackgroundJobs:
    """``post_callback`` has a function called in the screen's thread, and does not wait for that."""

    def __init__(
        self, workers: QueryWorkers, post_callback: Callable[[Callable[[], object]], object]
    ) -> None:
        self._workers = workers
        self._post_callback = post_callback

    def run(
        self,
        job: Callable[[], Result],
        on_result: Callable[[Result], object],
        on_error: Callable[[str], object],
    ) -> None:
        """``on_error`` is given a sentence for the operator."""
        self._workers.submit_job(partial(self._run_job, job, on_result, on_error))

    def _run_job(
        self,
        job: Callable[[], Result],
        on_result: Callable[[Result], object],
        on_error: Callable[[str], object],
    ) -> None:
        try:
            result = job()
        except DosingError as error:
            self._post_callback(partial(on_error, str(error)))
        except Exception:
            # the task's boundary: the thread has other questions to put
            log.exception("reading or reviewing batches")
            self._post_callback(partial(on_error, "This did not work: see the log file."))
        else:
            self._post_callback(partial(on_result, result))
