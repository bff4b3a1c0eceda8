"""Lots on the page of a batch and in its printed record."""

from datetime import date

from dosing_tui.domain.materials.lots.batch_lots import BatchLot
from dosing_tui.domain.materials.lots.lot_mixing import UNKNOWN_LOT, Lot
from dosing_tui.export.documents.document import DocumentTable, TextBlock
from dosing_tui.export.documents.lot_section import build_lot_sections
from dosing_tui.tui.batches.lot_lines import render_lots
from tests.support.tui.sample_plant import HOSTILE

LOTS = (
    BatchLot("T-12", Lot("A-17", "Nord", date(2026, 11, 22), None, "CoA 1"), 0.25, 10.0, True),
    BatchLot("T-12", Lot("B-2", "Süd", date(2027, 5, 1), date(2026, 11, 1)), 0.745, 29.8),
    BatchLot("T-12", Lot("C"), 0.005, 0.2),
    BatchLot("T-9", Lot(UNKNOWN_LOT), 1.0, None),
)


def draw_lots(lots: tuple[BatchLot, ...]) -> list[str]:
    return ["".join(cell for cell, _ in row).rstrip() for row in render_lots(lots, 100)]


def test_each_lot_has_its_share_and_what_is_wrong_with_it() -> None:
    assert draw_lots(LOTS) == [
        "T-12         A-17                   25.0 % · 10.00 g · ▲ expired on 2026-11-22",
        "T-12         B-2                    74.5 % · 29.80 g · expires 2027-05-01 · Süd",
        "T-9          ▲ unknown lot         100.0 % · –",
        "             1 lot below 1 %",
    ]
    assert draw_lots(()) == []


def test_lots_and_chemicals_that_differ_at_their_end_look_different() -> None:
    lots = tuple(
        BatchLot(f"Natriumhypochlorit {percent} %", Lot(f"LOT-2026-11-30-HALL-2-{number:04}"), 0.5, 10.0)
        for percent in (12, 15)
        for number in (1, 2)
    )
    lines = draw_lots(lots)
    assert len({line[:34] for line in lines}) == 4
    assert all(words in lines[0] for words in ("12 %", "0001", "50.0 % · 10.00 g"))


def test_a_hostile_number_draws_no_control_character() -> None:
    (line,) = draw_lots((BatchLot(HOSTILE, Lot(HOSTILE, HOSTILE, date(2027, 1, 1)), 1.0, 1.0),))
    assert line.isprintable()


def test_the_record_lists_lots_only_where_they_are_kept() -> None:
    assert build_lot_sections(()) == ()
    (section,) = build_lot_sections(LOTS)
    table, more = section.blocks
    assert isinstance(table, DocumentTable)
    assert isinstance(more, TextBlock)
    assert [row.cells for row in table.rows] == [
        ("T-12", "A-17", "25.0 %", "10.00", "2026-11-22 EXPIRED", "", "Nord", "CoA 1"),
        ("T-12", "B-2", "74.5 %", "29.80", "2027-05-01", "2026-11-01", "Süd", ""),
        ("T-9", "unknown", "100.0 %", "-", "", "", "", ""),
    ]
    assert [row.is_flagged for row in table.rows] == [True, False, True]
    assert more.lines == ("1 lot below 1 %: dosing-tui trace --batch KEY --all.",)
