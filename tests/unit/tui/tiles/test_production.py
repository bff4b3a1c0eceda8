"""The tiles of production: no number of them is ever cut, and none is 0 before the first batch is stored."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import Settings
from dosing_tui.domain.panels.panel_catalog import BATCHES_TODAY, PRODUCTION_TODAY, ProductionDay
from dosing_tui.live_snapshot import LinkState, LinkStatus, LiveSnapshot
from dosing_tui.tui.scope.render_context import PanelResult, RenderContext
from dosing_tui.tui.tiles.production import (
    ProductionSummary,
    build_batch_totals,
    build_batch_totals_table,
    build_production,
    paint_production,
)
from tests.support.database.reading_samples import EVENT, NOW

LINES = (("Batches", "4 936 848", "+4934374"), ("Doses", "19 989 852", "+19979730"), ("Aborted", "0", "0"))


@pytest.mark.parametrize("width", range(20, 60))
def test_large_numbers_are_whole_at_every_width(width: int) -> None:
    rows = [
        "".join(character for character, _ in row).rstrip()
        for row in paint_production(ProductionSummary(LINES), width, 8)
    ]
    for name, today, difference in LINES:
        (row,) = [row for row in rows if row.startswith(name)]
        end = f"{today} {difference}" if width >= 26 else today
        assert " ".join(row.split()).endswith((end, today))


def build_context(*, has_ended: bool | None) -> RenderContext:
    """A database in which no batch of today is stored; messages of today, of the day before, or none yet."""
    ended = replace(EVENT, event="complete", time=NOW - timedelta(minutes=5 if has_ended else 60 * 30))
    snapshot = LiveSnapshot(events=() if has_ended is None else (ended,), database=LinkState(LinkStatus.UP))
    rows = {BATCHES_TODAY.id: (), PRODUCTION_TODAY.id: (ProductionDay(0, 0, 1_479, 45.0, 59.5, 2.0, 0),)}
    results = {name: PanelResult(rows=found, loaded_at=NOW) for name, found in rows.items()}
    return RenderContext(NOW, NOW.tzinfo, Settings(), snapshot, results)  # type: ignore[arg-type]  # UTC


def test_batches_that_ended_and_are_not_stored_yet_are_not_said_to_be_none() -> None:
    """After a start the first rebuild of batches takes a while, and their doses are stored before."""
    for has_ended, text, count in (
        (True, "no batch stored yet today", "–"),
        (None, "no batch stored yet today", "–"),
        (False, "no batch completed today", "0"),
    ):
        context = build_context(has_ended=has_ended)
        assert build_batch_totals(context).empty_text == text
        assert build_batch_totals_table(context).empty_text == text
        shown = {name: today for name, today, _ in build_production(context).data.rows}
        assert (shown["Batches"], shown["Aborted"], shown["Doses"]) == (count, count, "1 479")
