"""What a tile shows, as an export: what it is of stands in it and in the file's name."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

from dosing_tui.domain.panels.filters import Selection
from dosing_tui.export.csv_format import to_csv
from dosing_tui.export.json_format import to_json
from dosing_tui.export.output_files import build_file_stem
from dosing_tui.tui.controllers.file_export import build_extract
from dosing_tui.tui.tiles.shared.tile_content import DataOrigin
from dosing_tui.tui.widgets.visible_rows import VisibleRows

AT = datetime(2026, 3, 11, 14, 26, 44, tzinfo=UTC)
COLUMNS = (("time", ""), ("recipe", ""), ("error", "g"), ("error", "%"))
ROWS = ((AT, "=1+1", 40.0, 1.5), (AT, "", None, None))
CHOSEN = Selection(recipe=("CU-65/75",))
OF_A_DAY = VisibleRows(
    "Doses", "24 h", COLUMNS, ROWS, "g", DataOrigin("error_rate", CHOSEN, AT - timedelta(days=1), AT)
)
OF_NOW = VisibleRows("Latest doses", "", COLUMNS, ROWS, "", DataOrigin("doses"))


def test_times_have_their_offset_and_headings_their_units() -> None:
    rows = list(csv.reader(io.StringIO(to_csv(build_extract(OF_A_DAY, AT, UTC)))))
    assert rows == [
        ["time", "recipe", "error (g)", "error (%)"],
        ["2026-03-11T14:26:44+00:00", "'=1+1", "40", "1.5"],
        ["2026-03-11T14:26:44+00:00", "", "", ""],
    ]


def test_json_says_what_it_is_of_and_keeps_missing_apart_from_zero() -> None:
    found = json.loads(to_json(build_extract(OF_A_DAY, AT, UTC)))
    assert (found["panel"], found["title"], found["unit"]) == ("error_rate", "Doses", "g")
    assert found["range"] == {
        "text": "24 h",
        "from": "2026-03-10T14:26:44+00:00",
        "to": "2026-03-11T14:26:44+00:00",
    }
    assert found["selection"] == {"recipe": ["CU-65/75"]}
    assert found["columns"][2] == {"name": "error (g)", "title": "error", "unit": "g"}
    assert found["rows"][1] == {
        "time": "2026-03-11T14:26:44+00:00", "recipe": "", "error (g)": None, "error (%)": None
    }  # fmt: skip


def test_a_tile_of_the_present_has_no_range() -> None:
    found = json.loads(to_json(build_extract(OF_NOW, AT, UTC)))
    assert found["range"] == {"text": "", "from": None, "to": None}
    assert build_file_stem(build_extract(OF_NOW, AT, UTC)) == "doses_2026-03-11_142644"


def test_the_name_of_the_file_has_filter_and_range() -> None:
    stem = build_file_stem(build_extract(OF_A_DAY, AT, UTC))
    assert stem == "error_rate_CU-65-75_2026-03-10_142644_2026-03-11_142644"
