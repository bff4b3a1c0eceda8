"""[[alarm_limits]]: other limits for single chemicals and recipes."""

from pathlib import Path

import pytest

from dosing_tui.config.alarm_limits import build_alarm_limits
from dosing_tui.config.loader import load_settings
from dosing_tui.config.render_toml import render_settings, render_template
from dosing_tui.errors import ConfigError

SPECIAL = """
[[alarm_limits]]
chemical = "T-12"
stock_low_percent = 30

[[alarm_limits]]
chemical = "T-12"
recipe = "CU-85"
tolerance_g = 0.1
"""


def write_config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text)
    return path


def test_a_chemical_and_a_recipe_have_their_own_limits(tmp_path: Path) -> None:
    limits = build_alarm_limits(load_settings(write_config(tmp_path, SPECIAL), {}).settings)
    assert (
        limits.get_ingredient_limits(chemical="T-12").stock_low_percent,
        limits.get_ingredient_limits(chemical="T-9").stock_low_percent,
    ) == (
        30,
        20,
    )
    assert limits.get_ingredient_limits(chemical="T-12", recipe="CU-85").tolerance_g == 0.1
    assert limits.get_ingredient_limits(chemical="T-12", recipe="FG-85/95").tolerance_g == 0.5


def test_what_is_in_force_shows_them(tmp_path: Path) -> None:
    loaded = load_settings(write_config(tmp_path, SPECIAL), {})
    shown = render_settings(loaded)
    again = load_settings(write_config(tmp_path, shown), {})
    assert again.settings == loaded.settings
    assert 'recipe = "CU-85"\ntolerance_g = 0.1' in shown


def test_the_documented_example_can_be_used(tmp_path: Path) -> None:
    lines = render_template().partition("# [[alarm_limits]]")[2].partition("# Notifications")[0].splitlines()
    example = "[[alarm_limits]]\n" + "\n".join(line.removeprefix("# ") for line in lines if " = " in line)
    (one,) = load_settings(write_config(tmp_path, example), {}).settings.alarm_limits
    assert (one.chemical, one.recipe, one.stock_low_percent) == ("T-12", "CU-85", 25.0)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "[[alarm_limits]]\nchemicals = 'T-12'",
            "alarm_limits[1].chemicals is not a setting. Did you mean alarm_limits[1].chem",
        ),
        ("[[alarm_limits]]\ntolerance_g = 1", "has neither a chemical nor a recipe"),
        ("[[alarm_limits]]\nchemical = 'x'\ntolerance_g = 'much'", "alarm_limits[1].tolerance_g: 'much'"),
        ("[[alarm_limits]]\nchemical = 'x'\nstock_low_percent = 101", "101 is outside 0 to 100"),
        ("[alarm_limits]\nchemical = 'x'", "write [[alarm_limits]]"),
        ("[alarms]\nshelve_high_minutes = 31", "alarms.shelve_high_minutes: 31 is outside 1 to 30"),
    ],
)
def test_what_cannot_work_is_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(write_config(tmp_path, text), {})
    assert words in str(caught.value)


def test_the_documented_file_says_that_batches_are_judged_by_something_else() -> None:
    text = " ".join(line.removeprefix("#").strip() for line in render_template().splitlines())
    assert "They are for alarms only. Batches are assessed by the master recipe" in text
    assert "For alarms only: batches use the master recipe, or limits.tolerance_g." in text
