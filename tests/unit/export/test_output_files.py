"""Exported files have safe names and overwrite nothing."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.domain.panels.filters import Selection
from dosing_tui.errors import ExportError
from dosing_tui.export.output_files import build_file_stem, make_slug, write_file, write_new_files
from tests.support.export.extract_samples import an_extract


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("CU-65/75", "CU-65-75"), ("../../etc/passwd", "etc-passwd"), ("..", "export"), ("", "export"),
        ("CON", "_CON"), ("lpt1.csv", "_lpt1.csv"), ("Größe", "Grosse"), ("硫酸", "export"),
        (".hidden", "hidden"), ("a\x00b\nc", "a-b-c"), ("x" * 300, "x" * 60),
    ],
)  # fmt: skip
def test_a_name_is_safe_everywhere(text: str, safe: str) -> None:
    assert make_slug(text) == safe


@given(st.text(max_size=200))
def test_a_safe_name_of_any_text_stays_unchanged(text: str) -> None:
    name = make_slug(text)
    assert name == make_slug(name)
    assert 0 < len(name) <= 61
    assert os.path.basename(name) == name
    assert ".." not in name


def test_a_file_is_named_after_panel_filters_and_times() -> None:
    found = an_extract()
    assert f"{build_file_stem(found)}.csv" == (
        "daily_summary_station-1_CU-65-75_2026-10-25_000000_2026-10-26_000000.csv"
    )
    assert build_file_stem(replace(found, selection=Selection())).startswith("daily_summary_2026-10-25_")


def test_a_file_that_exists_stays_unless_forced(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write_file(path, "a\r\n", force=False)
    with pytest.raises(ExportError, match=r"out\.csv exists already; --force replaces it"):
        write_file(path, "b\r\n", force=False)
    assert path.read_bytes() == b"a\r\n"
    write_file(path, "b\r\n", force=True)
    assert path.read_bytes() == b"b\r\n"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out.csv"]


def test_a_failed_write_is_reported_and_keeps_the_existing_file(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"absent/out\.csv cannot be written: No such file"):
        write_file(tmp_path / "absent" / "out.csv", "a", force=False)
    kept = tmp_path / "kept.csv"
    kept.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_file(kept, "\ud800", force=True)
    assert kept.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept.csv"]


def test_a_full_disk_leaves_no_half_a_file(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"cannot be written: No space left"):
        write_file(Path("/dev/full"), "a" * 10_000, force=True)


def test_files_written_together_share_a_new_name(tmp_path: Path) -> None:
    first = write_new_files(tmp_path / "new", "doses", {"csv": "1", "json": "2"})
    second = write_new_files(tmp_path / "new", "doses", {"csv": "3", "json": "4"})
    assert [path.read_text() for path in (*first, *second)] == ["1", "2", "3", "4"]
    assert second[0].stem == second[1].stem == "doses_1"


def test_a_folder_that_cannot_be_created_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ExportError, match="cannot be created"):
        write_new_files(tmp_path / "file", "x", {"csv": ""})
