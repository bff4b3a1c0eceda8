"""The row of keys: what matters is there at every size, and no hint is cut."""

import pytest

from dosing_tui.tui.keys.bindings import ALL_KEYS
from dosing_tui.tui.keys.footer_hints import FooterMode, build_hints
from dosing_tui.tui.layout.footer import KeyHint, arrange_footer, render_footer

WIDTHS = (80, 81, 90, 99, 100, 119, 120, 140, 160, 200)


HINTS = build_hints({}, has_other_panels=True)
LONG_HINTS = build_hints(
    {str(binding.id): "ctrl+alt+f12" for binding in ALL_KEYS[::5]}, has_other_panels=True
)
"""Of a console whose operators have chosen keys with long names."""


def render_row(mode: FooterMode, width: int, hints: dict[FooterMode, list[KeyHint]] = HINTS) -> str:
    return "".join(character for character, _ in render_footer(hints[mode], width)[0])


@pytest.mark.parametrize("width", WIDTHS)
def test_alarms_batches_range_commands_and_help_are_on_the_dashboard_at_every_size(width: int) -> None:
    row = render_row(FooterMode.SCREEN, width)
    for hint in ("a Alarms", "b Batches", "g Range", "/ Filter", ": Commands", "F1 Help"):
        assert f" {hint} " in row
    assert ("1-7 Screens" in row) is (width < 119)
    assert ("7 Data" in row) is (width >= 119)
    assert width < 140 or "8 Panels" in row


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("mode", FooterMode)
def test_each_hint_is_whole_or_left_out(mode: FooterMode, width: int) -> None:
    for choices in (HINTS, LONG_HINTS):
        row = render_row(mode, width, choices)
        hints = arrange_footer(choices[mode], width)
        assert "…" not in row
        assert row.split() == [word for _, hint in hints for word in f"{hint.keys} {hint.label}".split()]
        for x, hint in hints:
            assert row[x:].startswith(f"{hint.keys} {hint.label}")


@pytest.mark.parametrize("mode", [mode for mode in FooterMode if mode is not FooterMode.ALARM_DETAIL])
def test_commands_and_help_end_every_footer(mode: FooterMode) -> None:
    for width in WIDTHS:
        pages = (
            FooterMode.SHIFT_REPORT, FooterMode.DOCTOR, FooterMode.MAINTENANCE, FooterMode.PUMP_CHART,
                FooterMode.LOTS,
        )  # fmt: skip
        is_short = width < 100 or mode in pages
        assert is_short or render_row(mode, width).rstrip().endswith(": Commands  F1 Help")
        assert render_row(mode, width).rstrip().endswith("F1 Help")
