"""The screen of the wall mode: one canvas, and keys that do nothing but unlock it."""

from collections.abc import Callable
from datetime import datetime, timedelta

from textual.app import ComposeResult
from textual.screen import Screen

from dosing_tui.tui.containment.contained_pump import ContainedPump
from dosing_tui.tui.kiosk.kiosk_pages import MAX_FIGURES, build_page, list_troubles
from dosing_tui.tui.kiosk.kiosk_rotation import KioskPage, KioskTurn, advance_turn, list_held_alarms
from dosing_tui.tui.kiosk.kiosk_view import UNLOCK_HINT, KioskView, render_kiosk
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import sanitize_text
from dosing_tui.tui.rendering.line_widget import LineWidget
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.scope.render_context import RenderContext

UNLOCK_TIME = timedelta(seconds=5)
"""Between the two keys that end it."""
UNLOCK_KEY, END_KEY = "ctrl+u", "q"


class KioskScreen(ContainedPump, Screen[None]):
    """``end`` is called by the two keys; every other key and the mouse do nothing."""

    def __init__(
        self,
        theme: TerminalTheme,
        interval: timedelta,
        clock: Callable[[], datetime],
        end: Callable[[], object],
    ) -> None:
        super().__init__()
        self._canvas = LineWidget(theme, id="kiosk")
        self._interval, self._clock, self._end = interval, clock, end
        self._turn = KioskTurn(KioskPage.OVERVIEW, clock())
        self._unlocked_at: datetime | None = None
        self._latest: RenderContext | None = None

    def compose(self) -> ComposeResult:
        yield self._canvas

    @property
    def page(self) -> KioskPage:
        """The page that is shown."""
        return self._turn.page

    def show_state(self, context: RenderContext) -> None:
        """The page that is due now, with the figures of now."""
        self._latest = context
        held = list_held_alarms(context.snapshot.alarms)
        self._turn = advance_turn(self._turn, context.now, self._interval, is_held=bool(held))
        figures = () if held else tuple(build_page(self._turn.page, context))
        rest = len(figures) - MAX_FIGURES
        view = KioskView(
            self._turn.page,
            number_format.format_clock(context.now, context.zone, seconds=False),
            plant=sanitize_text(context.settings.plant.name, 40),
            role=context.snapshot.role.value,
            figures=figures[:MAX_FIGURES],
            rest=number_format.format_rest(rest) if rest > 0 else "",
            troubles=tuple(list_troubles(context.snapshot, context.now)),
            alarms=held,
            message="Press q to end the wall mode" if self._is_unlocked() else UNLOCK_HINT,
        )
        self._canvas.styles.width, self._canvas.styles.height = self.size
        self._canvas.show_rows(render_kiosk(view, *self.size))

    def _is_unlocked(self) -> bool:
        return self._unlocked_at is not None and self._clock() - self._unlocked_at <= UNLOCK_TIME

    def take_key(self, key: str, text: str | None) -> bool:
        """Every key ends here."""
        if key == END_KEY and self._is_unlocked():
            self._end()
        self._unlocked_at = self._clock() if key == UNLOCK_KEY else None
        if self._latest is not None:
            self.show_state(self._latest)
        return True
