"""[[stations]]: short names and titles of stations."""

from pathlib import Path

import pytest

from dosing_tui.config.loader import load_settings
from dosing_tui.config.render_toml import render_settings, render_template
from dosing_tui.config.settings import StationSettings
from dosing_tui.errors import ConfigError

TWO = """
[[stations]]
id = "dosing_system_01"
short_name = "L1"
title = "Hall 2, foam line 1"

[[stations]]
id = "dosing_system_02"
"""


def write_config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_stations_have_short_names(tmp_path: Path) -> None:
    loaded = load_settings(write_config(tmp_path, TWO), {})
    assert loaded.settings.short_names == {"dosing_system_01": "L1"}
    assert loaded.settings.stations[0].title == "Hall 2, foam line 1"
    again = load_settings(write_config(tmp_path, render_settings(loaded)), {})
    assert again.settings == loaded.settings


def test_the_documented_example_can_be_used(tmp_path: Path) -> None:
    lines = render_template().partition("# [[stations]]")[2].partition("# Tube life")[0].splitlines()
    example = "[[stations]]\n" + "\n".join(line.removeprefix("# ") for line in lines if " = " in line)
    (one,) = load_settings(write_config(tmp_path, example), {}).settings.stations
    assert one == StationSettings("dosing_system_01", "L1", "Hall 2, foam line 1")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[[stations]]\nshort_name = 'L1'", "stations[1]: id is missing"),
        ("[[stations]]\nid = 'a'\n[[stations]]\nid = 'A'", "stations: id 'a' is there twice"),
        (
            "[[stations]]\nid = 'a'\nshort_name = 'L 1'\n[[stations]]\nid = 'b'\nshort_name = 'l1'",
            "stations: short_name 'L 1' is there twice; each station needs its own.",
        ),
        (
            "[[stations]]\nid = 'a'\nshort_name = 'b'\n[[stations]]\nid = 'b'",
            "stations: short_name 'b' of a is the id of b.",
        ),
        ("[[stations]]\nid = 'a'\nshort_name = 'thirteen_char'", "at most 12 printable characters"),
        ("[[stations]]\nid = 'a'\nshort_name = '強酸洗浄剤強酸'", "at most 12 printable characters"),
        ("[[stations]]\nid = 'a'\nname = 'b'", "stations[1].name is not a setting"),
    ],
)
def test_a_name_that_would_mislead_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(ConfigError) as raised:
        load_settings(write_config(tmp_path, text), {})
    assert words in str(raised.value)
