"""The lots page over the screen below: a list that leads to another, from lot to batch and back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.message import Message
from textual.screen import ModalScreen

from dosing_tui.domain.materials.lots.lot_trace import LotTraceRow
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.errors import DosingError
from dosing_tui.tui.keys.bindings import LOT_KEYS, MODAL_KEYS
from dosing_tui.tui.layout.footer import KeyHint, render_footer
from dosing_tui.tui.lots.lot_lists import (
    LotListContext,
    LotListing,
    LotRow,
    build_batch_trace,
    build_lot_list,
    build_lot_trace,
)
from dosing_tui.tui.lots.lot_queries import LotSource
from dosing_tui.tui.rendering.canvas import Canvas, render_paragraph
from dosing_tui.tui.rendering.data_table import (
    SELECTION_LOST,
    TableCursor,
    arrange_rows,
    find_cursor_row,
    find_selection,
    move_cursor,
    paint_table,
    scroll_to_cursor,
    sort_by_next_column,
)
from dosing_tui.tui.rendering.line_widget import CellClicked, LineWidget, WheelTurned
from dosing_tui.tui.rendering.palette import DIM, LABEL, TEXT
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.closable_screen import ClosableScreen

ROWS_ABOVE = 2
"""Rows of the screen below that stay visible: status bar and alarm banner."""
HEAD_ROWS = 3


@dataclass(eq=False)
class LotPage:
    """One list. ``read`` runs in a worker thread; ``build`` makes the list of what it read."""

    read: Callable[[], Sequence[Any]]
    build: Callable[[Sequence[Any], bool], LotListing]
    listing: LotListing | None = None
    rows: Sequence[Any] = ()
    cursor: TableCursor = field(default_factory=TableCursor)
    message: str = "Reading the lots …"
    has_batches: bool = False
    """Each row is a batch."""


@dataclass
class LotPageLoaded(Message):
    """``rows`` is None if they could not be read; ``error`` says why."""

    page: LotPage
    rows: Sequence[Any] | None
    error: str = ""


class LotScreen(ModalScreen[None], ClosableScreen[None]):
    """Begins with the lots of a batch, or else with all lots in tanks and in store.

    ``submit`` runs queries in worker threads; ``batch``: its key and its number.
    """

    BINDINGS = [*LOT_KEYS, *MODAL_KEYS]
    page_title = "Lots"

    def __init__(
        self, theme: TerminalTheme, hints: Sequence[KeyHint], source: LotSource, context: LotListContext,
        *, clock: Callable[[], datetime], submit: Callable[[Callable[[], object]], None],
        batch: tuple[str, str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        self._page_widget = LineWidget(theme, id="report")
        self._hints, self._source, self._labels = hints, source, context
        self._clock, self._submit = clock, submit
        self._shows_all = False
        self._pages = [self._build_list_page() if batch is None else self._build_batch_page(*batch)]

    def compose(self) -> ComposeResult:
        yield self._page_widget

    def on_mount(self) -> None:
        self.draw_page()
        self._load_page(self._pages[-1])

    def on_resize(self, event: events.Resize) -> None:
        self.draw_page()

    # pages

    def _build_list_page(self) -> LotPage:
        return LotPage(
            lambda: self._source.list_lots(self._clock()),
            lambda rows, show_all: build_lot_list(rows, self._labels),
        )

    def _build_batch_page(self, batch_key: str, batch_name: str) -> LotPage:
        def build(rows: Sequence[Any], show_all: bool) -> LotListing:
            return build_batch_trace(batch_name, rows, self._labels, show_all=show_all)

        return LotPage(partial(self._source.trace_batch, batch_key), build)

    def _build_lot_page(self, number: str, chemical: str) -> LotPage:
        def build(rows: Sequence[Any], show_all: bool) -> LotListing:
            return build_lot_trace((number, chemical), rows, self._labels, show_all=show_all)

        return LotPage(partial(self._source.trace_lot, number, chemical), build, has_batches=True)

    def _load_page(self, page: LotPage) -> None:
        self._submit(partial(self._read_page, page))

    def _read_page(self, page: LotPage) -> None:
        """In a worker thread."""
        if self.is_closed:
            return
        result = LotPageLoaded(page, None, "Unexpected error, see the log file.")
        try:
            result = LotPageLoaded(page, page.read())
        except DosingError as error:
            result = LotPageLoaded(page, None, str(error))
        finally:
            self.post_message(result)

    @on(LotPageLoaded)
    def show_page(self, loaded: LotPageLoaded) -> None:
        page = loaded.page
        page.message = clean_line(loaded.error)
        if loaded.rows is not None:
            page.rows = loaded.rows
            page.listing = page.build(page.rows, self._shows_all)
        self.draw_page()

    # drawing

    def draw_page(self) -> None:
        width, height = self.app.size.width, max(6, self.app.size.height - ROWS_ABOVE - 1)
        canvas, page = Canvas(width, height), self._pages[-1]
        if page.listing is None:
            canvas.write_text(1, 1, "Lots", LABEL)
            canvas.paste_rows(1, HEAD_ROWS, render_paragraph(page.message, width - 2, 3))
        else:
            self._draw_listing(canvas, page, page.listing)
        rows = canvas.rows + render_footer(self._hints, width)
        self._page_widget.styles.width, self._page_widget.styles.height = width, len(rows)
        self._page_widget.show_rows(rows)

    def _draw_listing(self, canvas: Canvas, page: LotPage, listing: LotListing) -> None:
        x = canvas.write_text(1, 1, listing.title, LABEL, width=canvas.width - 2)
        canvas.write_text(x + 2, 1, page.message or listing.note, DIM if not page.message else TEXT)
        if not listing.table.rows:
            canvas.paste_rows(1, HEAD_ROWS, render_paragraph(listing.empty_text, canvas.width - 2, 3))
            return
        height = canvas.height - HEAD_ROWS
        rows = arrange_rows(listing.table, page.cursor)
        page.cursor = scroll_to_cursor(page.cursor, rows, height - 1)
        table = paint_table(listing.table, canvas.width - 2, height, page.cursor, highlight_row=True)
        canvas.paste_rows(1, HEAD_ROWS, table)

    # keys

    def action_step(self, step: int) -> None:
        page = self._pages[-1]
        if page.listing is not None:
            page.message = ""
            page.cursor = move_cursor(page.cursor, arrange_rows(page.listing.table, page.cursor), step)
            self.draw_page()

    def action_page(self, pages: int) -> None:
        self.action_step(pages * max(1, self.app.size.height - ROWS_ABOVE - HEAD_ROWS - 2))

    def action_end(self, last: bool) -> None:
        self.action_step(1_000_000 if last else -1_000_000)

    def action_order(self) -> None:
        page = self._pages[-1]
        if page.listing is not None:
            page.cursor = sort_by_next_column(page.cursor, page.listing.table)
            self.draw_page()

    def action_small(self) -> None:
        """Show shares below 1 %, or hide them."""
        self._shows_all = not self._shows_all
        for page in self._pages:
            if page.listing is not None:
                page.listing = page.build(page.rows, self._shows_all)
        self.draw_page()

    def action_again(self) -> None:
        self._load_page(self._pages[-1])

    def action_zoom(self) -> None:
        """From a lot to its batches, from a batch to its lots."""
        page = self._pages[-1]
        if page.listing is None or not page.listing.table.rows:
            return
        rows = arrange_rows(page.listing.table, page.cursor)
        number = find_selection(page.cursor, rows)
        if number is None:
            page.message = SELECTION_LOST
            self.draw_page()
            return
        row = rows[number]
        if isinstance(row, LotRow):
            following = self._build_lot_page(row.number, row.chemical)
        elif isinstance(row, LotTraceRow) and page.has_batches:
            following = self._build_batch_page(row.batch_key, row.batch_id)
        else:
            following = self._build_lot_page(row.lot_number, row.chemical)
        self._pages.append(following)
        self.draw_page()
        self._load_page(following)

    def action_back(self) -> None:
        if len(self._pages) > 1:
            self._pages.pop()
            self.draw_page()
        else:
            self.dismiss()

    @on(WheelTurned)
    def _scroll_list(self, event: WheelTurned) -> None:
        self.action_step(event.step)

    @on(CellClicked)
    def _select_clicked(self, event: CellClicked) -> None:
        page = self._pages[-1]
        if page.listing is None or event.y <= HEAD_ROWS:
            return
        rows = arrange_rows(page.listing.table, page.cursor)
        number = page.cursor.first_row + event.y - HEAD_ROWS - 1
        if number < len(rows):
            self.action_step(number - find_cursor_row(page.cursor, rows))
            if event.is_double:
                self.action_zoom()
