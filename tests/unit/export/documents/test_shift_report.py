"""The shift report contains every part, whatever names the plant uses."""

from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from dosing_tui.cli.reports import REPORT_FORMATS
from dosing_tui.config.settings import Settings
from dosing_tui.domain.messages.text_sanitizer import count_cells
from dosing_tui.export.documents.file_format import FileFormat
from dosing_tui.export.documents.html_renderer import to_html
from dosing_tui.export.documents.shift_report import build_shift_document
from dosing_tui.export.documents.text_renderer import to_text
from dosing_tui.export.shift_report_files import render_report
from tests.support.domain.shift_report_samples import make_report
from tests.support.tui.sample_plant import HOSTILE

ZONE = ZoneInfo("Europe/Berlin")


def test_each_part_of_the_handover_is_printed() -> None:
    words = " ".join(to_text(build_shift_document(make_report(), Settings(), ZONE)).split())
    for word in (
        "From 2026-03-11 07:00:00 +0100", "Completed 11 batches: CU-65/75 11", "! Aborted 1",
        "83.3 % (10 of 12 batches complete and without exceptions)", "23, ≥ 885.35 g, 58.2 s on average",
        "Recipe complete aborted all with exceptions", "CU-65/75 11 0 11 1", "Total 11 1 12 2",
        "dosing_system_01 T-12 2 800.00 18.7 ≥ 355.00 2 445.00 16.3 ≥ +0.00",
        "! Mass not measured 1 dose of T-12 (not in the total)",
        "! station-20260310-017 CU-85 incomplete unreviewed 1: not", "and 30 more", "To review 2 batches",
        "! From earlier shifts 31 batches",
        "0 high, 3 medium, 1 low, 0 diagnostic",
        "T-9 drum changed", "! station-20260311-004 CU-85 aborted unreviewed 1: not", "sensor is",
    ):  # fmt: skip
        assert word in words


def test_what_a_report_cannot_list_is_said() -> None:
    report = make_report()
    (alarm,), (note,) = report.top_alarms, report.notes
    whole = replace(report, top_alarms=(alarm,) * 5, notes=(note,) * 499)
    cut = replace(report, top_alarms=(alarm,) * 8, notes=(note,) * 500, has_more_alarms=True)
    words = [" ".join(to_text(build_shift_document(one, Settings(), ZONE)).split()) for one in (whole, cut)]
    for said in ("and 3 more", "no more than 500 are listed", "at least 0 high, 3 medium"):
        assert [said in text for text in words] == [False, True]


@pytest.mark.parametrize("recipe", [HOSTILE, "<script>", "龍" * 40, ""])
def test_names_from_the_plant_break_neither_lines_nor_pages(recipe: str) -> None:
    document = build_shift_document(make_report(recipe=recipe), Settings(), ZONE)
    assert all(count_cells(line) <= 80 for line in to_text(document).splitlines())
    assert "<script>" not in to_html(document)


@pytest.mark.parametrize("output_format", [FileFormat(name) for name in REPORT_FORMATS])
def test_it_is_rendered_in_every_format(output_format: FileFormat) -> None:
    assert len(render_report(make_report(), output_format, Settings())) > 1_000
