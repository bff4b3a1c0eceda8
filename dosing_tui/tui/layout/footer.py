"""The footer: the keys of a screen, as many as there is room for. Pure."""

from collections.abc import Mapping, Sequence
from itertools import product

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.tui.layout.bar_parts import BAR_STYLE, KEY_STYLE
from dosing_tui.tui.rendering.canvas import Canvas, Rows, split_cells


class KeyHint(Struct, frozen=True):
    keys: str
    label: str
    short_label: str = ""
    """For a narrow window, if it differs."""
    is_essential: bool = False
    """Others give way to it."""
    group: str = ""
    """Where there is no room for all hints of a group, ``GROUP_HINTS`` has one in their place."""


GROUP_HINTS: Mapping[str, str] = {"views": "Screens"}


def arrange_footer(hints: Sequence[KeyHint], width: int) -> list[tuple[int, KeyHint]]:
    """The hints that fit, whole, each with its first column.

    The first of these forms with room for the essential hints is filled with the others, the first ones
    first: long labels, short labels, one hint for each group; then the same with narrow gaps.
    """
    short = [shorten_hint(hint) for hint in hints]
    forms = [short, _merge_groups(hints), _merge_groups(short)]
    if measure_hints(hints, 1) <= width - 2:
        forms.insert(0, list(hints))
    for gap, form in product((2, 1), forms):
        essential = [hint for hint in form if hint.is_essential] or form
        if measure_hints(essential, gap) <= width - 2:
            return _place_hints(form, width, gap)
    return _place_hints(forms[-1], width, 1)


def shorten_hint(hint: KeyHint) -> KeyHint:
    """With its short label, if it has one."""
    return replace(hint, label=hint.short_label or hint.label)


def _merge_groups(hints: Sequence[KeyHint]) -> list[KeyHint]:
    """``1-7 Screens`` in place of seven hints."""
    members = {name: [hint.keys for hint in hints if hint.group == name] for name in GROUP_HINTS}
    merged = [
        replace(
            hint, keys=f"{members[hint.group][0]}-{members[hint.group][-1]}", label=GROUP_HINTS[hint.group]
        )
        if hint.group
        else hint
        for hint in hints
    ]
    return list(dict.fromkeys(replace(hint, short_label="") for hint in merged))


def _place_hints(hints: Sequence[KeyHint], width: int, gap: int) -> list[tuple[int, KeyHint]]:
    """In their order; a hint without room is left out, the last one (help) never for another."""
    taken: list[KeyHint] = []
    for hint in sorted(hints, key=lambda hint: (hint is not hints[-1], not hint.is_essential)):
        if measure_hints([*taken, hint], gap) <= width - 2:
            taken.append(hint)
    placed, x = [], 1
    for hint in hints:
        if hint in taken:
            placed.append((x, hint))
            x += measure_hints([hint], gap) + gap
    return placed


def render_footer(hints: Sequence[KeyHint], width: int) -> Rows:
    """The keys that fit; none is cut."""
    canvas = Canvas(width, 1, BAR_STYLE)
    for x, hint in arrange_footer(hints, width):
        x = canvas.write_text(x, 0, hint.keys, KEY_STYLE)
        canvas.write_text(x + 1, 0, hint.label, BAR_STYLE)
    return canvas.rows


def measure_hints(hints: Sequence[KeyHint], gap: int) -> int:
    """Their width in cells, with ``gap`` cells between two of them."""
    return sum(len(split_cells(f"{hint.keys} {hint.label}")) + gap for hint in hints) - gap
