"""The tile with the table of doses: it can be scrolled, and holds on to the dose that is selected."""

from dataclasses import replace

from textual.message import Message

from dosing_tui.console.canvas import Rows
from dosing_tui.console.content import AnyContent, Frame
from dosing_tui.console.keys import DOSES_KEYS
from dosing_tui.console.layout import Direction, TileId
from dosing_tui.console.look import Look
from dosing_tui.console.tiles.doses import Doses, position, scrolled, visible_rows
from dosing_tui.console.widgets.tile import Tile
from dosing_tui.plant.readings import Dose


class DosesTile(Tile):
    BINDINGS = [*DOSES_KEYS]

    class Left(Message):
        """The operator went past the first dose: the focus goes on in that direction."""

        def __init__(self, towards: Direction) -> None:
            super().__init__()
            self.towards = towards

    def __init__(self, look: Look) -> None:
        super().__init__(TileId.DOSES, look)
        self._held: Dose | None = None
        """The selected dose; None is the newest, whichever that is."""
        self._first = 0

    def painted(self, content: AnyContent, width: int, height: int) -> Rows:
        if isinstance(content.data, Doses) and content.data.doses:
            rows = height - (2 if self.frame is Frame.FULL else 1)
            data = self._placed(content.data, visible_rows(rows))
            content = replace(content, data=data, unit=position(data, rows))
        return super().painted(content, width, height)

    def _placed(self, data: Doses, rows: int) -> Doses:
        """The part of the table in sight; it follows the newest dose until the operator selects another."""
        selected = self._index(data)
        placed = scrolled(data, self._first if self._held else 0, selected, rows)
        self._first = placed.first
        return placed if self.has_focus or self._held else replace(placed, selected=None)

    def _index(self, data: Doses) -> int:
        return data.doses.index(self._held) if self._held in data.doses else 0

    def _doses(self) -> tuple[Dose, ...]:
        data = self._content.data if self._content is not None else None
        return data.doses if isinstance(data, Doses) else ()

    def _page(self) -> int:
        return max(1, self._room[1] - 4)

    def action_step(self, rows: int) -> None:
        """Select a dose further down, or up for a negative number."""
        doses = self._doses()
        here = doses.index(self._held) if self._held in doses else 0
        if here == 0 and rows == -1:
            self.post_message(self.Left(Direction.UP))
        elif doses:
            self._select(doses, here + rows)

    def action_page(self, pages: int) -> None:
        self.action_step(pages * self._page() if pages > 0 else min(-2, pages * self._page()))

    def action_end(self, last: bool) -> None:
        doses = self._doses()
        if doses:
            self._select(doses, len(doses) - 1 if last else 0)

    def _select(self, doses: tuple[Dose, ...], number: int) -> None:
        number = max(0, min(number, len(doses) - 1))
        self._held = doses[number] if number else None
        self.draw()
