"""Sends the changed cells only, and of their styles what differs from the cell before.

Textual itself repaints a changed row from the left edge of its widget on: on a busy screen two thirds of all
bytes. It also names both colours with each run of cells, and resets them after it: half of what is left.
This rests on names private to textual and rich: where textual's are not as expected, its own way is taken.
"""

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from rich.color import ColorSystem
from rich.console import Console, ConsoleOptions, RenderResult
from rich.style import Style
from textual._compositor import Compositor, CompositorUpdate
from textual.screen import Screen

if TYPE_CHECKING:
    from textual._compositor import ChopsUpdate


class ChangedCellsUpdate(CompositorUpdate):
    """The same cells, cut at both ends of what changed."""

    def __init__(self, update: "ChopsUpdate") -> None:
        self._update = update

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield self._update

    def render_segments(self, console: Console) -> str:
        pen = Pen(console._color_system or ColorSystem.TRUECOLOR)
        written: list[str] = []
        for y, start, end in self._update.spans:
            chops = zip(self._update.chop_ends[y], self._update.chops[y].items(), strict=False)
            for chop_end, (chop_start, strip) in chops:
                first, last = max(start, chop_start), min(end, chop_end)
                if strip is not None and first < last:
                    cut = strip.crop(first - chop_start, last - chop_start)
                    written.append(f"\x1b[{y + 1};{first + 1}H")
                    written += [pen.format_run(text, style) for text, style, _ in cut]
        written.append(pen.format_run("", None))
        return "".join(written)


class StyleCodes(NamedTuple):
    """SGR parameters; '' for the terminal's default."""

    attributes: str = ""
    foreground: str = ""
    background: str = ""


class Pen:
    """Knows the style that the terminal has now; it begins and has to end with the default."""

    def __init__(self, color_system: ColorSystem) -> None:
        self._color_system = color_system
        self._codes = StyleCodes()

    def format_run(self, text: str, style: Style | None) -> str:
        """The text in this style."""
        before, after = self._codes, split_codes(style, self._color_system) if style else StyleCodes()
        if after == before:
            return text
        self._codes = after
        is_reset_needed = after.attributes != before.attributes or any(
            old and not new for old, new in zip(before, after, strict=True)
        )
        if is_reset_needed:
            codes = ["0" if before != StyleCodes() else "", *after]
        else:
            codes = [new for old, new in zip(before, after, strict=True) if new != old]
        return f"\x1b[{';'.join(code for code in codes if code) or '0'}m{text}"


@lru_cache(maxsize=4096)
def split_codes(style: Style, color_system: ColorSystem) -> StyleCodes:
    """The parameters that rich writes for a style, as three parts."""
    return StyleCodes(
        style.without_color._make_ansi_codes(color_system),
        Style(color=style.color)._make_ansi_codes(color_system),
        Style(bgcolor=style.bgcolor)._make_ansi_codes(color_system),
    )


class ChangedCellsCompositor(Compositor):
    def render_partial_update(self) -> Any:  # the return type of the base class is private, too
        update = super().render_partial_update()
        has_parts = all(hasattr(update, name) for name in ("spans", "chops", "chop_ends"))
        return ChangedCellsUpdate(update) if update is not None and has_parts else update


def install_compositor(screen: Screen[Any]) -> bool:
    """Install the compositor in a new screen; False if this version of textual does not fit."""
    if type(getattr(screen, "_compositor", None)) is not Compositor:
        return False
    screen._compositor = ChangedCellsCompositor()
    return True
