"""Each dose has its time of day in the narrowest list, and its day where that is not today."""

from datetime import UTC, timedelta
from zoneinfo import ZoneInfo

import pytest

from dosing_tui.domain.tolerances.tolerance_book import ToleranceBook
from dosing_tui.tui.tiles.dose_table import DoseTableContext, build_dose_columns
from tests.support.tui.sample_plant import NOW, make_dose

MIDNIGHT = NOW.replace(hour=0, minute=0, second=0, microsecond=0)


@pytest.mark.parametrize(
    ("age", "shown"),
    [
        (timedelta(hours=-1), "01:00:00"),
        (timedelta(minutes=1), "Tu 23:59"),
        (timedelta(hours=24), "Tu 00:00"),
        (timedelta(hours=25), "09 23:00"),
        (timedelta(days=20), "19 00:00"),
        (timedelta(days=40), "30 Jan"),
        (timedelta(days=400), "04.02.25"),
    ],
)
def test_the_time_in_eight_cells(age: timedelta, shown: str) -> None:
    context = DoseTableContext(ZoneInfo("UTC"), MIDNIGHT.astimezone(UTC), ToleranceBook())
    time = build_dose_columns(context)[0]
    dose = make_dose("L1", "T-12", 40.0, 0.1, "CU-85", MIDNIGHT - age, 9_000)
    assert time.format_text(dose, context) == shown
