"""Fewer bytes, the same cells: what a terminal shows is what rich's own codes show."""

import re
from itertools import product

from hypothesis import given
from hypothesis import strategies as st
from rich.color import ColorSystem
from rich.style import Style

from dosing_tui.tui.rendering.minimal_repaint import Pen

COLOURS = (None, "#93a0aa", "#15181b", "red", "default")
STYLES = [
    Style(color=colour, bgcolor=ground, bold=bold, reverse=reverse)
    for colour, ground, bold, reverse in product(COLOURS, COLOURS, (None, True), (None, True))
]
RUNS = st.lists(
    st.tuples(st.text("ab █", min_size=1, max_size=3), st.sampled_from([None, *STYLES])), max_size=8
)
SYSTEMS = st.sampled_from([ColorSystem.TRUECOLOR, ColorSystem.EIGHT_BIT, ColorSystem.STANDARD])


def show_cells(written: str) -> list[tuple[str, frozenset[str], str, str]]:
    """Each character with its attributes and colours, as a terminal has them; at last its pen."""
    cells: list[tuple[str, frozenset[str], str, str]] = []
    attributes: set[str] = set()
    colours = {"3": "", "4": ""}
    for code, character in re.findall(r"\x1b\[([\d;]*)m|(.)", written):
        if character:
            cells.append((character, frozenset(attributes), colours["3"], colours["4"]))
            continue
        parameters = code.split(";")
        while parameters:
            first = parameters.pop(0)
            if first == "0":
                attributes, colours = set(), {"3": "", "4": ""}
            elif first in {"38", "48"}:
                count = 4 if parameters[0] == "2" else 2
                colours[first[0]] = ";".join([first, *parameters[:count]])
                del parameters[:count]
            elif len(first) > 1 and first[0] in colours:
                colours[first[0]] = "" if first[1] == "9" else first
            else:
                attributes.add(first)
    return [*cells, ("", frozenset(attributes), colours["3"], colours["4"])]


def copy_style(style: Style | None) -> Style:
    """Rich keeps the codes of the first colour system in a style."""
    return (
        Style(color=style.color, bgcolor=style.bgcolor, bold=style.bold, reverse=style.reverse)
        if style
        else Style()
    )


@given(RUNS, SYSTEMS)
def test_a_terminal_shows_the_same_cells_and_ends_with_its_default(
    runs: list[tuple[str, Style | None]], system: ColorSystem
) -> None:
    pen = Pen(system)
    ours = "".join([*(pen.format_run(text, style) for text, style in runs), pen.format_run("", None)])
    theirs = "".join(copy_style(style).render(text, color_system=system) for text, style in runs)
    assert show_cells(ours) == show_cells(theirs)


def test_only_what_differs_is_written() -> None:
    pen, ground = Pen(ColorSystem.TRUECOLOR), "#15181b"
    pen.format_run("a", Style(color="#93a0aa", bgcolor=ground))
    assert pen.format_run("b", Style(color="#93a0aa", bgcolor=ground)) == "b"
    assert pen.format_run("c", Style(color="#ffffff", bgcolor=ground)) == "\x1b[38;2;255;255;255mc"
