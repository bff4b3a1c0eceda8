"""The batch review screen's keys: to move among batches, and to say what a reviewer says of them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from dosing_tui.domain.batch_review.query_models import BatchFilter, BatchRow
from dosing_tui.domain.batch_review.review_rules import Meaning
from dosing_tui.tui.batches.batch_screen_view import BatchView, Site
from dosing_tui.tui.data import batch_list_state as browse
from dosing_tui.tui.data.batch_list_state import Wanted, wants_review
from dosing_tui.tui.data.batch_store import Shelf
from dosing_tui.tui.keys.bindings import BATCH_KEYS, PAGE_KEYS, VIEW_KEYS
from dosing_tui.tui.keys.footer_hints import Mode
from dosing_tui.tui.layout.status_and_footer import KeyHint
from dosing_tui.tui.rendering.theme import Look
from dosing_tui.tui.widgets.messages import Moved

LOOKED = timedelta(milliseconds=300)
"""A batch counts as looked at when it was in sight for so long: a key held down approves nothing."""


class BatchPage(BatchView):
    """Ends with the view that was asked for, or None. ``say_of`` is given what to say of a batch."""

    BINDINGS = [*VIEW_KEYS, *PAGE_KEYS, *BATCH_KEYS]

    def __init__(
        self, look: Look, hints: Mapping[Mode, Sequence[KeyHint]], site: Site, shelf: Shelf, *,
        say_of: Callable[[Meaning, BatchRow], object], approve_all: Callable[[BatchFilter], object],
        clock: Callable[[], datetime],
    ) -> None:  # fmt: skip
        super().__init__(look, hints, site, shelf, clock=clock)
        self._say_of = say_of
        self._approve_all = approve_all

    # keys: where the reviewer is

    def _go(self, step: int) -> None:
        """So many batches on, with the pages around it read in time."""
        shelf = self._shelf
        shelf.browsing = browse.moved(shelf.browsing, step, self._height - 1)
        shelf.near(self._height)
        self._arrived()

    def _arrived(self) -> None:
        """At another batch, perhaps."""
        row = browse.chosen(self._shelf.browsing)
        shown = self._shelf.detail
        if self._whole and row is not None and (shown is None or shown.row.batch_key != row.batch_key):
            self._scrolled, self._messages = 0, False
            self._shelf.open(row.batch_key)
        self.draw()

    def action_step(self, step: int) -> None:
        if self._whole:
            self._scrolled += step
            self.draw()
        else:
            self._go(step)

    def action_page(self, step: int) -> None:
        self.action_step(step * (self._height - 1))

    def action_end(self, last: bool) -> None:
        if not last and not self._whole:
            self._shelf.from_top()
        self.action_step(len(self._shelf.browsing.rows) * (1 if last else -1))

    def action_move(self, direction: str) -> None:
        self.action_next_tile(1 if direction == "right" else -1)

    def action_next_tile(self, step: int) -> None:
        """From batch to batch, or from tab to tab."""
        if self._whole:
            self._go(step)
        else:
            self._want(browse.turned(self._wanted, step))

    def action_only(self, name: str) -> None:
        if name == "unreviewed":
            self._want(replace(self._wanted, unreviewed=not self._wanted.unreviewed))
        else:
            self._want(replace(self._wanted, with_findings=not self._wanted.with_findings))

    def _want(self, wanted: Wanted) -> None:
        self._wanted, self._whole = wanted, False
        self._shelf.close()
        if self._sight is not None:
            self._shelf.want(self._filters(self._sight)[0], counted_anew=False)
            self.show_sight(self._sight)

    def action_zoom(self) -> None:
        """The batch under the cursor, whole."""
        if not self._whole and browse.chosen(self._shelf.browsing) is not None:
            self._whole = True
            self._arrived()
            self.post_message(Moved())

    def action_messages(self) -> None:
        self.action_zoom()
        self._messages, self._scrolled = not self._messages and self._whole, 0
        self.draw()
        self.post_message(Moved())

    def action_next_unreviewed(self) -> None:
        self.next_to_review()

    def next_to_review(self, done: str = "") -> None:
        """The next one below; ``done`` is what has just been said."""
        second = self._shelf.policy.second_person
        self._next(
            lambda row: wants_review(row, second_person=second),
            lambda which: replace(which, unreviewed=True, status=which.status or browse.ENDED),
            f"{done} Nothing further down is left to review.".strip(),
        )

    def action_next_exception(self) -> None:
        self._next(
            lambda row: row.findings > 0, lambda which: replace(which, with_findings=True),
            "Nothing further down has exceptions.",
        )  # fmt: skip

    def _next(
        self, fits: Callable[[BatchRow], bool], narrowed: Callable[[BatchFilter], BatchFilter], none: str
    ) -> None:
        browsing = self._shelf.browsing
        number = browse.next_row(browsing, fits)
        if number is not None:
            self._whole = True
            self._go(number - browsing.row)
        elif browsing.bottom:
            self.say(none)
        else:
            self._shelf.find(narrowed, lambda found: self._jumped(found, none))

    def _jumped(self, found: bool, none: str) -> None:
        if found:
            self._whole = True
            self._arrived()
        else:
            self.say(none)

    # keys: what is said

    def action_say(self, meaning: str) -> None:
        """About the batch as it is in sight; what decides over one only when it has been looked at."""
        row, wanted = browse.chosen(self._shelf.browsing), Meaning(meaning)
        if row is None:
            return
        if not self._whole:
            if wanted is Meaning.COMMENT:
                self._say_of(wanted, row)
            else:
                self.action_zoom()
            return
        detail = self._shelf.detail
        if detail is None or detail.row.batch_key != row.batch_key:
            self.say("The list has changed meanwhile: look at this batch first.")
            self._arrived()
        elif wanted is not Meaning.APPROVED or self._looked():
            self._say_of(wanted, detail.row)

    def _looked(self) -> bool:
        sight, since = self._sight, self._looked_since
        return sight is not None and since is not None and self._clock() - since >= LOOKED

    def action_all_clean(self) -> None:
        if self._sight is not None:
            self._approve_all(self._filters(self._sight)[0])

    def action_view(self, view: str) -> None:
        self.dismiss(view)

    def action_back(self) -> None:
        """From the messages to the batch, to the list, to the plant."""
        if self._messages:
            self._messages, self._scrolled = False, 0
        elif self._whole:
            self._whole = False
            self._shelf.close()
        else:
            self.dismiss(None)
            return
        self.draw()
        self.post_message(Moved())
