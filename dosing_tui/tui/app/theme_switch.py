"""The console's colours: the theme of the settings at the start, the next one by a key."""

from typing import Any

from textual.app import App

from dosing_tui.config.settings import ColourTheme
from dosing_tui.tui.app.terminal_options import TerminalOptions, build_textual_theme
from dosing_tui.tui.rendering.palette import PALETTES
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.screens.console_screen import ConsoleScreen


class ThemeSwitch:
    def __init__(self, app: App[Any], terminal: TerminalOptions, first: ColourTheme) -> None:
        self._app, self._terminal = app, terminal
        self.name = first
        self.current = self._choose_theme()

    def apply_first_theme(self) -> None:
        """Before anything is drawn: set later, every widget would be given its style a second time."""
        for palette in PALETTES:
            self._app.register_theme(build_textual_theme(palette))
        self._app.set_reactive(App.theme, self.current.palette.name)
        self._app.stylesheet.set_variables(self._app.get_css_variables())

    def switch_theme(self) -> None:
        """The next theme, on every screen."""
        themes = list(ColourTheme)
        self.name = themes[(themes.index(self.name) + 1) % len(themes)]
        self.current = self._choose_theme()
        self._app.theme = self.current.palette.name
        for screen in self._app.screen_stack:
            if isinstance(screen, ConsoleScreen):
                screen.apply_theme(self.current)

    def _choose_theme(self) -> TerminalTheme:
        return self._terminal.choose_theme(self._app.console, theme=self.name)
