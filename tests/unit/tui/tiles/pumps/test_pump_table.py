"""What the console says of a pump: the database's finding, and advice that follows from it."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from dosing_tui.domain.capability.run_rules import RUN_RULES, RunFinding
from dosing_tui.domain.panels.pump_capability import PumpCapability
from dosing_tui.tui.screens.pump_chart_screen import fit_advice, list_advice
from dosing_tui.tui.tiles.pumps.pump_table import describe_finding
from tests.support.database.reading_samples import NOW

PUMP = PumpCapability(
    "station-1", 2, "T-9", 40.0, doses=500, mean_error_g=0.41, allowance_g=0.125, bias_percent=328.0,
    sigma_g=0.15, cpk=0.2, tolerance_g=0.5, sum_error_g=205.0, rate_g_per_s=0.66, stop_delay_s=None,
    overshoot_g=None, cause="tube", figures_since=None, new_rate_g_per_s=None,
    first_at=NOW - timedelta(days=40), tube_at=None, tube_g=20_000.0, tube_hours=8.5, calibrated_at=None,
    scale_calibrated_at=None,
)  # fmt: skip


@pytest.mark.parametrize(
    ("cause", "bias_percent", "finding"),
    [
        ("tube", 328.0, "bias: tube"),
        ("scale", 101.0, "bias: scale"),
        ("tube", None, "bias: tube"),
        ("", 100.1, "scatter"),
    ],
)
def test_the_finding_is_the_databases(cause: str, bias_percent: float | None, finding: str) -> None:
    row = replace(PUMP, cause=cause, bias_percent=bias_percent)
    assert describe_finding(row, cpk_low=0.5) == finding


def test_one_pump_is_stopped_earlier_and_a_scale_is_checked_first() -> None:
    """While the scale is off, the error of a dose says nothing about the pump's stop."""
    assert [text for text, _ in list_advice(PUMP, [])] == ["▲ Stop 0.41 g earlier; check the tube."]
    late = replace(PUMP, mean_error_g=-0.41)
    assert [text for text, _ in list_advice(late, [])] == ["▲ Stop 0.41 g later; check the tube."]
    scale = replace(PUMP, cause="scale", overshoot_g=0.1, stop_delay_s=0.3)
    assert [text for text, _ in list_advice(scale, [])] == [
        "▲ All pumps of the station dose too much: check the scale. Change no pump before that."
    ]
    assert "too little" in next(text for text, _ in list_advice(replace(scale, mean_error_g=-0.41), []))


@pytest.mark.parametrize("width", [78, 98, 118, 30])
@pytest.mark.parametrize("most", [4, 6, 12])
def test_advice_that_is_too_long_counts_the_runs_it_leaves_out(width: int, most: int) -> None:
    runs = [RunFinding(rule, rule.length) for rule in RUN_RULES]
    lines = [line for line, _ in fit_advice(PUMP, runs, width, most)]
    assert len(lines) <= most
    text = " ".join(lines)
    shown = [rule.text for rule in RUN_RULES if rule.text in text]
    rest = len(RUN_RULES) - len(shown)
    assert text.endswith(f"{rest} more." if rest else f"{RUN_RULES[-1].text}.")
    assert len(shown) >= {78: 5, 98: 7, 118: 8, 30: 0}[width]
