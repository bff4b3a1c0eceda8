"""Colours by meaning: a style names roles, a palette gives the roles their colours."""

from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace
from rich.style import Style

from dosing_tui.config.settings import ColourTheme


class ColourRole(StrEnum):
    """What a colour is for. Red and amber are for alarms only (ISA-101): see ``priority_style``."""

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
    DEVIATION = "deviation"
    """What departs from the normal and raises no alarm: brightness beside shape and word."""
    ALARM_HIGH = "alarm high"
    ALARM_MEDIUM = "alarm medium"
    ALARM_LOW = "alarm low"
    KEY = "key"
    """A key that can be pressed and clicked, see ``click_target``; it looks like an accent."""


ALARM_ROLES = frozenset({ColourRole.ALARM_HIGH, ColourRole.ALARM_MEDIUM, ColourRole.ALARM_LOW})
TEXT_ROLES = frozenset(
    {
        ColourRole.DIM,
        ColourRole.TEXT,
        ColourRole.STRONG,
        ColourRole.ACCENT,
        ColourRole.KEY,
        ColourRole.DEVIATION,
        *ALARM_ROLES,
    }
)
"""What letters and digits are written in, each on each of ``TEXT_BACKGROUNDS``."""
TEXT_BACKGROUNDS = frozenset({ColourRole.BACKGROUND, ColourRole.BAR_BACKGROUND, ColourRole.SELECTION})
REVERSED_BACKGROUNDS = frozenset({ColourRole.DEVIATION, ColourRole.ACCENT, *ALARM_ROLES})
"""Backgrounds of text in the colour of the ground."""


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
DEVIATION = CellStyle(ColourRole.DEVIATION, bold=True)
DEVIATION_BLOCK = CellStyle(ColourRole.BACKGROUND, ColourRole.DEVIATION, bold=True)
"""For a state of the program that must not be overlooked but is not an alarm."""

_LOUD_ROLES = frozenset({ColourRole.DEVIATION, *ALARM_ROLES})


class Palette(Struct, frozen=True):
    """A colour for each role. A monochrome palette uses bold, dim and reverse video instead."""

    name: str
    is_dark: bool
    colours: tuple[tuple[ColourRole, str], ...]
    colour_count: int = 1 << 24
    """Of the terminals it is for."""
    is_monochrome: bool = False

    def __hash__(self) -> int:
        """A style is looked up for each run of cells: not by 19 colours."""
        return hash((self.name, self.is_monochrome))

    def get_colour(self, role: ColourRole) -> str:
        return dict(self.colours)[role]


def _build_palette(name: str, colours: str, *, is_dark: bool = True, count: int = 1 << 24) -> Palette:
    """``colours``: one for each role, in the order of the roles."""
    roles = [role for role in ColourRole if role is not ColourRole.KEY]
    by_role: dict[ColourRole, str] = dict(zip(roles, colours.split(), strict=True))
    by_role[ColourRole.KEY] = by_role[ColourRole.ACCENT]
    return Palette(name, is_dark, tuple(by_role.items()), count)


DARK = _build_palette(
    "dosing-dark",
    "#15181b #1f2428 #26343e #23282c #3e464d #7f9db3 #93a0aa #b9c1c7 #f0f3f5 "
    "#71808b #56707f #2b3a44 #8fb0c9 #4a545c #ffffff #ff6b61 #e0b341 #c79be8",
)  # fmt: skip
DARK_256 = _build_palette(
    "dosing-dark-256",
    "#121212 #1c1c1c #262626 #303030 #444444 #87afaf #9e9e9e #bcbcbc #eeeeee "
    "#808080 #5f8787 #303030 #87afd7 #4e4e4e #ffffff #ff5f5f #d7af5f #d787ff", count=256,
)  # fmt: skip
"""The palettes for 256 colours have exactly colours of the 256, so that no grey is rounded to a green."""
DARK_16 = _build_palette(
    "dosing-dark-16",
    "#000000 #000000 #0000aa #000000 #555555 #ffffff #aaaaaa #aaaaaa #ffffff "
    "#aaaaaa #aaaaaa #555555 #55ffff #555555 #ffffff #ff5555 #ffff55 #ff55ff", count=16,
)  # fmt: skip
"""Those for 16 have exactly the colours of VGA, so that none is rounded to its neighbour."""
LIGHT = _build_palette(
    "dosing-light",
    "#dfe2e4 #d2d6d9 #c3d3de #cfd3d6 #a6aeb4 #35556b #4c555c #30373c #080b0d "
    "#68747d #7f99aa #b8c7d0 #2a4a60 #9ba4ab #000000 #a81f17 #704800 #6b2a9c", is_dark=False,
)  # fmt: skip
LIGHT_256 = _build_palette(
    "dosing-light-256",
    "#eeeeee #e4e4e4 #d7ffff #d0d0d0 #a8a8a8 #005f87 #4e4e4e #303030 #080808 "
    "#6c6c6c #87afaf #bcbcbc #00005f #9e9e9e #000000 #af0000 #875f00 #8700af", is_dark=False, count=256,
)  # fmt: skip
LIGHT_16 = _build_palette(
    "dosing-light-16",
    "#ffffff #ffffff #55ffff #ffffff #aaaaaa #000000 #555555 #000000 #000000 "
    "#555555 #555555 #aaaaaa #0000aa #aaaaaa #000000 #aa0000 #aa5500 #aa00aa", is_dark=False, count=16,
)  # fmt: skip
HIGH_CONTRAST = _build_palette(
    "dosing-high-contrast",
    "#000000 #000000 #003a5c #2b2b2b #8a8a8a #ffffff #d0d0d0 #ffffff #ffffff "
    "#b0b0b0 #9fb8c8 #4d6270 #7fd4ff #7a7a7a #ffffff #ff7b72 #ffd23f #e3a6ff",
)  # fmt: skip
HIGH_CONTRAST_256 = _build_palette(
    "dosing-high-contrast-256",
    "#000000 #000000 #00005f #303030 #8a8a8a #ffffff #d0d0d0 #ffffff #ffffff "
    "#b2b2b2 #afd7ff #5f5f87 #87d7ff #767676 #ffffff #ff8787 #ffd75f #ffafff", count=256,
)  # fmt: skip
HIGH_CONTRAST_16 = _build_palette(
    "dosing-high-contrast-16",
    "#000000 #000000 #0000aa #000000 #aaaaaa #ffffff #ffffff #ffffff #ffffff "
    "#aaaaaa #aaaaaa #555555 #55ffff #aaaaaa #ffffff #ff5555 #ffff55 #ff55ff", count=16,
)  # fmt: skip
COLOUR_BLIND = _build_palette(
    "dosing-colour-blind",
    "#15181b #1f2428 #26343e #23282c #3e464d #7f9db3 #93a0aa #b9c1c7 #f0f3f5 "
    "#71808b #56707f #2b3a44 #b5cbdb #4a545c #ffffff #ff7518 #f0e442 #56b4e9",
)  # fmt: skip
"""Alarms in colours after Okabe and Ito, Color Universal Design (2008): vermilion, yellow, sky blue."""
COLOUR_BLIND_256 = _build_palette(
    "dosing-colour-blind-256",
    "#121212 #1c1c1c #262626 #303030 #444444 #87afaf #9e9e9e #bcbcbc #eeeeee "
    "#808080 #5f8787 #303030 #87d7ff #4e4e4e #ffffff #ff5f00 #ffd700 #5fafff", count=256,
)  # fmt: skip
COLOUR_BLIND_16 = _build_palette(
    "dosing-colour-blind-16",
    "#000000 #000000 #0000aa #000000 #555555 #ffffff #aaaaaa #aaaaaa #ffffff "
    "#aaaaaa #aaaaaa #555555 #ffffff #555555 #ffffff #ff5555 #ffff55 #55ffff", count=16,
)  # fmt: skip


_THEMES: Mapping[ColourTheme, tuple[Palette, Palette, Palette]] = {
    ColourTheme.DARK: (DARK, DARK_256, DARK_16),
    ColourTheme.LIGHT: (LIGHT, LIGHT_256, LIGHT_16),
    ColourTheme.HIGH_CONTRAST: (HIGH_CONTRAST, HIGH_CONTRAST_256, HIGH_CONTRAST_16),
    ColourTheme.COLOUR_BLIND: (COLOUR_BLIND, COLOUR_BLIND_256, COLOUR_BLIND_16),
}
PALETTES = tuple(palette for theme in _THEMES.values() for palette in theme)


def choose_palette(theme: ColourTheme, *, colours: int, is_monochrome: bool) -> Palette:
    """The palette of a theme for a terminal with this number of colours."""
    full, medium, few = _THEMES[theme]
    chosen = full if colours > 256 else medium if colours > 16 else few
    return replace(chosen, is_monochrome=is_monochrome)


@lru_cache(maxsize=2048)
def build_rich_style(palette: Palette, style: CellStyle) -> Style:
    """The attributes of a style in the terminal."""
    if palette.is_monochrome:
        return _build_monochrome_style(style)
    return Style(
        color=palette.get_colour(style.fg),
        bgcolor=palette.get_colour(choose_background(palette, style)),
        bold=style.bold or None,
    )


def choose_background(palette: Palette, style: CellStyle) -> ColourRole:
    """With 16 colours, no background of a selected row is legible below every alarm colour."""
    is_alarm = style.fg in ALARM_ROLES and style.bg is ColourRole.SELECTION
    return ColourRole.BACKGROUND if is_alarm and palette.colour_count <= 16 else style.bg


def _build_monochrome_style(style: CellStyle) -> Style:
    """Without colour: blocks of the abnormal and the selected row in reverse video."""
    reverse = style.bg in _LOUD_ROLES or style.bg in (ColourRole.SELECTION, ColourRole.BAR)
    bold = style.bold or style.fg in _LOUD_ROLES or style.fg is ColourRole.STRONG
    dim = style.fg in (
        ColourRole.DIM, ColourRole.FRAME, ColourRole.TRACK, ColourRole.AREA, ColourRole.STALE,
    )  # fmt: skip
    # dim text in reverse video is grey on white, which is not legible
    return Style(bold=bold or None, dim=(dim and not reverse) or None, reverse=reverse or None)
