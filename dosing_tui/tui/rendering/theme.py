"""How this terminal is drawn on: palette and glyphs, chosen once and worn by every widget."""

from dataclasses import dataclass

from dosing_tui.config.settings import Glyphs
from dosing_tui.tui.rendering import glyphs
from dosing_tui.tui.rendering.canvas import Cell
from dosing_tui.tui.rendering.palette import DARK, Palette, Pen, Tone

_COLOURS = {"truecolor": 1 << 24, "256": 256, "standard": 16, "windows": 16}


@dataclass(frozen=True, slots=True)
class Look:
    palette: Palette = DARK
    glyphs: Glyphs = Glyphs.UNICODE

    def character(self, cell: str) -> str:
        """What is sent for a cell: one choke point for every character on the screen."""
        if cell.isascii() and cell.isprintable():
            return cell
        return glyphs.presentable(cell, glyphs.table(self.glyphs), ascii_only=self.glyphs is Glyphs.ASCII)

    def worn(self, cell: Cell) -> Cell:
        """The cell as this terminal can tell it: what is two things in two colours may have to be one."""
        character, pen = cell
        ascii_only = self.glyphs is Glyphs.ASCII
        under_crest = pen.bg is Tone.CREST and pen.fg is Tone.FILL
        if under_crest and (self.palette.plain or ascii_only):
            return "█", Pen(Tone.CREST)
        if ascii_only and pen.fg is Tone.GROUND and character == "▏":
            return "▏", Pen(pen.bg)
        return cell


def colours_of(color_system: str | None) -> int:
    """How many colours a terminal has, by rich's name for it; all of them where there is no terminal."""
    return _COLOURS["truecolor"] if color_system is None else _COLOURS.get(color_system, 16)
