"""Properties of the terminal, and the theme that follows from them."""

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field
from rich.console import Console
from textual.theme import Theme as TextualTheme

from dosing_tui.config.settings import ColourTheme, GlyphMode
from dosing_tui.tui.rendering.palette import ColourRole, Palette, choose_palette
from dosing_tui.tui.rendering.theme import TerminalTheme, count_colours


class TerminalOptions(Struct, frozen=True):
    """Properties of the terminal and of its user."""

    glyphs: GlyphMode = GlyphMode.UNICODE
    is_monochrome: bool = False
    """No colours: shapes, words and bold type carry the meaning."""
    keymap: Mapping[str, str] = field(default_factory=dict)
    """Other keys for bindings, by binding id."""
    log_file: Path | None = None

    def choose_theme(self, console: Console, *, theme: ColourTheme) -> TerminalTheme:
        """The palette that the terminal can show, with its glyphs."""
        colours = count_colours(console.color_system)
        palette = choose_palette(theme, colours=colours, is_monochrome=self.is_monochrome)
        return TerminalTheme(palette, self.glyphs)


DEFAULT_TERMINAL = TerminalOptions()


def build_textual_theme(palette: Palette) -> TextualTheme:
    return TextualTheme(
        name=palette.name, dark=palette.is_dark, primary=palette.get_colour(ColourRole.ACCENT),
        background=palette.get_colour(ColourRole.BACKGROUND), foreground=palette.get_colour(ColourRole.TEXT),
    )  # fmt: skip
