"""Work that has to wait for the database: done in a thread, its outcome given back to the screen's."""

import logging
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from dosing_tui.errors import DosingError
from dosing_tui.tui.data.query_workers import Askers

log = logging.getLogger(__name__)
Result = TypeVar("Result")


class Jobs:
    """``back`` has a function called in the screen's thread, and does not wait for that."""

    def __init__(self, askers: Askers, back: Callable[[Callable[[], object]], object]) -> None:
        self._askers = askers
        self._back = back

    def run(
        self, job: Callable[[], Result], then: Callable[[Result], object], fail: Callable[[str], object]
    ) -> None:
        """``fail`` is given a sentence for the operator."""
        self._askers.do(partial(self._work, job, then, fail))

    def _work(
        self, job: Callable[[], Result], then: Callable[[Result], object], fail: Callable[[str], object]
    ) -> None:
        try:
            result = job()
        except DosingError as error:
            self._back(partial(fail, str(error)))
        except Exception:
            # the task's boundary: the thread has other questions to put
            log.exception("reading or reviewing batches")
            self._back(partial(fail, "This did not work: see the log file."))
        else:
            self._back(partial(then, result))
