"""Files: what is in them, what they are called, and that none is ever overwritten."""

import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from dosing_tui.console.saving import SaveError, csv_text, json_text, safe_name, save
from dosing_tui.console.shownrows import Shown

AT = datetime(2026, 3, 11, 14, 26, 44, tzinfo=UTC)
SHOWN = Shown(
    "Doses", "24 h", (("time", ""), ("recipe", ""), ("actual", "g")), ((AT, "=1+1", 40.0), (AT, "", None))
)


def test_times_have_their_offset_and_headings_their_units() -> None:
    rows = list(csv.reader(io.StringIO(csv_text(SHOWN, UTC))))
    assert rows == [
        ["time", "recipe", "actual (g)"],
        ["2026-03-11T14:26:44+00:00", "'=1+1", "40.0"],
        ["2026-03-11T14:26:44+00:00", "", ""],
    ]


def test_json_says_what_it_is_of_and_keeps_missing_apart_from_zero() -> None:
    found = json.loads(json_text(SHOWN, AT, UTC))
    assert found["of"] == "24 h"
    assert found["columns"][2] == {"name": "actual", "unit": "g"}
    assert found["rows"][1] == ["2026-03-11T14:26:44+00:00", "", None]


def test_no_file_is_overwritten(tmp_path: Path) -> None:
    first = save(tmp_path / "new", "Doses", AT, {"csv": "1", "json": "2"})
    second = save(tmp_path / "new", "Doses", AT, {"csv": "3", "json": "4"})
    assert [path.read_text() for path in (*first, *second)] == ["1", "2", "3", "4"]
    assert second[0].stem == second[1].stem == f"{first[0].stem}_1"


@pytest.mark.parametrize("name", ["../../etc/passwd", "CU-65/75", "\x1b[2J", "", "Ä" * 300])
def test_names_of_files_hold_nothing_that_leads_elsewhere(name: str) -> None:
    found = safe_name(name)
    assert found
    assert set(found) <= set("abcdefghijklmnopqrstuvwxyz0123456789-_")


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SaveError, match="Nothing could be written to"):
        save(tmp_path / "file", "x", AT, {"csv": ""})
