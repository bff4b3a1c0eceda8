"""The page of alarm health: figures, targets, verdicts."""

from dataclasses import replace
from datetime import timedelta

import pytest

from dosing_tui.console.alarmhealth import MANAGEABLE, OK, OVER, HealthNews, health_rows, kpis
from dosing_tui.plant.alarms.health import Health, health, past_of
from dosing_tui.plant.alarms.records import AlarmKey, Event
from tests.console.plant_data import HOSTILE
from tests.plant.alarms.entries import NOW, entry


def found(days: float = 30) -> Health:
    raised = entry(Event.RAISE, key=AlarmKey("STOCK_LOW", HOSTILE, HOSTILE))
    made = health(past_of([raised]), NOW + timedelta(days=days))
    assert made is not None
    return made


def lines(one: Health, *, height: int = 20) -> list[str]:
    return ["".join(cell for cell, _ in row) for row in health_rows(HealthNews(one), 80, height)]


@pytest.mark.parametrize(
    ("alarms", "verdict"), [(150, OK), (151, MANAGEABLE), (300, MANAGEABLE), (301, OVER)]
)
def test_the_figures_are_judged_by_their_targets(alarms: int, verdict: str) -> None:
    per_day = next(one for one in kpis(replace(found(), annunciated=alarms * 30)) if "a day" in one.name)
    assert (per_day.value, per_day.verdict) == (f"{alarms}", verdict)


def test_less_than_thirty_days_are_not_judged() -> None:
    assert any(line.rstrip().endswith(OK) for line in lines(found()))
    short = lines(found(days=29))
    assert "it takes 30 to judge" in short[0]
    assert not any(line.rstrip().endswith((OK, MANAGEABLE, OVER)) for line in short)


def test_the_most_frequent_are_named_harmlessly_and_within_the_window() -> None:
    shown = lines(found())
    assert len(shown) == 20
    assert any("STOCK_LOW/" in line for line in shown)
    assert all(line.isprintable() for line in shown)
