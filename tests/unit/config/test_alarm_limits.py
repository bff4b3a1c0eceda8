"""[[alarm_limits]]: other limits for single chemicals and recipes."""

from pathlib import Path

import pytest

from dosing_tui.config.alarm_limits import build_alarm_limits
from dosing_tui.config.chemical_sections import find_density
from dosing_tui.config.loader import load_settings
from dosing_tui.config.render_toml import render_settings, render_template
from dosing_tui.domain.tolerances.rules import ToleranceOverride, ToleranceRules
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
    rules = limits.tolerance_rules
    assert rules == ToleranceRules(overrides=(ToleranceOverride("T-12", "CU-85", 0.1),))


def test_what_is_in_force_shows_them(tmp_path: Path) -> None:
    loaded = load_settings(write_config(tmp_path, SPECIAL), {})
    shown = render_settings(loaded)
    again = load_settings(write_config(tmp_path, shown), {})
    assert again.settings == loaded.settings
    assert 'recipe = "CU-85"\ntolerance_g = 0.1' in shown


def test_the_documented_example_can_be_used(tmp_path: Path) -> None:
    lines = (
        render_template()
        .partition("# [[alarm_limits]]")[2]
        .partition("# What the plant says")[0]
        .splitlines()
    )
    example = "[[alarm_limits]]\n" + "\n".join(line.removeprefix("# ") for line in lines if " = " in line)
    (one,) = load_settings(write_config(tmp_path, example), {}).settings.alarm_limits
    assert (one.chemical, one.recipe, one.stock_low_percent) == ("T-12", "CU-85", 25.0)


def test_a_class_and_a_scale_make_rules_of_the_plant(tmp_path: Path) -> None:
    text = '[limits]\nclass = "X(0.2)"\nscale_division_g = 0.01\nscale_repeatability_percent = 1\n'
    loaded = load_settings(write_config(tmp_path, text), {"DOSING_LIMITS_SCALE_DEVIATION_G": "0.005"})
    rules = build_alarm_limits(loaded.settings).tolerance_rules
    assert rules.class_factor == 0.2
    assert rules.least_dose_g == pytest.approx(1.0)
    shown = render_settings(loaded)
    assert 'class = "X(0.2)"' in shown
    assert "class_ =" not in shown + render_template()
    again = load_settings(write_config(tmp_path, "[limits]\n"), {"DOSING_LIMITS_CLASS": "X(1)"})
    assert build_alarm_limits(again.settings).tolerance_rules.class_factor == 1


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
        ("[limits]\nclass = 'X(0.3)'", "limits.class: 'X(0.3)' is not a class of OIML R61, e.g. 'X(0.2)'"),
        ("[limits]\nclass_ = 'X(1)'", "limits.class_ is not a setting. Did you mean limits.class"),
        ("[alarm_limits]\nchemical = 'x'", "write [[alarm_limits]]"),
        ("[alarms]\nshelve_high_minutes = 31", "alarms.shelve_high_minutes: 31 is outside 1 to 30"),
    ],
)
def test_what_cannot_work_is_one_sentence(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(write_config(tmp_path, text), {})
    assert words in str(caught.value)


def test_the_documented_file_says_what_the_tolerance_is_for_and_which_counts() -> None:
    text = " ".join(line.removeprefix("#").strip() for line in render_template().splitlines())
    assert "The tolerance counts everywhere: alarms, batches, marks, charts and reports." in text
    assert "the master recipe's ingredient, these sections, limits.class, limits.tolerance_g with" in text


def test_a_density_is_found_by_any_spelling_and_a_wrong_one_is_named(tmp_path: Path) -> None:
    lines = render_template().partition("# [[chemicals]]")[2].partition("# Notifications")[0].splitlines()
    example = "[[chemicals]]\n" + "\n".join(line.removeprefix("# ") for line in lines if " = " in line)
    chemicals = load_settings(write_config(tmp_path, example), {}).settings.chemicals
    assert (find_density(chemicals, "t 12"), find_density(chemicals, "T\N{EN DASH}12")) == (None, 1.06)
    wrong = "[[chemicals]]\nname = 'T-9'\ndensity_g_per_ml = 1060"
    with pytest.raises(ConfigError, match=r"chemicals\[1\].density_g_per_ml: 1060 is outside 0.1 to 25"):
        load_settings(write_config(tmp_path, wrong), {})
    with pytest.raises(ConfigError, match=r"chemicals\[2\].name: 't-12' is there twice"):
        load_settings(write_config(tmp_path, f"{example}\n{example.replace('T-12', 't-12')}"), {})
