"""Palette and glyphs of this terminal, for every widget."""

from dataclasses import dataclass

from dosing_tui.config.settings import GlyphMode
from dosing_tui.tui.rendering import glyphs
from dosing_tui.tui.rendering.canvas import Cell
from dosing_tui.tui.rendering.palette import DARK, CellStyle, ColourRole, Palette

_COLOUR_COUNTS = {"truecolor": 1 << 24, "256": 256, "standard": 16, "windows": 16}


@dataclass(frozen=True, slots=True)
class TerminalTheme:
    palette: Palette = DARK
    glyphs: GlyphMode = GlyphMode.UNICODE

    def translate_character(self, cell: str) -> str:
        """The character that is sent for a cell: every character on the screen passes here."""
        if cell.isascii() and cell.isprintable():
            return cell
        return glyphs.replace_glyphs(
            cell, glyphs.get_glyph_table(self.glyphs), ascii_only=self.glyphs is GlyphMode.ASCII
        )

    def adapt_cell(self, cell: Cell) -> Cell:
        """The cell without two colours if the terminal cannot show them."""
        character, pen = cell
        ascii_only = self.glyphs is GlyphMode.ASCII
        under_crest = pen.bg is ColourRole.ACCENT and pen.fg is ColourRole.AREA
        if under_crest and (self.palette.is_monochrome or ascii_only):
            return "█", CellStyle(ColourRole.ACCENT)
        if ascii_only and pen.fg is ColourRole.BACKGROUND and character == "▏":
            return "▏", CellStyle(pen.bg)
        return cell


def count_colours(color_system: str | None) -> int:
    """Number of colours by rich's name of the colour system; all colours without a terminal."""
    return _COLOUR_COUNTS["truecolor"] if color_system is None else _COLOUR_COUNTS.get(color_system, 16)
