"""Colours by meaning: a style names roles, a palette gives the roles their colours."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from rich.style import Style


class ColourRole(StrEnum):
    """What a colour is for. Red and yellow are for the abnormal only."""

    BACKGROUND = "ground"
    BAR_BACKGROUND = "band"
    """Background of the status bar, the footer and the table's heading."""
    SELECTION = "select"
    """Background of the selected row."""
    TRACK = "track"
    """The empty part of a gauge."""
    FRAME = "line"
    """Frames and axes."""
    FOCUS = "focus"
    """Frame of the focused tile."""
    DIM = "dim"
    """Units, axis labels, ages."""
    TEXT = "text"
    STRONG = "hot"
    """Current values."""
    BAR = "bar"
    SPARKLINE = "spark"
    AREA = "fill"
    """Body of an area chart."""
    ACCENT = "crest"
    """Upper edge of an area, and the newest value."""
    STALE = "faded"
    """Bars and curves of data that are out of date."""
    OK = "ok"
    WARN = "warn"
    ERROR = "error"


class CellStyle(NamedTuple):
    """How a cell is written."""

    fg: ColourRole = ColourRole.TEXT
    bg: ColourRole = ColourRole.BACKGROUND
    bold: bool = False


TEXT = CellStyle()
DIM = CellStyle(ColourRole.DIM)
STRONG = CellStyle(ColourRole.STRONG)
FRAME = CellStyle(ColourRole.FRAME)
LABEL = CellStyle(ColourRole.STRONG, bold=True)
WARNING = CellStyle(ColourRole.WARN, bold=True)

ABNORMAL_COLOURS = frozenset({ColourRole.WARN, ColourRole.ERROR})


@dataclass(frozen=True, slots=True)
class Palette:
    """A colour for each role. A monochrome palette uses bold, dim and reverse video instead."""

    name: str
    is_dark: bool
    colours: tuple[tuple[ColourRole, str], ...]
    is_monochrome: bool = False

    def get_colour(self, role: ColourRole) -> str:
        return dict(self.colours)[role]


def _build_palette(name: str, dark: bool, *colours: str) -> Palette:
    return Palette(name, dark, tuple(zip(ColourRole, colours, strict=True)))


DARK = _build_palette(
    "dosing-dark", True,
    "#15181b", "#1f2428", "#2a3944", "#23282c", "#343b41", "#7f9db3", "#74818b", "#b4bcc2", "#f0f3f5",
    "#71808b", "#56707f", "#2b3a44", "#7f9db3", "#4a545c", "#7f9f88", "#e0b341", "#e5534b",
)  # fmt: skip
LIGHT = _build_palette(
    "dosing-light", False,
    "#d9dcde", "#c9ced1", "#b5c6d1", "#c8ccce", "#a6aeb4", "#35556b", "#69737b", "#30373c", "#080b0d",
    "#68747d", "#7f99aa", "#b8c7d0", "#35556b", "#9ba4ab", "#4b7a58", "#9a6700", "#b3261e",
)  # fmt: skip
DARK_256 = _build_palette(
    "dosing-dark-256", True,
    "#121212", "#1c1c1c", "#303030", "#262626", "#3a3a3a", "#87afaf", "#767676", "#b2b2b2", "#eeeeee",
    "#808080", "#5f8787", "#303030", "#87afaf", "#4e4e4e", "#87af87", "#d7af5f", "#d75f5f",
)  # fmt: skip
"""Exactly colours of the 256, so that no grey is rounded to a green."""
LIGHT_256 = _build_palette(
    "dosing-light-256", False,
    "#dadada", "#c6c6c6", "#b2b2b2", "#c6c6c6", "#a8a8a8", "#005f87", "#6c6c6c", "#303030", "#080808",
    "#6c6c6c", "#87afaf", "#bcbcbc", "#005f87", "#9e9e9e", "#5f875f", "#875f00", "#af0000",
)  # fmt: skip
DARK_16 = _build_palette(
    "dosing-dark-16", True,
    "#000000", "#000000", "#555555", "#000000", "#555555", "#ffffff", "#aaaaaa", "#aaaaaa", "#ffffff",
    "#aaaaaa", "#aaaaaa", "#555555", "#ffffff", "#555555", "#aaaaaa", "#ffff55", "#ff5555",
)  # fmt: skip
"""Exactly the colours of a 16-colour terminal, so that none is rounded to its neighbour."""
LIGHT_16 = _build_palette(
    "dosing-light-16", False,
    "#ffffff", "#aaaaaa", "#aaaaaa", "#ffffff", "#aaaaaa", "#000000", "#555555", "#000000", "#000000",
    "#555555", "#555555", "#aaaaaa", "#000000", "#aaaaaa", "#555555", "#aa5500", "#aa0000",
)  # fmt: skip


PALETTES = (DARK, LIGHT, DARK_256, LIGHT_256, DARK_16, LIGHT_16)


def choose_palette(*, is_dark: bool, colours: int, is_monochrome: bool) -> Palette:
    """The palette for a terminal with this number of colours."""
    pair = (DARK, LIGHT) if colours > 256 else (DARK_256, LIGHT_256) if colours > 16 else (DARK_16, LIGHT_16)
    chosen = pair[0 if is_dark else 1]
    return Palette(chosen.name, chosen.is_dark, chosen.colours, is_monochrome=is_monochrome)


@lru_cache(maxsize=2048)
def build_rich_style(palette: Palette, style: CellStyle) -> Style:
    """The attributes of a style in the terminal."""
    if palette.is_monochrome:
        return _build_monochrome_style(style)
    return Style(
        color=palette.get_colour(style.fg), bgcolor=palette.get_colour(style.bg), bold=style.bold or None
    )


def _build_monochrome_style(style: CellStyle) -> Style:
    """Without colour: blocks of the abnormal and the selected row in reverse video."""
    reverse = style.bg in ABNORMAL_COLOURS or style.bg in (ColourRole.SELECTION, ColourRole.BAR)
    bold = style.bold or style.fg in ABNORMAL_COLOURS or style.fg is ColourRole.STRONG
    dim = style.fg in (ColourRole.DIM, ColourRole.FRAME, ColourRole.AREA, ColourRole.STALE)
    return Style(bold=bold or None, dim=dim or None, reverse=reverse or None)
