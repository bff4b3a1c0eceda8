"""What has failed and nobody has seen yet: mistakes of the program, and entries that were not stored."""

import logging
from collections.abc import Collection

from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui import lazy_screens
from dosing_tui.tui.containment.part_guard import describe_error
from dosing_tui.tui.controllers.screen_host import Controller
from dosing_tui.tui.rendering.canvas import cut_middle
from dosing_tui.tui.requests.operator_entries import EntryFailure
from dosing_tui.tui.widgets.messages import ViewChanged

log = logging.getLogger(__name__)
MAX_FAILURE_CELLS = 300
MAX_REASON_CELLS = 2_000


class FailureController(Controller):
    """Has no state of its own: the failures are among the operator's entries."""

    def note_error(self, work: str, error: Exception) -> None:
        """Of a key or a form: logged, and shown until it is seen."""
        log.error("%s failed", work, exc_info=error)
        reason = clean_line(describe_error(error), MAX_REASON_CELLS)
        sentence = f"{clean_line(work)} failed: {reason}. See the log."
        self.report_failure(work, cut_middle(sentence, MAX_FAILURE_CELLS, head=MAX_FAILURE_CELLS * 3 // 5))

    def open_failures(self) -> None:
        """What could not be stored or done; closed, it counts as seen."""
        failures = self.services.entries.failures
        if not failures:
            self.host.show_message("Nothing has failed: everything entered here is stored or on its way.")
            return
        dialog = lazy_screens.FailuresDialog(self.host.terminal_theme, failures, self.services.zone)
        self.host.push_screen(dialog, lambda _: self._mark_seen(failures))

    def _mark_seen(self, failures: Collection[EntryFailure]) -> None:
        self.services.entries.drop_failures(failures)
        self.host.post_message(ViewChanged())
