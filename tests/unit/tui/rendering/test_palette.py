"""The colours of every theme: legible, different where they must be, and those of alarms for alarms only."""

import ast
from itertools import combinations
from pathlib import Path

import pytest

import dosing_tui.tui
from dosing_tui.config.settings import ColourTheme
from dosing_tui.domain.alarms.catalog import RULES
from dosing_tui.domain.alarms.models import Priority
from dosing_tui.tui.rendering.palette import (
    ALARM_ROLES,
    COLOUR_BLIND,
    COLOUR_BLIND_256,
    PALETTES,
    REVERSED_BACKGROUNDS,
    TEXT,
    TEXT_BACKGROUNDS,
    TEXT_ROLES,
    CellStyle,
    ColourRole,
    Palette,
    build_rich_style,
    choose_background,
    choose_palette,
)
from dosing_tui.tui.rendering.priority_style import PRIORITY_MARKS, choose_rule_style
from tests.support.tui.colour_science import VISIONS, compute_contrast, compute_distance

PACKAGE = Path(dosing_tui.tui.__file__).parent
MIN_CONTRAST = 4.5
"""Of text. Source: WCAG 2.2, success criterion 1.4.3, level AA."""
MIN_DISTANCE = 20.0
"""In CIELAB: ten times what is just noticeable."""
each_palette = pytest.mark.parametrize("palette", PALETTES, ids=lambda palette: palette.name)


def test_the_measure_of_contrast_agrees_with_its_definition() -> None:
    assert compute_contrast("#000000", "#ffffff") == pytest.approx(21)
    assert compute_contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@each_palette
def test_text_is_legible_on_every_background_it_is_used_on(palette: Palette) -> None:
    pairs = [CellStyle(fg, bg) for fg in TEXT_ROLES for bg in TEXT_BACKGROUNDS]
    pairs += [CellStyle(ColourRole.BACKGROUND, bg) for bg in REVERSED_BACKGROUNDS]
    contrasts = {
        (style.fg.name, style.bg.name): compute_contrast(
            palette.get_colour(style.fg), palette.get_colour(choose_background(palette, style))
        )
        for style in pairs
    }
    assert {pair: ratio for pair, ratio in contrasts.items() if ratio < MIN_CONTRAST} == {}


@each_palette
def test_the_focus_is_visible(palette: Palette) -> None:
    """WCAG 2.2, 1.4.11: 3 to 1."""
    assert compute_contrast(palette.get_colour(ColourRole.FOCUS), palette.get_colour(TEXT.bg)) >= 3


@each_palette
def test_no_colour_of_an_alarm_is_a_colour_of_something_else(palette: Palette) -> None:
    alarms = {palette.get_colour(role) for role in ALARM_ROLES}
    others = {palette.get_colour(role) for role in ColourRole if role not in ALARM_ROLES}
    assert len(alarms) == len(ALARM_ROLES)
    assert not alarms & others


@pytest.mark.parametrize("palette", [COLOUR_BLIND, COLOUR_BLIND_256], ids=lambda palette: palette.name)
@pytest.mark.parametrize("vision", VISIONS)
def test_priorities_differ_for_the_colour_blind(palette: Palette, vision: str) -> None:
    loud = [palette.get_colour(role) for role in (*sorted(ALARM_ROLES), ColourRole.DEVIATION)]
    assert min(compute_distance(one, other, vision) for one, other in combinations(loud, 2)) >= MIN_DISTANCE


@pytest.mark.parametrize("theme", ColourTheme)
def test_sixteen_colours_are_exactly_those_of_the_terminal(theme: ColourTheme) -> None:
    palette = choose_palette(theme, colours=16, is_monochrome=False)
    for _, colour in palette.colours:
        assert {colour[1:3], colour[3:5], colour[5:7]} <= {"00", "55", "aa", "ff"}


@pytest.mark.parametrize("theme", ColourTheme)
def test_256_colours_are_exactly_those_of_the_terminal(theme: ColourTheme) -> None:
    palette = choose_palette(theme, colours=256, is_monochrome=False)
    steps, greys = (0, 95, 135, 175, 215, 255), range(8, 239, 10)
    for _, colour in palette.colours:
        parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
        assert set(parts) <= set(steps) or (len(set(parts)) == 1 and parts[0] in greys), colour


def test_without_colours_what_is_loud_is_bold_or_reverse() -> None:
    plain = choose_palette(ColourTheme.DARK, colours=256, is_monochrome=True)
    for role in (*ALARM_ROLES, ColourRole.DEVIATION):
        assert build_rich_style(plain, CellStyle(role)).bold
        assert build_rich_style(plain, CellStyle(ColourRole.BACKGROUND, role)).reverse
    assert build_rich_style(plain, TEXT).color is None


def test_only_the_priority_of_an_alarm_gives_out_its_colour() -> None:
    """ANSI/ISA-101.01: colours of alarms are used for nothing else."""
    rooms = ("rendering/palette.py", "rendering/priority_style.py")
    named = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {role.name for role in ALARM_ROLES}
    }
    assert named == set(rooms)
    assert {PRIORITY_MARKS[each].colour for each in Priority} == {*ALARM_ROLES, ColourRole.DIM}


def test_no_file_has_a_colour_of_its_own() -> None:
    """Every colour is that of a role: no hexadecimal colour, no name of one, outside the palette."""
    owners = {
        str(path.relative_to(PACKAGE))
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        and (node.value in {"red", "yellow", "orange", "bright_red"} or is_hexadecimal(node.value))
    }  # fmt: skip
    assert owners <= {"rendering/palette.py"}


def is_hexadecimal(text: str) -> bool:
    return len(text) == 7 and text[0] == "#" and all(c in "0123456789abcdefABCDEF" for c in text[1:])


@pytest.mark.parametrize("rule", ["BROKER_DOWN", "TOPIC_REFUSED", "DB_DOWN", "DB_PARTIAL"])
def test_a_connection_has_the_colour_of_its_alarm(rule: str) -> None:
    assert choose_rule_style(rule).fg is PRIORITY_MARKS[RULES[rule].priority].colour


def test_without_colour_no_text_of_a_selected_row_is_dim() -> None:
    plain = choose_palette(ColourTheme.DARK, colours=256, is_monochrome=True)
    for role in ColourRole:
        style = build_rich_style(plain, CellStyle(role, ColourRole.SELECTION))
        assert style.reverse
        assert not style.dim
