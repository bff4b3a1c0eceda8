"""The batch review screen as it is drawn: the list of batches, or one of them whole."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.timer import Timer

from dosing_tui.domain.batch_review.query_models import BatchFilter, BatchRow
from dosing_tui.domain.batches.recipe_matching import apart
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.time.shift_calendar import ShiftCalendar
from dosing_tui.domain.time.time_range import TimeRange
from dosing_tui.live_state import Picture
from dosing_tui.tui.batches.detail_header import Signing, one_row
from dosing_tui.tui.batches.detail_view import Around, detail_rows, message_rows
from dosing_tui.tui.batches.list_view import Facts, Head, list_rows, list_table, tabs_row
from dosing_tui.tui.batches.live_batch import followed
from dosing_tui.tui.data import batch_list_state as browse
from dosing_tui.tui.data.batch_list_state import Wanted, filter_of
from dosing_tui.tui.data.batch_store import Shelf
from dosing_tui.tui.keys.footer_hints import Mode
from dosing_tui.tui.layout.alarm_banner import Banner, banner_rows
from dosing_tui.tui.layout.layout import arrange
from dosing_tui.tui.layout.status_and_footer import (
    Chosen,
    KeyHint,
    Status,
    footer_rows,
    said_row,
    scope_row,
    status_rows,
)
from dosing_tui.tui.rendering import minimal_repaint
from dosing_tui.tui.rendering.canvas import Rows, sentence
from dosing_tui.tui.rendering.line_widget import LineWidget
from dosing_tui.tui.rendering.number_format import short_names
from dosing_tui.tui.rendering.palette import TEXT
from dosing_tui.tui.rendering.theme import Look
from dosing_tui.tui.screens.dashboard_screen import SAID_S
from dosing_tui.tui.widgets.messages import Moved
from dosing_tui.tui.widgets.visible_rows import Shown, of_table

BARS = 3
"""Rows of status, tabs and keys."""


@dataclass(frozen=True, slots=True)
class Site:
    """What does not change while the page is open."""

    zone: tzinfo
    calendar: ShiftCalendar
    keys: tuple[str, str]
    """Only those to review, only those with exceptions."""


@dataclass(frozen=True, slots=True)
class Sight:
    """What the app gives at every tick. ``within`` None is all; ``trouble``: the range has no meaning."""

    picture: Picture
    now: datetime
    within: TimeRange | None
    selection: Selection
    chosen: Chosen
    signing: Signing
    trouble: str = ""


class BatchView(Screen[str]):
    """Keys are the page's; here is what they move, and how it looks."""

    def __init__(
        self, look: Look, hints: Mapping[Mode, Sequence[KeyHint]], site: Site, shelf: Shelf, *,
        clock: Callable[[], datetime],
    ) -> None:  # fmt: skip
        super().__init__()
        minimal_repaint.install(self)
        self._hints = hints
        self._site = site
        self._shelf = shelf
        self._clock = clock
        self._status = LineWidget(look, id="status")
        self._banner = LineWidget(look, id="notices")
        self._scope = LineWidget(look, id="scope")
        self._tabs = LineWidget(look, id="tabs")
        self._body = LineWidget(look, id="batches")
        self._footer = LineWidget(look, id="keys")
        self._said: Timer | None = None
        self._sight: Sight | None = None
        self._wanted = Wanted()
        self._whole = False
        """One batch has all the room."""
        self._messages = False
        self._scrolled = 0
        self._looked_at: BatchRow | None = None
        self._looked_since: datetime | None = None

    def compose(self) -> ComposeResult:
        yield self._status
        yield self._banner
        yield self._scope
        yield self._tabs
        yield self._body
        yield self._footer

    @property
    def title_now(self) -> str:
        """What is on the screen, for the status bar."""
        return "Batches › Messages" if self._messages else "Batches › One" if self._whole else "Batches"

    def wear(self, look: Look) -> None:
        for widget in self.query(LineWidget):
            widget.wear(look)

    def focused_rows(self, zone: tzinfo) -> Shown | None:
        """The list as far as it is read."""
        if self._sight is None:
            return None
        return of_table("batches", list_table(self._shelf.browsing, self._facts(self._sight)), zone)

    # what the app gives

    def show_status(self, status: Status) -> None:
        self._status.put(status_rows(status, self.size.width))

    def show_banner(self, told: Banner, stamp: Callable[[datetime], str]) -> None:
        rows = arrange(*self.size).notices
        self._banner.styles.height = rows
        self._banner.put(banner_rows(told, stamp, self.size.width, rows))

    def show_sight(self, sight: Sight) -> None:
        """Read what is due, and draw what there is."""
        before, self._sight = self._sight, sight
        which, base = self._filters(sight)
        if before is None or (before.chosen, before.selection) != (sight.chosen, sight.selection):
            self._shelf.want(which)
        if not sight.trouble:
            self._shelf.look(sight.now, which, base)
        self.draw()

    def say(self, sentence: str) -> None:
        """For a few seconds, in place of the keys."""
        self._footer.put(said_row(clean_line(sentence, 300), self.size.width))
        if self._said is not None:
            self._said.stop()
        self._said = self.set_timer(SAID_S, self._unsay)

    def _unsay(self) -> None:
        self._said = None
        self.draw()

    # drawing

    def on_resize(self, event: events.Resize) -> None:
        self.post_message(Moved())

    @property
    def _bar(self) -> bool:
        chosen = self._sight.chosen if self._sight else None
        return chosen is not None and bool(chosen.range or chosen.filters)

    @property
    def _height(self) -> int:
        """Rows of the list, its heading included, or of the batch."""
        return max(2, self.size.height - BARS - arrange(*self.size).notices - self._bar)

    def _filters(self, sight: Sight) -> tuple[BatchFilter, BatchFilter]:
        base = filter_of(Wanted(), sight.within, sight.selection)
        return filter_of(self._wanted, sight.within, sight.selection), base

    def _facts(self, sight: Sight) -> Facts:
        names = tuple(dict.fromkeys([name for name, _ in sight.picture.devices]))
        seen = {*names, *(row.device_id for row in self._shelf.browsing.rows)}
        short = short_names(tuple(seen))
        return Facts(sight.now, self._site.zone, tuple(short.items()) if len(short) > 1 else ())

    def draw(self) -> None:
        """Everything, as it is now."""
        sight = self._sight
        if sight is None or not self.is_mounted:
            return
        width, height = self.size.width, self._height
        shelf = self._shelf
        shelf.browsing = browse.settled(shelf.browsing, height - 1)
        self._scope.display = self._bar
        if self._bar:
            self._scope.put(scope_row(sight.chosen, width))
        if self._whole:
            self._draw_whole(sight, width, height)
        else:
            self._looked_at, self._looked_since = None, None
            head = Head(self._wanted, shelf.counts, self._site.keys)
            self._tabs.put(tabs_row(head, width))
            self._body.put(
                list_rows(shelf.browsing, self._facts(sight), width, height, nothing=self._nothing(sight))
            )
        if self._said is None:
            self._footer.put(footer_rows(self._hints[Mode.BATCH if self._whole else Mode.BATCHES], width))

    def _nothing(self, sight: Sight) -> str:
        """Why the list is empty."""
        if sight.trouble or self._shelf.trouble:
            return f"no list\n{clean_line(sight.trouble or self._shelf.trouble, 400)}"
        if not self._shelf.loaded:
            return "waiting for the first answer"
        return "No batch here is what you look for: ← → and the marked keys above show others."

    def _draw_whole(self, sight: Sight, width: int, height: int) -> None:
        shelf = self._shelf
        rows = self._whole_rows(sight, width)
        self._scrolled = max(0, min(self._scrolled, len(rows) - height))
        below = len(rows) - height - self._scrolled
        place = "↓ more below" if below > 0 else "↑ more above" if self._scrolled else ""
        if shelf.trouble:
            place = f"▲ {clean_line(shelf.trouble, 200)}"
        self._tabs.put(one_row(place, sight.signing, width))
        blank = [[(" ", TEXT)] * width] * max(0, height - len(rows))
        self._body.put([*rows[self._scrolled : self._scrolled + height], *blank])

    def _whole_rows(self, sight: Sight, width: int) -> Rows:
        detail = self._shelf.detail
        if detail is None:
            self._looked_at, self._looked_since = None, None
            return sentence(self._shelf.trouble or "waiting for the batch", width, self._height)
        if self._looked_at != detail.row:
            self._looked_at, self._looked_since = detail.row, self._clock()
        batch = apart(followed(detail.batch, sight.picture, sight.now), detail.judged.apart)
        if self._messages:
            return message_rows(batch, self._site.zone, width)
        around = Around(sight.now, self._site.zone, self._site.calendar, self._shelf.told)
        return detail_rows(detail, batch, around, width)
